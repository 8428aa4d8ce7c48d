"""
The short way from registers to energies, for periods about which nothing is odd.

A register that is told at every boundary of the grid, never falls and rises no faster than it
can is its own course: nothing is set aside, interpolated or begun anew, and the energy of an
interval is the difference of two rounded registers. That is what `registers`, `cross_check` and
`intervals` come to for it, and this file has no rules of its own: it either proves that they
would have nothing to decide, or gives None, and they decide. A property test holds the two ways
against each other.

Rule 1: what is looked at holds all that the long way looks at, before the period and after it.
Rule 2: a reading between two boundaries, as a start, a stop or a sample, changes no energy, as
long as it lies between its neighbours; each is looked at alone.
Rule 3: whether the charger was online does not matter where its register is known throughout.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context
from functools import lru_cache
from itertools import compress, groupby, pairwise
from operator import ne, sub
from typing import NamedTuple

from backend.core.cross_check import LONGEST, POWER
from backend.core.device_profile import DeviceProfile
from backend.core.quantities import ENERGY
from backend.core.readings import END, Kind
from backend.core.registers import IMPOSSIBLE, REGISTER_PHASES, SLACK

CLOCK = "Sample.Clock"

#: Registers are compared in whole units of 10^-6 Wh; one with more decimals is odd.
_PLACES = 6
_UNIT = 10**_PLACES
_HOUR_US = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EXACT = Context(prec=60)
#: What stands around the text of a number that is the only one of its row.
_AROUND = b'["]'
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_SHAPE = re.compile(rb"0{1,30}(?:\.(0{1,6}))?")
_NUMBER = re.compile(rb"([0-9]{1,30})(?:\.([0-9]{1,6}))?")


# -- what a station says ---------------------------------------------------------------


class Wording(NamedTuple):
    """
    What the values of a row are, as far as it matters here.

    Attributes:
        connector: whose they are.
        values: how many.
        register: the place of its total register; -1 where it has none.
        energies: how many of them tell an energy register, totals and phases.
        coarse: whether the register is in whole watt hours.
        is_exact: whether it is exact.
        context: of the register.
        power: whether it tells a power that the register is compared with.
    """

    connector: int
    values: int
    register: int
    energies: int
    coarse: bool
    is_exact: bool
    context: str
    power: bool


def wording(connector: int, kinds: Sequence[Kind]) -> Wording:
    """Say what matters of the kinds of a row's values."""
    energies = [place for place, one in enumerate(kinds) if one.measurand == ENERGY]
    totals = [place for place in energies if kinds[place].phase is None]
    register = totals[0] if totals else -1
    resolution_wh = kinds[register].resolution_wh
    return Wording(
        connector,
        len(kinds),
        register,
        len(energies),
        resolution_wh == 1,
        resolution_wh == 0,
        kinds[register].context,
        any(one.measurand == POWER and one.phase is None for one in kinds),
    )


def tells_register(kinds: Sequence[Kind]) -> bool:
    """Tell whether a row's values may be a register, of all phases or of one."""
    return any(
        one.measurand == ENERGY and (one.phase is None or one.phase in REGISTER_PHASES)
        for one in kinds
    )


@dataclass(frozen=True, slots=True)
class Habit:
    """
    How a station of one register tells it.

    Attributes:
        aligned: the key of the wording of what it says on the grid.
        wordings: by their keys, all that it has ever used.
    """

    aligned: int
    wordings: Mapping[int, Wording]

    def otherwise(self, course: bytes) -> Habit | None:
        """
        Tell whether rows are worded mostly in another way that will do, and in which.

        A station words its values otherwise from the day on which it is asked for others.

        Parameters:
            course: rows as `Period.course` takes them.
        """
        lines = course.split(b"\n")
        keys = Counter(line.split(b" ", 3)[2] for line in lines if line.startswith(b"!"))
        for text, count in keys.most_common(1):
            key, connector = int(text), self.wordings[self.aligned].connector
            # Those of its own wording are odd as they do not stand on the grid.
            is_other = key != self.aligned and 2 * count > len(lines)
            if is_other and _may_be_aligned(self.wordings[key], connector):
                return Habit(key, self.wordings)
        return None


