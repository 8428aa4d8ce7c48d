"""
The forms that files can have, by kind: what each is made of settings by, and who writes it.

A form has `decimals` of kWh, a `name_pattern`, and says by `files` whether each meter has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backend.core.exports import rows_of
from backend.core.formats import ise_timeseries_csv, mscons
from backend.core.formats.layout import Layout
from backend.core.formats.mscons import Envelope, Mscons
from backend.core.formats.row import Row
from backend.core.formats.series_csv import write_series
from backend.core.obis import check_interval_obis
from backend.core.series import Series

Form = Layout | Mscons
KINDS: Mapping[str, type[Layout] | type[Mscons]] = {
    "ise-timeseries-csv": Layout,
    "mscons": Mscons,
}


def form_of(kind: str, knobs: Mapping[str, Any], where: str) -> Form:
    """
    Make a form of settings.

    Parameters:
        kind: one of `KINDS`.
        knobs: what differs from the defaults.
        where: the place to name in an error.

    Raises:
        LayoutError: A knob is unknown or has a value that it cannot have.
    """
    return KINDS[kind].from_mapping(knobs, where)


def check_obis(text: str, form: Form, where: str) -> str:
    """
    Check an OBIS code for the interval energies of a form, and give it back as it is written.

    Raises:
        ObisError: The form does not list it.
    """
    check_interval_obis(text, where)
    return text if isinstance(form, Layout) else mscons.check_obis(text, where)


def write_whole(many: Sequence[Series], form: Form, envelope: Envelope) -> bytes:
    """
    Write a file of whole series.

    Raises:
        LayoutError: The form is wrong, or an energy cannot be written so that it reads back.
    """
    if isinstance(form, Layout):
        return write_series(many, form)
    rows = (row for one in many for row in rows_of(one.activation, one.intervals))
    return mscons.write(rows, form, envelope)


def write_some(rows: Iterable[Row], form: Form, envelope: Envelope) -> bytes:
    """
    Write a file of some intervals.

    Raises:
        LayoutError: The form is wrong, or an energy cannot be written so that it reads back.
    """
    if isinstance(form, Layout):
        return ise_timeseries_csv.write(rows, form, gaps=True)
    return mscons.write(rows, form, envelope)


def stand_alone(rows: Sequence[Row], form: Form) -> bool:
    """Tell whether some rows of one series, in order, can be read without those between them."""
    return not isinstance(form, Layout) or ise_timeseries_csv.stand_alone(rows, form)
