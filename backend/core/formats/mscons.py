"""
MSCONS 2.2e and 2.4a: the load profiles of metering points as EDIFACT (D.04B), and back.

What is written follows files that Swiss utilities received of each other in 2019 (a segment for
each of their segments, in their order) and, where those break it, the rules of the BDEW (MSCONS
MIG 2.2g, AHB 2.2a): counts are right, and the period of a series is its own. No authentic file
of version 2.4a is public: its time in UTC and its units are those of the BDEW's later versions,
its skeleton that of 2.2e (*proposed*).

Rule 1: one message a series (metering point and OBIS code), in their order; in it one quantity
an interval, from its start to its end. Nothing is left out: what is missing has the qualifier
20 (unusable) and the value 0, so that a day has its 92, 96 or 100 values.
Rule 2: what was written reads back to the same rows.
Rule 3: the reader takes what real files have (no UNA, wrong counts, periods of no length, several
points in a message, quantities without time, with and without units, local times with and
without offset, UTC) and names each deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby
from types import MappingProxyType
from typing import ClassVar

from backend.core import days
from backend.core.formats.edifact import UNA, Segment, segment, segments
from backend.core.formats.knobs import (
    FLAG,
    KnobRow,
    MadeOfKnobs,
    check_knobs,
    knobs_of,
    one_of,
)
from backend.core.formats.layout import MAX_DECIMALS, is_pattern
from backend.core.formats.row import Row, Values, energy_text
from backend.core.intervals import Status
from backend.core.obis import unit_of
from backend.core.obis_tables import MSCONS, check_listed
from backend.errors import LayoutError, UnreadableFile

VERSIONS = ("2.2e", "2.4a")
_PARTY_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_MAX_PARTY = 35
_LINE_ENDS = {"none": "", "lf": "\n", "crlf": "\r\n"}
_MAX_CODE = 70
_MAX_REFERENCE = 14
_MAX_DIGITS = 9
#: Of a quantity, by MIG 2.2g: 220 true, 67 substitute, 20 unusable.
_QUALIFIERS = {Status.TRUE: "220", Status.ESTIMATED: "67", Status.MISSING: "20"}
#: Also what older files have: 46 true (MSCONS 1.6), 79 a sum, 187 forecast, 201 proposed.
STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        "220": Status.TRUE,
        "46": Status.TRUE,
        "79": Status.TRUE,
        "67": Status.ESTIMATED,
        "187": Status.ESTIMATED,
        "201": Status.ESTIMATED,
        "20": Status.MISSING,
    }
)
#: UN/ECE Recommendation 20, as far as the codes of `obis` need it.
_UNITS = {"kWh": "KWH", "kvarh": "K3", "m3": "MTQ"}
_UNITS_READ = {code: unit for unit, code in _UNITS.items()}


@dataclass(frozen=True, slots=True)
class Mscons(MadeOfKnobs):
    """
    What such a file looks like; each knob is explained in `KNOBS`.

    Attributes:
        application, process: what UNB and RFF+Z13 say that it is (AHB 2.2a): a load profile.
    """

    version: str = "2.2e"
    sender: str = ""
    receiver: str = ""
    party_qualifier: str = "500"
    party_agency: str = "293"
    zone: str = "by version"
    unit: str = "by version"
    service_string: bool = False
    line_end: str = "none"
    decimals: int = 3
    test: bool = False
    name_pattern: str = "MSCONS_TL_{task}_{from}_{to}_{created}_{revision}.txt"
    files: str = "task"

    values: ClassVar[Values] = Values.ENERGIES
    application: ClassVar[str] = "TL"
    process: ClassVar[str] = "13008"

    def check(self, where: str = "format") -> None:
        """
        Check every knob.

        Raises:
            LayoutError: With the knob in its place.
        """
        check_knobs(KNOBS, self, where)

    @property
    def is_utc(self) -> bool:
        """Whether times are in UTC; else they are local, with their offset."""
        return self.zone == "utc" or (self.zone == "by version" and self.version != "2.2e")

    @property
    def has_units(self) -> bool:
        """Whether quantities have their unit."""
        return self.unit == "always" or (self.unit == "by version" and self.version != "2.2e")


def _is_party(value: object) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= _MAX_PARTY and _PARTY_SIGNS.issuperset(value)
    )


_PARTY: tuple[Callable[[object], bool], str] = (
    _is_party,
    f"1 to {_MAX_PARTY} of A-Z, 0-9 and -, e.g. an EIC",
)
_KNOBS: tuple[KnobRow, ...] = (
    # name, meaning, example, source, accepts, expected
    ("version", "of the message", '"2.4a"', "document 002", *one_of(*VERSIONS)),
    ("sender", "the code of who sends it; needed", '"12X-ABC-X------1"', "a Swiss file", *_PARTY),
    ("receiver", "the code of who gets it; needed", '"12X-DEF-X------2"', "a Swiss file", *_PARTY),
    (
        "party_qualifier",
        "whose codes those are, in UNB: 14 GS1, 500 BDEW, 502 DVGW, ZZZ agreed",
        '"ZZZ"',
        "a Swiss file",
        *one_of("500", "14", "502", "ZZZ"),
    ),
    (
        "party_agency",
        "the same in NAD: 9 GS1, 293 BDEW, 305 ETSO, 332 DVGW",
        '"305"',
        "a Swiss file",
        *one_of("293", "9", "305", "332"),
    ),
    (
        "zone",
        "of times: local with their offset, or UTC; by version is local in 2.2e, UTC in 2.4a",
        '"utc"',
        "a Swiss file; 2.4a proposed",
        *one_of("by version", "local", "utc"),
    ),
    (
        "unit",
        "whether each quantity has its unit; by version is never in 2.2e, always in 2.4a",
        '"always"',
        "a Swiss file; 2.4a proposed",
        *one_of("by version", "always", "never"),
    ),
    ("service_string", "whether it begins with UNA", "true", "a Swiss file", *FLAG),
    (
        "line_end",
        "what stands behind each segment",
        '"crlf"',
        "a Swiss file",
        *one_of(*_LINE_ENDS),
    ),
    (
        "decimals",
        "digits of an energy in kWh behind the point",
        "6",
        "a Swiss file",
        *one_of(*range(MAX_DECIMALS + 1)),
    ),
    ("test", "whether it says that it is a test", "true", "MSCONS MIG 2.2g, UNB 0035", *FLAG),
    (
        "name_pattern",
        "of the file, with {task} {from} {to} {created} {revision} {meter}",
        '"{meter}_{created}.txt"',
        "proposed",
        is_pattern,
        "a pattern with {created}",
    ),
    (
        "files",
        "one file for the task, or one for each meter",
        '"meter"',
        "proposed",
        *one_of("task", "meter"),
    ),
)
KNOBS = knobs_of(Mscons(), _KNOBS)
"""All knobs of the format, in the order of its attributes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    What tells a file from all others.

    Attributes:
        created: when it was made, aware.
        reference: at most 14 digits; no two files of a sender have the same.
    """

    created: datetime
    reference: str


def check_obis(text: str, where: str) -> str:
    """
    Check a code for this format, and give it back as it is written.

    Raises:
        ObisError: The format does not list it (document 002 "Obis Code mscons").
    """
    check_listed((text,), MSCONS, where)
    return text


# -- writing ---------------------------------------------------------------------------


def write(rows: Iterable[Row], form: Mscons, envelope: Envelope) -> bytes:
    """
    Write a file.

    Parameters:
        rows: in any order; intervals may be left out.

    Raises:
        LayoutError: The format is wrong, or a row cannot be written so that it reads back.
        ObisError: A row has the code of something else than a load profile.
    """
    form.check()
    return interchange(
        (
            _message(number, list(series), form, envelope)
            for number, (_, series) in enumerate(_by_series(rows), start=1)
        ),
        form,
        envelope,
    )


def interchange(messages: Iterable[list[str]], form: Mscons, envelope: Envelope) -> bytes:
    """
    Put messages into a file.

    Raises:
        LayoutError: Its reference is too long.
    """
    if len(envelope.reference) > _MAX_REFERENCE:
        raise LayoutError(
            f"the reference {envelope.reference!r} is too long for UNB",
            "one file for each meter",
            "let the format have one file for the task, or divide the task",
        )
    line_end, written = _LINE_ENDS[form.line_end], list(messages)
    parts = [UNA] if form.service_string else []
    parts.append(_interchange(form, envelope))
    parts += (one for each in written for one in each)
    parts.append(segment("UNZ", str(len(written)), envelope.reference))
    return "".join(part + line_end for part in parts).encode("latin-1")


def carried(rows: Iterable[Row]) -> list[Row]:
    """Give rows as `rows_in` gives them back: in their order."""
    return sorted(rows, key=lambda row: (row.code, row.obis, row.start))


def _by_series(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, str], Iterator[Row]]]:
    return groupby(carried(rows), key=lambda row: (row.code, row.obis))


def _interchange(form: Mscons, envelope: Envelope) -> str:
    created = days.to_local(envelope.created)
    parties = [(party, form.party_qualifier) for party in (form.sender, form.receiver)]
    made = f"{created:%y%m%d}", f"{created:%H%M}"
    # The sign of a test is the last of the elements.
    tail = ("", form.application, "", "", "", "1") if form.test else ("", form.application)
    return segment("UNB", ("UNOC", "3"), *parties, made, envelope.reference, *tail)


def _message(number: int, series: Sequence[Row], form: Mscons, envelope: Envelope) -> list[str]:
    """Write the message of one series, its count included."""
    code, obis = series[0].code, series[0].obis
    where = f"{code} {obis}"
    check_obis(obis, where)
    body = [
        *_period(series[0].start, series[-1].end, form, where),
        segment("LIN", "1"),
        segment("PIA", "5", (obis, "SRW")),
    ]
    for row in series:
        body += _quantity(row, form)
    return message(number, code, body, form, envelope)


def message(
    number: int, code: str, body: Sequence[str], form: Mscons, envelope: Envelope
) -> list[str]:
    """
    Write the message of one metering point, its count included.

    Parameters:
        number: of the message in its file, from 1.
        code: of the metering point.
        body: the segments behind its name.

    Raises:
        LayoutError: The code cannot stand in it.
    """
    check_code(code)
    parts = [
        segment("UNH", str(number), ("MSCONS", "D", "04B", "UN", form.version)),
        segment("BGM", "7", f"{envelope.reference}-{number}", "9"),
        segment("DTM", ("137", *_moment(envelope.created, form, "created"))),
        segment("RFF", ("Z13", form.process)),
        *(
            segment("NAD", role, (party, "", form.party_agency))
            for role, party in (("MS", form.sender), ("MR", form.receiver))
        ),
        segment("UNS", "D"),
        segment("NAD", "DP"),
        segment("LOC", "172", code),
        *body,
    ]
    return [*parts, segment("UNT", str(len(parts) + 1), str(number))]


def check_code(code: str, remedy: str = "use the metering code") -> None:
    """
    Check what a metering point or a meter is called.

    Parameters:
        remedy: what to do, for an error.

    Raises:
        LayoutError: It cannot stand in EDIFACT.
    """
    if not 0 < len(code) <= _MAX_CODE or code != code.strip():
        raise LayoutError(
            f"a name has 1 to {_MAX_CODE} characters and no blanks around them",
            f"name {code!r}",
            remedy,
        )
    for position, character in enumerate(code, start=1):
        if not character.isprintable() or ord(character) > 0xFF:
            raise LayoutError(
                f"position {position}: {character!r} cannot stand in EDIFACT (UNOC)",
                f"name {code!r}",
                remedy,
            )


def _quantity(row: Row, form: Mscons) -> list[str]:
    where = f"{row.code} {row.start.isoformat()}"
    if row.end <= row.start:
        raise LayoutError(f"ends at {row.end.isoformat()}", where, "give it a length")
    return [amount(row, form, where), *_period(row.start, row.end, form, where)]


def amount(row: Row, form: Mscons, where: str) -> str:
    """
    Write the value of a row; one that is missing is 0 and unusable.

    Raises:
        LayoutError: It cannot be written.
    """
    text = energy_text(row, form.decimals, where) or f"{0:.{form.decimals}f}"
    unit = (_UNITS[unit_of(row.obis)],) if form.has_units else ()
    return segment("QTY", (_QUALIFIERS[row.status], text, *unit))


def _period(start: datetime, end: datetime, form: Mscons, where: str) -> list[str]:
    return [
        segment("DTM", (qualifier, *_moment(at, form, where)))
        for qualifier, at in (("163", start), ("164", end))
    ]


def reading_time(at: datetime, form: Mscons, where: str) -> str:
    """
    Write when a register was read, to the minute: a bare date could be its begin or its end.

    Raises:
        LayoutError: It is no whole minute.
    """
    return segment("DTM", ("9", *_moment(at, form, where)))


def _moment(at: datetime, form: Mscons, where: str) -> tuple[str, str]:
    """Write an instant: with its offset; that of the creation is local and without in 2.2e."""
    if where == "created" and not form.is_utc:
        return f"{days.to_local(at):%Y%m%d%H%M}", "203"
    if where != "created" and (at.second or at.microsecond):
        raise LayoutError(f"{at.isoformat()} is no whole minute", where, "use whole minutes")
    there = at.astimezone(UTC) if form.is_utc else days.to_local(at)
    hours = (there.utcoffset() or timedelta()) // timedelta(hours=1)
    return f"{there:%Y%m%d%H%M}{hours:+03d}", "303"


# -- reading ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quantity:
    """
    One value of a file.

    Attributes:
        code: the metering point; empty where it is not named.
        obis: as it is written; empty where it is not.
        start: of the interval, in UTC; None for a register reading.
        end: of the interval, or when the register was read.
        value: as it is written.
        unit: kWh, kvarh or m³ as `obis` has them, another one as it is written; empty where
            it follows from the OBIS code.
        qualifier: 220, 67, …; `STATUSES` says what they mean.
    """

    code: str
    obis: str
    start: datetime | None
    end: datetime
    value: Decimal
    unit: str
    qualifier: str


@dataclass(frozen=True, slots=True)
class Document:
    """
    What a file tells.

    Attributes:
        sender, receiver: of the last interchange.
        version: of the last message.
        quantities: in their order.
        remarks: what is not as it should be, a sentence each.
    """

    sender: str
    receiver: str
    version: str
    quantities: tuple[Quantity, ...]
    remarks: tuple[str, ...]


def rows_in(document: Document) -> list[Row]:
    """
    Give the interval energies of a file as rows.

    Raises:
        UnreadableFile: One has a qualifier that nothing is known of, or is no energy.
    """
    rows = []
    for one in document.quantities:
        start = one.start
        if start is None:
            continue
        rows.append(_row(one, start, one.end))
    return rows


def readings_in(document: Document) -> list[Row]:
    """
    Give the registers of a file as rows, each of the local day that ends when it was read.

    Raises:
        UnreadableFile: One has a qualifier that nothing is known of, is no value, or was read
            at no local midnight.
    """
    rows = []
    for one in document.quantities:
        if one.start is not None:
            continue
        if (bounds := days.day_that_ends(one.end)) is None:
            what = f"the register was read at {one.end.isoformat()}, which is no local midnight"
            raise UnreadableFile(what, one.code, "give registers at the ends of days")
        rows.append(_row(one, *bounds))
    return rows


def _row(one: Quantity, start: datetime, end: datetime) -> Row:
    where = f"{one.code} {start.isoformat()}"
    status = STATUSES.get(one.qualifier)
    if status is None:
        known = ", ".join(STATUSES)
        what = f"the quantity has the qualifier {one.qualifier!r}"
        raise UnreadableFile(what, where, f"known are {known}")
    if one.unit and one.unit != (unit := unit_of(one.obis)):
        raise UnreadableFile(f"the quantity is in {one.unit!r}", where, f"give {unit}")
    energy = None if status is Status.MISSING else one.value
    return Row(one.code, one.obis, start, end, energy, status)


def read(content: bytes) -> Document:
    """
    Read a file of any of these versions, leniently.

    Raises:
        UnreadableFile: It is no MSCONS; names the segment.
    """
    reader = _Reader()
    for one in segments(content):
        reader.take(one)
    return reader.end()


@dataclass(slots=True)
class _Open:
    """A quantity whose times may still come."""

    segment: Segment
    start: datetime | None = None
    end: datetime | None = None


@dataclass(slots=True)
class _Reader:
    """Takes segment after segment."""

    sender: str = ""
    receiver: str = ""
    version: str = ""
    is_message: bool = False
    began: int = 0
    code: str = ""
    obis: str = ""
    #: Of the metering point, by its qualifiers: 163 start, 164 end, 9 reading.
    times: dict[str, datetime] = field(default_factory=dict)
    step: timedelta | None = None
    #: Where a quantity without times of its own begins.
    next_start: datetime | None = None
    quantity: _Open | None = None
    #: Of local times without an offset, the last one: in October it tells them apart.
    last_local: datetime | None = None
    found: list[Quantity] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def take(self, one: Segment) -> None:
        """Take the next segment; those that say nothing of values are passed over."""
        if not self.is_message and one.tag not in ("UNB", "UNH", "UNZ", "UNG", "UNE"):
            raise UnreadableFile(
                f"{one.tag} stands before any UNH", f"segment {one.number}", "give MSCONS"
            )
        taker: Callable[[_Reader, Segment], None] | None = _TAKERS.get(one.tag)
        if taker is not None:
            taker(self, one)

    def end(self) -> Document:
        """Give what was read."""
        if self.is_message:
            self.remarks.append("the last message is not closed by UNT")
            self._close_quantity()
        if not self.version:
            raise UnreadableFile("has no message", "file", "give MSCONS")
        return Document(
            self.sender, self.receiver, self.version, tuple(self.found), tuple(self.remarks)
        )

    def begin_interchange(self, one: Segment) -> None:
        """UNB."""
        self.sender, self.receiver = one.part(1), one.part(2)

    def begin_message(self, one: Segment) -> None:
        """UNH."""
        kind = one.part(1)
        if kind != "MSCONS":
            raise UnreadableFile(f"the message is {kind!r}", f"segment {one.number}", "give MSCONS")
        if self.is_message:
            self._close_quantity()
            self.remarks.append(f"no UNT stands before segment {one.number}, a UNH")
        self.version, self.is_message, self.began = one.part(1, 4), True, one.number
        self._begin_point("")

    def end_message(self, one: Segment) -> None:
        """UNT."""
        self._close_quantity()
        self.is_message = False
        count, said = one.number - self.began + 1, one.part(0)
        if said != str(count):
            self.remarks.append(f"UNT says {said or 'no'} segments, there are {count}")

    def place(self, one: Segment) -> None:
        """LOC: the metering point, in older files behind an empty name (C517)."""
        self._close_quantity()
        names = one.elements[1] if len(one.elements) > 1 else ()
        self._begin_point(next((name for name in (*names[:1], *names[3:]) if name), ""))

    def item(self, one: Segment) -> None:
        """LIN: what follows is of another code."""
        del one
        self._close_quantity()
        self.obis, self.next_start = "", self.times.get("163")

    def product(self, one: Segment) -> None:
        """PIA: the OBIS code."""
        self.obis = one.part(1)

    def amount(self, one: Segment) -> None:
        """QTY."""
        self._close_quantity()
        self.quantity = _Open(one)

    def time(self, one: Segment) -> None:
        """DTM: of the quantity before it, else of the metering point."""
        qualifier, text, form = one.part(0), one.part(0, 1), one.part(0, 2)
        if form == "806":  # how long an interval is, in minutes
            self.step = timedelta(minutes=_whole(text, one))
            return
        if qualifier not in ("163", "164", "9", "7"):
            return
        at = self._instant(text, form, one)
        if self.quantity is None:
            self.times[qualifier] = at
            self.next_start = self.times.get("163")
        elif qualifier == "163":
            self.quantity.start = at
        else:
            self.quantity.end = at

    def _begin_point(self, code: str) -> None:
        self.code, self.obis, self.times = code, "", {}
        self.step = self.next_start = self.last_local = None

    def _close_quantity(self) -> None:
        open_one, self.quantity = self.quantity, None
        if open_one is None:
            return
        one, start, end = open_one.segment, open_one.start, open_one.end
        if start is None and end is None and self.step is not None:
            start = self.next_start
        if end is None and start is not None and self.step is not None:
            end = start + self.step
        end = end or self.times.get("9") or self.times.get("7") or self.times.get("164")
        if end is None:
            raise UnreadableFile(
                "the quantity has no time", f"segment {one.number}", "give it DTM 163 and 164"
            )
        self.next_start = end
        unit = one.part(0, 2)
        self.found.append(
            Quantity(
                self.code,
                self.obis,
                start,
                end,
                _value(one),
                _UNITS_READ.get(unit, unit),
                one.part(0),
            )
        )

    def _instant(self, text: str, form: str, one: Segment) -> datetime:
        where = f"segment {one.number}"
        try:
            if form == "102":
                day = datetime.strptime(f"{text}+0000", "%Y%m%d%z").date()
                return days.day_bounds(day)[0]
            shown = datetime.strptime(f"{text[:12]}+0000", "%Y%m%d%H%M%z")
            if len(text) == 12:
                return self._local(shown.replace(tzinfo=None))
            if len(text) == 15 and text[12] in "+-":
                return shown - timedelta(hours=int(text[12:]))
        except (ValueError, OverflowError):
            pass
        what = f"{text!r} is no time of the form {form!r}"
        raise UnreadableFile(what, where, "use 102, 203 or 303")

    def _local(self, naive: datetime) -> datetime:
        """Read a local time without offset; in October its order tells which one is meant."""
        at = days.instant_of_naive(naive, "Europe/Zurich")
        if self.last_local is not None and at < self.last_local:
            at = max(at, days.instant_of_naive(naive, "Europe/Zurich", fold=1))
        self.last_local = at
        return at


_TAKERS: Mapping[str, Callable[[_Reader, Segment], None]] = MappingProxyType(
    {
        "UNB": _Reader.begin_interchange,
        "UNH": _Reader.begin_message,
        "UNT": _Reader.end_message,
        "LOC": _Reader.place,
        "LIN": _Reader.item,
        "PIA": _Reader.product,
        "QTY": _Reader.amount,
        "DTM": _Reader.time,
    }
)


def _value(one: Segment) -> Decimal:
    text = one.part(0, 1)
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise UnreadableFile(f"{text!r} is no quantity", f"segment {one.number}", "give a number")
    return value


def _whole(text: str, one: Segment) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not (is_number and 0 < int(text) <= days.MINUTES_OF_DAY):
        what = f"{text!r} is no length of an interval in minutes"
        raise UnreadableFile(what, f"segment {one.number}", "give 1 to 1440")
    return int(text)