def habit_of(wordings: Mapping[int, Wording], connectors: Collection[int]) -> Habit | None:
    """
    Tell how a station tells its register; None where it has none, or several.

    Parameters:
        wordings: by their keys, which rise with time.
        connectors: those of which a register was told, of all phases or of one.
    """
    if len(connectors) != 1:
        return None
    (connector,) = connectors
    found = [key for key, one in wordings.items() if _may_be_aligned(one, connector)]
    if not found:
        return None
    # The values of the clock stand on the grid; where it has none, samples may.
    best = max(found, key=lambda key: (wordings[key].context == CLOCK, key))
    return Habit(best, wordings)


def _may_be_aligned(one: Wording, connector: int) -> bool:
    return one.connector == connector and one.energies == 1 and one.register >= 0 and one.is_exact


# -- a period --------------------------------------------------------------------------


class Course(NamedTuple):
    """
    A register over a grid, told at each boundary, about which nothing is odd.

    Attributes:
        places: registers are whole units of 10^-places Wh.
        length: of the grid, in intervals.
        registers: the first one, and one behind each interval in which it moved.
        moved: those intervals, from 0 on.
    """

    places: int
    length: int
    registers: Sequence[int]
    moved: Sequence[int]

    def energies(self, decimals: int) -> list[int]:
        """Give the energy of each interval, in whole steps of 10^-decimals kWh."""
        finer = decimals - 3 - self.places
        registers = self.registers
        if finer > 0:
            registers = [register * 10**finer for register in registers]
        # Each register is rounded half up, not each energy; one loop, as this is done most.
        whole = 10 ** max(-finer, 0)
        half = whole // 2
        energies = [0] * self.length
        later = iter(registers)
        before = (next(later) + half) // whole
        for place, register in zip(self.moved, later, strict=True):
            rounded = (register + half) // whole
            energies[place] = rounded - before
            before = rounded
        return energies

    def packed(self) -> bytes | None:
        """Write registers and intervals as 64-bit numbers; None where one has more bits."""
        numbers = (*self.registers, *self.moved)
        try:
            return struct.pack(f"<{len(numbers)}q", *numbers)
        except struct.error:
            return None

    @classmethod
    def unpacked(cls, places: int, length: int, content: bytes) -> Course:
        """Read what `packed` has written."""
        numbers = struct.unpack(f"<{len(content) // 8}q", content)
        registers = len(numbers) // 2 + 1
        return cls(places, length, numbers[:registers], numbers[registers:])


