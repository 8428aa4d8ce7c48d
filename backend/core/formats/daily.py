"""
What formats with one value a local day have in common: the knob ``obis``, and whole days.

A source has one OBIS code of its own, for its load profile. Registers and feeds have others, so
these formats name them: a list, checked against the table that document 002 has for the format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from backend.core import days
from backend.core.formats.knobs import Knob, KnobRow, knobs_of
from backend.core.formats.row import Row
from backend.core.obis_tables import Listed, check_listed
from backend.errors import LayoutError

_MEANING = "which values, by their codes; a meter has those of them that it tells"
_SOURCE = "document 002"


def are_codes(value: object) -> bool:
    """Tell whether a value is a list of texts that is not empty."""
    return isinstance(value, tuple) and bool(value) and all(isinstance(one, str) for one in value)


def check_codes(codes: object, table: Mapping[str, Listed], where: str) -> None:
    """
    Check the knob ``obis``.

    Raises:
        LayoutError: It is no list of codes.
        ObisError: A code is not listed for the format.
    """
    place = f"{where}, key 'obis'"
    if not isinstance(codes, tuple) or not are_codes(codes):
        raise LayoutError(f"is {codes!r}", place, "write a list of OBIS codes in quotes")
    check_listed(codes, table, place)


def obis_knob(example: str) -> KnobRow:
    """Give the knob ``obis``."""
    accepts: tuple[Callable[[object], bool], str] = (are_codes, "a list of OBIS codes in quotes")
    return ("obis", _MEANING, example, _SOURCE, *accepts)


def with_obis(form: object, example: str, knobs: Iterable[Knob]) -> tuple[Knob, ...]:
    """
    Give the knobs of a form that has ``obis`` besides some of another's.

    Parameters:
        form: without settings; its attributes are the defaults.
        example: another value of ``obis``.
        knobs: of the other form; those that this one leaves out are left out.
    """
    left_out: frozenset[str] = getattr(form, "left_out", frozenset())
    shared = (
        replace(one, default=getattr(form, one.name)) for one in knobs if one.name not in left_out
    )
    return (*knobs_of(form, [obis_knob(example)]), *shared)


def check_day(row: Row, where: str) -> None:
    """
    Check that a row tells of a whole local day.

    Raises:
        LayoutError: It does not.
    """
    if (row.start, row.end) != days.day_that_begins(row.start):
        raise LayoutError(
            f"{row.start.isoformat()} to {row.end.isoformat()} is no local day",
            where,
            "give whole days",
        )
