"""
Filling a gap of a meter's register from its load profile (document 004 §4.1.5; COL-06).

A load profile tells the energy of each quarter hour. Registers before and after the gap, each at
the end of a quarter hour, say what these must add up to. Such an end is known where it was read, or
lies between two readings that are no more than a quarter hour apart.

Rule 1: a register within the gap is the one after it less the energies between, or the one before
it plus the energies between; where a quarter hour is missing in the profile, what lies on its two
sides is made from either side, and itself stays a gap.
Rule 2: a register so made is never below the one before the gap nor above the one after: a reading
comes moments after the end of its quarter hour (`NEAR`).
Rule 3: where profile and readings contradict each other by more than `SLACK_WH`, nothing is filled,
and that is told: one of the two is about another meter, or wrong. So it is where all quarter hours
of a gap add up to another rise than the register's, or some of them to more; where a register made
does not fit between the readings in the gap; and where the profile tells more of a quarter hour
that was read than the register rose: then its clock is wrong. It may tell less: a meter without
power forgets what the quarter hour had so far.
Rule 4: a register that is lower after the gap began anew in it, and nothing is filled.
Rule 5: a quarter hour of which a profile tells two energies is one that it lacks.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from backend.core.readings import Kind, MeterValue
from backend.core.sg_counters import CONNECTOR, EXPORT, IMPORT
from backend.errors import GatewayAnswerError

QUARTER = timedelta(minutes=15)
NEAR = timedelta(seconds=2)
"""So long after the end of a quarter hour a reading still is of that end, to fill a gap."""
SLACK_WH = 50
"""How far the two may differ over a gap: 22 kW bring 12 Wh in two seconds."""
ROWS_LIMIT = 4 * 24 * 40
"""So many quarter hours are read at most: forty days."""
ENERGY_LIMIT_WH = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Quarter:
    """The energies of a quarter hour, in whole Wh."""

    end: datetime
    import_wh: int
    export_wh: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a meter's registers showed at an instant, in Wh; None for one that it has not."""

    instant: datetime
    import_wh: Decimal | None
    export_wh: Decimal | None

    def plus(self, quarter: Quarter, sign: int) -> Shown:
        """Give it a quarter hour later (``sign`` 1, with its energies), or earlier (-1)."""
        return Shown(
            self.instant + sign * QUARTER,
            _sum(self.import_wh, sign * quarter.import_wh),
            _sum(self.export_wh, sign * quarter.export_wh),
        )


def _sum(register: Decimal | None, energy_wh: int) -> Decimal | None:
    return None if register is None else register + energy_wh


def at_quarter(shown: Shown) -> Shown | None:
    """Give a reading as one of the end of a quarter hour; None where it was not read then."""
    late = (shown.instant - _EPOCH) % QUARTER
    return replace(shown, instant=shown.instant - late) if late <= NEAR else None


def ends_of(readings: Sequence[Shown]) -> list[Shown]:
    """
    Give what the registers showed at the ends of quarter hours, as far as that is known.

    Parameters:
        readings: in order of time.
    """
    found: dict[datetime, Shown] = {}
    for before, after in itertools.pairwise(readings):
        instant = after.instant - (after.instant - _EPOCH) % QUARTER
        if before.instant < instant and after.instant - before.instant <= QUARTER:
            found[instant] = _between(before, after, instant)
    for one in readings:
        if (end := at_quarter(one)) is not None:
            found[end.instant] = end
    return [found[instant] for instant in sorted(found)]