class Period:
    """
    A period in which registers are looked at, the same for many stations.

    Parameters:
        grid: boundaries in order, in UTC.
        before: so many boundaries before the grid are looked at too, see `edge`,
        after: and so many after it.
    """

    def __init__(self, grid: Sequence[datetime], before: int = 0, after: int = 0) -> None:
        self.grid = grid
        self.step_us = (grid[1] - grid[0]) // _MICROSECOND
        self.start_us, self.end_us = _microseconds(grid[0]), _microseconds(grid[-1])
        self.first_us = self.start_us - before * self.step_us
        self.last_us = self.end_us + after * self.step_us
        self._before, self._after = before, after
        self._count = len(grid) - 1
        #: So many boundaries must be known: those before the grid, and its own.
        self._known = before + len(grid)

    def its_end(self) -> Period:
        """Give the last interval, with what is looked at behind it."""
        return Period(self.grid[-2:], 0, self._after)

    def is_for(self, profile: DeviceProfile, until: datetime) -> bool:
        """Tell whether a model may go the short way, if things are known up to an instant."""
        return (
            profile.aligned_stamp == "sampled"
            and self.start_us % self.step_us == 0
            and self.end_us - self.start_us == self._count * self.step_us
            and self.grid[-1] <= until
        )

    def is_before_it(self, course: bytes | None) -> bool:
        """Tell whether rows were all measured before the period began."""
        if course is None:
            return True
        lines = course.split(b"\n")
        # Those on the grid do not say when they were.
        is_told = all(line.startswith(b"!") for line in lines)
        return is_told and int(lines[-1][1:].split(b" ", 1)[0]) < self.start_us

    def course(
        self,
        habit: Habit,
        profile: DeviceProfile,
        course: bytes,
        after: bytes,
        is_all: bool,
    ) -> Course | None:
        """
        Give the course of a register over the grid; None where anything is odd.

        Its energies are measured, all of them.

        Parameters:
            habit, profile: of the station.
            course: its rows from `first_us` to the end of the grid, as `lines` describes them.
            after: those behind it up to `last_us`; or all there are, where ``is_all``.
        """
        aligned = habit.wordings[habit.aligned]
        if not course or (aligned.power and self.step_us <= LONGEST // _MICROSECOND):
            return None
        lines, odd = course + b"\n" + after if after else course, course.count(b"!")
        between: list[_Between] = []
        if b"!" in lines:
            divided = _divide(lines, habit)
            if divided is None:
                return None
            lines, between = divided
        texts = _texts(lines, aligned)
        if course.count(b"\n") + 1 - odd != self._known:
            return None
        if not is_all and len(texts) != self._known + self._after:
            return None
        # Where all must be there, each boundary is, and so it is known when it was told.
        known = self._known if is_all else len(texts)
        if between and not self._lie_between(profile, texts, between, known):
            return None
        return self._of(profile, texts)

    def _of(self, profile: DeviceProfile, texts: Sequence[bytes]) -> Course | None:
        # Most of the time a register stands still, and what stands still needs no arithmetic.
        later = texts[1:]
        moved = list(compress(range(len(later)), map(ne, later, texts)))
        read = _numbers([texts[0], *(later[index] for index in moved)])
        if read is None:
            return None
        numbers, places = read
        rises = list(map(sub, numbers[1:], numbers))
        if rises:
            limit = _limit(profile, self.step_us)
            if min(rises) < 0:
                return None
            if limit is not None and max(rises) > limit // 10 ** (_PLACES - places):
                return None
        first = bisect.bisect_left(moved, self._before)
        end = bisect.bisect_left(moved, self._before + self._count)
        here = [index - self._before for index in moved[first:end]]
        return Course(places, self._count, numbers[first : end + 1], here)

    def _lie_between(
        self,
        profile: DeviceProfile,
        texts: Sequence[bytes],
        between: Sequence[_Between],
        known: int,
    ) -> bool:
        """Tell whether what stands between boundaries fits in, and so changes nothing."""
        read = _numbers(texts)
        if read is None:
            return False
        registers = [number * 10 ** (_PLACES - read[1]) for number in read[0]]
        for place, group in groupby(between, lambda one: one.place):
            if place == 0:
                return False
            chain = [self._told(place - 1, registers, known), *(one.told for one in group)]
            if place < len(registers):
                chain.append(self._told(place, registers, known))
            if not _fits(chain, profile):
                return False
        return True

    def _told(self, place: int, registers: Sequence[int], known: int) -> _Told:
        # Behind the grid a boundary may be missing, so the instant of the next is not known.
        instant_us = self.first_us + place * self.step_us if place < known else None
        return _Told(instant_us, registers[place], False, CLOCK)


# -- readings --------------------------------------------------------------------------


class _Told(NamedTuple):
    """A register in units of 10^-6 Wh; an instant that is not known is as early as it can be."""

    instant_us: int | None
    units: int
    coarse: bool
    context: str


class _Between(NamedTuple):
    """What was told between two boundaries, and the place of the second one."""

    place: int
    told: _Told


def edge(step: timedelta, readings: int, margin: timedelta) -> int:
    """
    Say how many boundaries hold all that the long way takes along on one side of a period.

    Parameters:
        readings: so many it takes along,
        margin: and this time beyond them.
    """
    return readings + -(-margin // step)


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _divide(lines: bytes, habit: Habit) -> tuple[bytes, list[_Between]] | None:
    """Part the rows on the grid from those beside it; None where one of these is odd."""
    aligned: list[bytes] = []
    between: list[_Between] = []
    connector = habit.wordings[habit.aligned].connector
    for line in lines.split(b"\n"):
        if not line.startswith(b"!"):
            aligned.append(line)
            continue
        instant, part, key, values = line[1:].split(b" ", 3)
        told = habit.wordings[int(key)]
        if told.connector != connector or not (told.energies or told.power):
            continue
        if told.power or part != b"0" or told.context == CLOCK:
            return None
        if told.energies != 1 or told.register < 0 or not (told.coarse or told.is_exact):
            return None
        read = _numbers(_texts(values, told))
        if read is None:
            return None
        units = read[0][0] * 10 ** (_PLACES - read[1])
        between.append(
            _Between(len(aligned), _Told(int(instant), units, told.coarse, told.context))
        )
    return b"\n".join(aligned), between


def _texts(lines: bytes, told: Wording) -> list[bytes]:
    """Give the register in each row, as a text; something that is no number where it is odd."""
    texts = lines.split(b"\n")
    return texts if told.values == 1 else [_place(line, told) for line in texts]


def _place(line: bytes, told: Wording) -> bytes:
    if told.register == 0:
        return line[2 : line.find(b'"', 2)]
    cells = line[1:-1].split(b",")
    return cells[told.register][1:-1] if len(cells) == told.values else b""


def _numbers(texts: Sequence[bytes]) -> tuple[list[int], int] | None:
    """
    Read numbers without sign or exponent.

    Returns:
        Whole units of a decimal place, and which place that is; None where one is odd.
    """
    together = b"\n".join(texts).translate(None, _AROUND)
    shapes = together.translate(_DIGITS_TO_ZERO)
    shape = shapes.partition(b"\n")[0]
    # Nearly always all have as many digits.
    if shapes == b"\n".join([shape] * len(texts)):
        places = _places(shape)
        if places is None:
            return None
        return list(map(int, together.replace(b".", b"").split(b"\n"))), places
    numbers = []
    for text in together.split(b"\n"):
        match = _NUMBER.fullmatch(text)
        if match is None:
            return None
        whole, rest = match.groups(b"")
        numbers.append(int(whole + rest.ljust(_PLACES, b"0")))
    return numbers, _PLACES


@lru_cache(1_000)
def _places(shape: bytes) -> int | None:
    match = _SHAPE.fullmatch(shape)
    return None if match is None else len(match[1] or b"")


@lru_cache(1_000)
def _limit(profile: DeviceProfile, took_us: int) -> int | None:
    """Give the most that a register can rise in a time, in units; None where none is known."""
    if not profile.max_power_w:
        return None
    limit_w = profile.max_power_w * IMPOSSIBLE
    longest_us = took_us + SLACK // _MICROSECOND
    return int(_EXACT.divide(_EXACT.multiply(limit_w * _UNIT, longest_us), _HOUR_US))


def _fits(chain: Sequence[_Told], profile: DeviceProfile) -> bool:
    """
    Tell whether readings between two of the grid lie between these and each other.

    One in whole watt hours takes the value of an exact one beside it that lies within its
    watt hour, as in `registers`.
    """
    refined = [_refined(chain, place) for place in range(len(chain))]
    for (one, units), (other, later_units) in pairwise(zip(chain, refined, strict=True)):
        if later_units < units:
            return False
        took_us = 0
        if one.instant_us is not None and other.instant_us is not None:
            took_us = other.instant_us - one.instant_us
        limit = _limit(profile, took_us)
        if limit is not None and later_units - units > limit:
            return False
    return True


def _refined(chain: Sequence[_Told], place: int) -> int:
    told = chain[place]
    if not told.coarse:
        return told.units
    before = next(one for one in chain[place - 1 :: -1] if not one.coarse)
    after = next((one for one in chain[place + 1 :] if not one.coarse), None)
    beside = (after, before) if told.context == END else (before, after)
    for finer in beside:
        if finer is not None and abs(finer.units - told.units) < _UNIT:
            return finer.units
    return told.units
