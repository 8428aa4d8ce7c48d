"""
Filling a gap of a meter's register from its load profile (document 004 §4.1.5; COL-06).

A load profile tells the energy of each quarter hour. Registers that were read before and after the
gap, each at the end of a quarter hour, say what these must add up to.

Rule 1: a register within the gap is the one after it less the energies between, or the one before
it plus the energies between; where a quarter hour is missing in the profile, what lies on its two
sides is made from either side, and itself stays a gap.
Rule 2: a register so made is never below the one before the gap nor above the one after: a reading
comes moments after the end of its quarter hour (`NEAR`).
Rule 3: where a profile that has all quarter hours adds up to another rise than the register's, by
more than `SLACK_WH`, nothing is filled, and that is told: one of the two is about another meter,
or wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
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


def gaps(readings: Sequence[Shown]) -> list[tuple[Shown, Shown]]:
    """
    Find the gaps between readings at the ends of quarter hours.

    Parameters:
        readings: in order of time.
    """
    ends = [end for one in readings if (end := at_quarter(one)) is not None]
    return [
        (before, after)
        for before, after in itertools.pairwise(ends)
        if after.instant - before.instant > QUARTER
    ]


def fill(before: Shown, after: Shown, profile: Sequence[Quarter], where: str) -> list[Shown]:
    """
    Give what the registers showed at the ends of the quarter hours within a gap, in order.

    Parameters:
        before, after: readings at ends of quarter hours, as `gaps` gives them.
        profile: what the gateway tells, in any order.
        where: which meter, for errors.

    Raises:
        GatewayAnswerError: If profile and registers contradict each other.
    """
    energies = {one.end: one for one in profile}
    made: dict[datetime, Shown] = {}
    here = after
    while here.instant > before.instant and (quarter := energies.get(here.instant)) is not None:
        here = here.plus(quarter, -1)
        made[here.instant] = here
    if here.instant <= before.instant:
        _agree(here, before, where)
        del made[before.instant]
    else:
        made |= _forwards(before, energies)
    return [_within(made[end], before, after) for end in sorted(made)]


def _forwards(before: Shown, energies: Mapping[datetime, Quarter]) -> dict[datetime, Shown]:
    made = {}
    here = before
    while (quarter := energies.get(here.instant + QUARTER)) is not None:
        here = here.plus(quarter, 1)
        made[here.instant] = here
    return made


def _agree(made: Shown, read: Shown, where: str) -> None:
    for name in ("import_wh", "export_wh"):
        of_profile, of_register = getattr(made, name), getattr(read, name)
        if of_profile is None or of_register is None:
            continue
        if abs(of_profile - of_register) > SLACK_WH:
            difference = of_profile - of_register  # by how much more the register rose
            raise GatewayAnswerError(
                f"the load profile and the register differ by {difference} Wh ({name}) over the "
                f"gap that begins at {read.instant:%Y-%m-%d %H:%M} UTC",
                where,
                "the gap is left as it is; look whether the clocks of meter and gateway are right",
            )


def _within(made: Shown, before: Shown, after: Shown) -> Shown:
    return Shown(
        made.instant,
        _limited(made.import_wh, before.import_wh, after.import_wh),
        _limited(made.export_wh, before.export_wh, after.export_wh),
    )


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
    except ValueError:
        return None
    if instant is None or instant.utcoffset() is None or (instant - _EPOCH) % QUARTER:
        return None
    return instant.astimezone(UTC)


def _wrong(where: str, what: str) -> GatewayAnswerError:
    return GatewayAnswerError(what, where, "look at the gateway's software version")
