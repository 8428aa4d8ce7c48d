"""
The forms that files can have, by kind: what each is made of settings by, and who writes it.

A form has `decimals` of its unit, a `name_pattern`, says by `files` whether each meter has one,
and by `values` what it has of each meter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from backend.core.exports import rows_of
from backend.core.formats import (
    esl_xml,
    ise_daily_csv,
    ise_timeseries_csv,
    layout,
    mscons,
    mscons_readings,
    obis_csv,
)
from backend.core.formats.esl_xml import ReadingsXml
from backend.core.formats.ise_daily_csv import FeedCsv, ReadingsCsv
from backend.core.formats.knobs import Knob
from backend.core.formats.layout import Layout
from backend.core.formats.mscons import Envelope, Mscons
from backend.core.formats.mscons_readings import MsconsReadings
from backend.core.formats.obis_csv import ObisCsv
from backend.core.formats.row import METERING_CODE, Row, Values
from backend.core.formats.series_csv import write_series
from backend.core.obis import check_energy_obis
from backend.core.series import Series

Form = Layout | Mscons | ReadingsXml
"""What a file looks like; `ReadingsCsv`, `FeedCsv`, `ObisCsv` and `MsconsReadings` are such."""


class Kind(NamedTuple):
    """
    A kind of form.

    Attributes:
        name: what people call it (document 002 "Export Format").
        form: made of settings by its ``from_mapping``.
        knobs: its settings.
        write: rows to bytes.
        read: bytes to rows, as far as the file carries them.
    """

    name: str
    form: type[Form]
    knobs: Sequence[Knob]
    write: Callable[[Iterable[Row], Any, Envelope], bytes]
    read: Callable[[bytes, Any], list[Row]]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "ise-timeseries-csv": Kind(
            "IS-E Load profile",
            Layout,
            layout.KNOBS,
            lambda rows, form, _: ise_timeseries_csv.write(rows, form, gaps=True),
            ise_timeseries_csv.read,
        ),
        "ise-readings-csv": Kind(
            "IS-E as CSV",
            ReadingsCsv,
            ise_daily_csv.READINGS_KNOBS,
            lambda rows, form, _: ise_daily_csv.write(rows, form),
            ise_daily_csv.read,
        ),
        "ise-readings-xml": Kind(
            "IS-E as XML",
            ReadingsXml,
            esl_xml.KNOBS,
            lambda rows, form, envelope: esl_xml.write(rows, form, envelope.created),
            lambda content, _: esl_xml.rows_in(esl_xml.read(content)),
        ),
        "ise-feed-csv": Kind(
            "IS-E feed",
            FeedCsv,
            ise_daily_csv.FEED_KNOBS,
            lambda rows, form, _: ise_daily_csv.write(rows, form),
            ise_daily_csv.read,
        ),
        "mscons": Kind(
            "MSCONS load profile",
            Mscons,
            mscons.KNOBS,
            mscons.write,
            lambda content, _: mscons.rows_in(mscons.read(content)),
        ),
        "mscons-readings": Kind(
            "MSCONS registers",
            MsconsReadings,
            mscons_readings.KNOBS,
            mscons_readings.write,
            lambda content, _: mscons.readings_in(mscons.read(content)),
        ),
        "csv": Kind(
            "CSV",
            ObisCsv,
            obis_csv.KNOBS,
            lambda rows, form, _: obis_csv.write(rows, form),
            obis_csv.read,
        ),
    }
)
"""All kinds, by what settings call them."""
_BY_FORM = {one.form: one for one in KINDS.values()}


def form_of(kind: str, knobs: Mapping[str, Any], where: str) -> Form:
    """
    Make a form of settings.

    Parameters:
        kind: one of `KINDS`.
        knobs: what differs from the defaults.
        where: the place to name in an error.

    Raises:
        LayoutError: A knob is unknown or has a value that it cannot have.
        ObisError: A code is not listed for the format.
    """
    return KINDS[kind].form.from_mapping(knobs, where)


def check_obis(text: str, form: Form, where: str) -> str:
    """
    Check what a source is called by in a form, and give it back as it is written.

    Raises:
        ObisError: The form has the energies of intervals, and does not list it.
    """
    if form.values is not Values.ENERGIES:
        return text  # its own ``obis`` says what it has, and was checked
    if isinstance(form, Mscons):
        return mscons.check_obis(text, where)
    return check_energy_obis(text, where)


def codes_of(form: Form) -> tuple[str, ...]:
    """Give the codes that a form has of each meter; none where each source has its own."""
    return getattr(form, "obis", ())


def keys_of(form: Form) -> tuple[str, ...]:
    """Give what meters are called by in a form, keys of `row.KEYS`."""
    if isinstance(form, ReadingsXml):
        return form.keys
    return (form.key,) if isinstance(form, Layout) else (METERING_CODE,)


def takes_virtual_tariffs(form: Form) -> bool:
    """Tell whether a form is IS-E or its feed (document 002 "Export virtual tariffs")."""
    return isinstance(form, ReadingsCsv | ReadingsXml)


def write_whole(many: Sequence[Series], form: Form, envelope: Envelope) -> bytes:
    """
    Write a file of whole series.

    Raises:
        LayoutError: The form is wrong, or a value cannot be written so that it reads back.
    """
    if type(form) is Layout:
        return write_series(many, form)
    rows = (row for one in many for row in rows_of(one.activation, one.intervals))
    return _BY_FORM[type(form)].write(rows, form, envelope)


def write_some(rows: Iterable[Row], form: Form, envelope: Envelope) -> bytes:
    """
    Write a file of some values.

    Raises:
        LayoutError: The form is wrong, or a value cannot be written so that it reads back.
    """
    return _BY_FORM[type(form)].write(rows, form, envelope)


def read_back(content: bytes, form: Form) -> list[Row]:
    """
    Read a file that was written in a form; whole series, where it has the energies of intervals.

    Raises:
        LayoutError: It was not.
        UnreadableFile: Likewise.
    """
    return _BY_FORM[type(form)].read(content, form)


def stand_alone(rows: Sequence[Row], form: Form) -> bool:
    """Tell whether some rows of one series, in order, can be read without those between them."""
    return type(form) is not Layout or ise_timeseries_csv.stand_alone(rows, form)