def _between(before: Shown, after: Shown, instant: datetime) -> Shown:
    past, whole = instant - before.instant, after.instant - before.instant

    def of(low: Decimal | None, high: Decimal | None) -> Decimal | None:
        if low is None or high is None:
            return None
        return low + (high - low) * (past // _MICROSECOND) // (whole // _MICROSECOND)

    return Shown(
        instant,
        of(before.import_wh, after.import_wh),
        of(before.export_wh, after.export_wh),
    )


def gaps(ends: Sequence[Shown]) -> list[tuple[Shown, Shown]]:
    """Find the gaps between the ends of quarter hours that are known (`ends_of`)."""
    return [
        (before, after)
        for before, after in itertools.pairwise(ends)
        if after.instant - before.instant > QUARTER
    ]


def check(ends: Sequence[Shown], profile: Sequence[Quarter], where: str) -> None:
    """
    Hold a load profile against the quarter hours that are known without it.

    Raises:
        GatewayAnswerError: If it tells more of one than the register rose.
    """
    energies = _energies(profile)
    for before, after in itertools.pairwise(ends):
        quarter = energies.get(after.instant)
        if quarter is None or after.instant - before.instant != QUARTER:
            continue
        for name, told_wh, rise_wh in _compared([quarter], before, after):
            # A register that fell tells nothing of its quarter hour.
            if rise_wh >= 0 and told_wh - rise_wh > SLACK_WH:
                raise _contradicted(
                    f"the load profile has {told_wh} Wh ({name}) for the quarter hour until "
                    f"{after.instant:%Y-%m-%d %H:%M} UTC, in which the register rose by {rise_wh}",
                    where,
                )


def fill(
    before: Shown,
    after: Shown,
    profile: Sequence[Quarter],
    where: str,
    readings: Sequence[Shown] = (),
) -> list[Shown]:
    """
    Give what the registers showed at the ends of the quarter hours within a gap, in order.

    Parameters:
        before, after: the known ends of quarter hours on its two sides, as `gaps` gives them.
        profile: what the gateway tells, in any order.
        where: which meter, for errors.
        readings: what else was read, in order of time.

    Raises:
        GatewayAnswerError: If profile and registers contradict each other.
    """
    energies = _energies(profile)
    _agree(before, after, energies, where)
    made: dict[datetime, Shown] = {}
    here = after
    while here.instant > before.instant and (quarter := energies.get(here.instant)) is not None:
        here = here.plus(quarter, -1)
        made[here.instant] = here
    if here.instant <= before.instant:
        del made[before.instant]
    else:
        made |= _forwards(before, energies)
    known = [before, *(one for one in readings if before.instant < one.instant < after.instant)]
    known.append(after)
    fitted = [_fitted(made[end], known, where) for end in sorted(made)]
    return [one for one in fitted if one.import_wh is not None or one.export_wh is not None]


def _energies(profile: Sequence[Quarter]) -> dict[datetime, Quarter]:
    energies = {one.end: one for one in profile}
    for one in profile:
        if energies.get(one.end, one) != one:
            del energies[one.end]
    return energies


def _forwards(before: Shown, energies: Mapping[datetime, Quarter]) -> dict[datetime, Shown]:
    made = {}
    here = before
    while (quarter := energies.get(here.instant + QUARTER)) is not None:
        here = here.plus(quarter, 1)
        made[here.instant] = here
    return made


def _agree(before: Shown, after: Shown, energies: Mapping[datetime, Quarter], where: str) -> None:
    quarters = [one for end, one in energies.items() if before.instant < end <= after.instant]
    has_all = len(quarters) == (after.instant - before.instant) // QUARTER
    since = f"the gap that begins at {before.instant:%Y-%m-%d %H:%M} UTC"
    for name, told_wh, rise_wh in _compared(quarters, before, after):
        if rise_wh < 0:
            raise _contradicted(
                f"the register ({name}) is lower by {-rise_wh} Wh after {since}", where
            )
        difference_wh = rise_wh - told_wh  # by how much more the register rose
        if difference_wh < -SLACK_WH or (has_all and difference_wh > SLACK_WH):
            raise _contradicted(
                f"the load profile and the register differ by {difference_wh} Wh ({name}) over "
                f"{since}",
                where,
            )


def _compared(
    quarters: Sequence[Quarter], before: Shown, after: Shown
) -> Iterator[tuple[str, int, Decimal]]:
    """Give by register what quarter hours tell, and what it rose."""
    for name in ("import_wh", "export_wh"):
        first, last = getattr(before, name), getattr(after, name)
        if first is not None and last is not None:
            yield name, sum(getattr(one, name) for one in quarters), last - first


def _contradicted(what: str, where: str) -> GatewayAnswerError:
    return GatewayAnswerError(
        what,
        where,
        "the gap is left as it is; look whether the clocks of meter and gateway are right, and "
        "whether the meter was exchanged",
    )


def _fitted(made: Shown, known: Sequence[Shown], where: str) -> Shown:
    """Fit a register between the readings on its two sides."""
    place = bisect.bisect_left(known, made.instant, key=lambda one: one.instant)
    before, after = known[place - 1], known[place]
    fitted = {
        name: _limited(getattr(made, name), getattr(before, name), getattr(after, name))
        for name in ("import_wh", "export_wh")
    }
    for name, value in fitted.items():
        if value is not None and abs(value - getattr(made, name)) > SLACK_WH:
            raise _contradicted(
                f"by the load profile the register ({name}) showed {getattr(made, name)} Wh at "
                f"{made.instant:%Y-%m-%d %H:%M} UTC, which does not fit what was read about then",
                where,
            )
    return Shown(made.instant, **fitted)


def _limited(value: Decimal | None, least: Decimal | None, most: Decimal | None) -> Decimal | None:
    if value is None or least is None or most is None:
        return None
    return min(max(value, least), most)


def shown_value(shown: Shown, position: int) -> MeterValue:
    """Make the meter value of a register that was filled in."""
    told = {IMPORT: shown.import_wh, EXPORT: shown.export_wh}
    known = {name: value for name, value in told.items() if value is not None}
    return MeterValue(
        connector=CONNECTOR,
        instant=shown.instant,
        transaction=None,
        position=position,
        kinds=tuple(Kind(name, None, "Outlet", "Other", "Wh", "Wh", Decimal(0)) for name in known),
        values=tuple(known.values()),
        raw_values=tuple(f"{value:f}" for value in known.values()),
    )


def quarters_of(body: object, where: str) -> list[Quarter]:
    """
    Read the body of ``/api/load_profile/{id}``.

    Parameters:
        body: any JSON value.
        where: which meter, for errors.

    Raises:
        GatewayAnswerError: If it is no such body.
    """
    profile = body.get("load_profile") if isinstance(body, dict) else None
    rows = profile.get("values") if isinstance(profile, dict) else None
    if not isinstance(rows, list) or len(rows) > ROWS_LIMIT:
        raise _wrong(where, "the answer has no list 'load_profile.values'")
    return [_quarter(row, place, where) for place, row in enumerate(rows)]


def _quarter(row: object, place: int, where: str) -> Quarter:
    if isinstance(row, dict):
        end = _instant(row.get("end"))
        imported, exported = _total(row.get("import")), _total(row.get("export"))
        if end is not None and imported is not None and exported is not None:
            return Quarter(end, imported, exported)
    raise _wrong(where, f"'load_profile.values[{place}]' is no quarter hour")


def _total(values: object) -> int | None:
    """Give the first of the total and the phases, in whole Wh; None where there is no such."""
    value = values[0] if isinstance(values, list) and values else None
    return value if type(value) is int and 0 <= value < ENERGY_LIMIT_WH else None


def _instant(text: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
        if instant is None or instant.utcoffset() is None or (instant - _EPOCH) % QUARTER:
            return None
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for the first and the last day of all
        return None


def _wrong(where: str, what: str) -> GatewayAnswerError:
    return GatewayAnswerError(what, where, "look at the gateway's software version")
