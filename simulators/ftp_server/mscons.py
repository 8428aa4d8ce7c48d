"""
The utility's own reader of MSCONS, load profiles and registers, from the rules of the BDEW alone.

MSCONS MIG 2.2g and AHB 2.2a say which segments stand where. The reader is strict: parties,
version, counts and periods must be as agreed and right, since a value that an importer had to
guess ends on somebody's bill. Of version 2.4a no authentic Swiss file is public; times in UTC
and quantities with a unit are ASSUMED.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from simulators.ftp_server.daily_csv import bounds_of
from simulators.ftp_server.timeseries_csv import Row, Series, Stands, Unreadable, unit_of

_SEGMENT = re.compile(r"((?:[^?']|\?.)*)'\r?\n?", re.DOTALL)
_TIME = re.compile(r"DTM\+(\d+):(\d{12})\?([+-])(\d\d):303")
_QUANTITY = re.compile(r"QTY\+(220|67|20):(\d+(?:\.\d+)?)(?::(KWH|K3|MTQ))?")
_UNITS = {"kWh": "KWH", "kvarh": "K3", "m3": "MTQ"}
_UNH = re.compile(r"UNH\+([^+:]+)\+MSCONS:D:04B:UN:([^+:]+)")
_UNB = re.compile(
    r"UNB\+UNOC:3\+([^+:]+):\w+\+([^+:]+):\w+\+\d{6}:\d{4}\+([^+:]{1,14})\+\+(TL|VL)(?:\+.*)?"
)
_PRODUCT = re.compile(r"PIA\+5\+(.+):SRW")
_MOMENT = timedelta(microseconds=1)
_STATUSES = {"220": "W", "67": "E", "20": "F"}
_UTC_VERSIONS = ("2.4a",)


@dataclass(frozen=True, slots=True)
class MsconsAgreed:
    """
    What was agreed with the sender.

    Attributes:
        sender, receiver: codes of the parties.
        version: of the message.
        zone: of times: ``local`` or ``utc``; ``by version`` is UTC in 2.4a.
        unit: whether quantities have one: ``always``, ``never``, or ``by version``: in 2.4a.
        name_pattern: of the file name; ``{created}`` (14 digits) gives the order of files.
        files: one file per ``task`` or per ``meter``.
        of_registers: whether it tells what registers show when days end (VL), not load profiles.
    """

    sender: str
    receiver: str
    version: str = "2.2e"
    zone: str = "by version"
    unit: str = "by version"
    name_pattern: str = "MSCONS_TL_{task}_{from}_{to}_{created}_{revision}.txt"
    files: str = "task"
    of_registers: bool = False

    @classmethod
    def from_mapping(cls, knobs: Mapping[str, Any]) -> Self:
        """Take what is agreed of a sender's knobs; what else they turn, the reader takes."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{knob: value for knob, value in knobs.items() if knob in known})

    @property
    def is_utc(self) -> bool:
        """Whether times are in UTC."""
        return self._holds(self.zone, "utc")

    @property
    def has_units(self) -> bool:
        """Whether quantities have a unit."""
        return self._holds(self.unit, "always")

    @property
    def kind(self) -> tuple[str, str]:
        """What UNB and RFF+Z13 say that it is (AHB 2.2a)."""
        return ("VL", "13002") if self.of_registers else ("TL", "13008")

    def rows_in(self, content: bytes, known: dict[Series, int]) -> list[Row]:
        """
        Read a file; see `read`.

        Raises:
            Unreadable: If anything is not as agreed, or not by the rules.
        """
        del known  # each value says how long it is
        return read(content, self)

    def _holds(self, said: str, word: str) -> bool:
        return self.version in _UTC_VERSIONS if said == "by version" else said == word


def read(content: bytes, agreed: MsconsAgreed) -> list[Row]:
    """
    Read a file.

    Raises:
        Unreadable: If anything is not as agreed, or not by the rules.
    """
    text = content.decode("latin-1").removeprefix("UNA:+.? '").lstrip("\r\n")
    parts, end = [], 0
    for found in _SEGMENT.finditer(text):
        parts.append(found[1])
        end = found.end()
    if end != len(text) or len(parts) < 2:
        raise Unreadable("it is not closed: the last segment has no end")
    return list(_Interchange(parts, agreed).rows())


def _plain(text: str) -> str:
    return re.sub(r"\?(.)", r"\1", text)


class _Interchange:
    """One file, segment by segment."""

    def __init__(self, parts: list[str], agreed: MsconsAgreed) -> None:
        self._parts = parts
        self._agreed = agreed
        self._at = 0

    def rows(self) -> Iterator[Row]:
        """Give the rows of all messages."""
        head = self._match(_UNB)
        if (_plain(head[1]), _plain(head[2])) != (self._agreed.sender, self._agreed.receiver):
            raise self._refused(f"it goes from {head[1]} to {head[2]}, which was not agreed")
        if head[4] != self._agreed.kind[0]:
            raise self._refused(f"its application is {head[4]}, agreed is {self._agreed.kind[0]}")
        count = 0
        while self._peek("UNH"):
            count += 1
            yield from self._message()
        self._exactly(f"UNZ+{count}+{head[3]}")
        if self._at != len(self._parts):
            raise self._refused("something stands behind UNZ")

    def _message(self) -> Iterator[Row]:
        began = self._at
        head = self._match(_UNH)
        if head[2] != self._agreed.version:
            raise self._refused(f"its version is {head[2]}, agreed is {self._agreed.version}")
        self._match(re.compile(r"BGM\+7\+[^+]{1,35}\+9"))
        self._match(re.compile(r"DTM\+137:.+"))
        self._exactly(f"RFF+Z13:{self._agreed.kind[1]}")
        for role, party in (("MS", self._agreed.sender), ("MR", self._agreed.receiver)):
            self._match(re.compile(rf"NAD\+{role}\+{re.escape(party)}::\d+"))
        self._exactly("UNS+D")
        self._exactly("NAD+DP")
        code = _plain(self._match(re.compile(r"LOC\+172\+(.+)"))[1])
        yield from self._registers(code) if self._agreed.of_registers else self._profile(code)
        self._exactly(f"UNT+{self._at - began + 1}+{head[1]}")

    def _profile(self, code: str) -> list[Row]:
        period = self._period()
        self._exactly("LIN+1")
        obis = _plain(self._match(_PRODUCT)[1])
        rows = list(self._quantities(code, obis))
        if not rows or period != (rows[0].start, rows[-1].end):
            raise self._refused("the period of a series is not that of its values")
        return rows

    def _registers(self, code: str) -> Iterator[Row]:
        read_at = self._match(_TIME)
        instant = self._instant(read_at)
        start, end = bounds_of(instant - _MOMENT)
        if read_at[1] != "9" or instant != end:
            raise self._refused("the time of reading is no local midnight")
        if self._peek("RFF"):
            self._match(re.compile(r"RFF\+MG:.+"))
        self._exactly("CCI+ACH++PMR")
        self._match(re.compile(r"CCI\+16\+\+(MRV|EMV)"))
        place = 0
        while self._peek("LIN"):
            place += 1
            self._exactly(f"LIN+{place}")
            obis = _plain(self._match(_PRODUCT)[1])
            amount = self._amount(obis)
            yield Row(code, obis, start, end, *amount, Stands(self._at))
        if not place:
            raise self._refused("a message tells of no register")

    def _amount(self, obis: str) -> tuple[Decimal | None, str]:
        found = self._match(_QUANTITY)
        wanted = _UNITS[unit_of(obis)] if self._agreed.has_units else None
        if found[3] != wanted:
            told = found[3] or "no unit"
            raise self._refused(f"a quantity has {told}, agreed is {wanted or 'none'}")
        status = _STATUSES[found[1]]
        if status == "F" and Decimal(found[2]):
            raise self._refused("a value that is unusable is not 0")
        return (None if status == "F" else Decimal(found[2])), status

    def _quantities(self, code: str, obis: str) -> Iterator[Row]:
        last: datetime | None = None
        while self._peek("QTY"):
            amount, stands = self._amount(obis), Stands(self._at)
            start, end = self._period()
            if end <= start or (last is not None and start < last):
                raise self._refused("intervals overlap, or have no length")
            last = end
            yield Row(code, obis, start, end, *amount, stands)

    def _period(self) -> tuple[datetime, datetime]:
        found = [self._match(_TIME), self._match(_TIME)]
        if [each[1] for each in found] != ["163", "164"]:
            raise self._refused("a period is not DTM 163 and DTM 164")
        start, end = (self._instant(each) for each in found)
        return start, end

    def _instant(self, found: re.Match[str]) -> datetime:
        hours = int(f"{found[3]}{found[4]}")
        if hours not in ((0,) if self._agreed.is_utc else (1, 2)):
            raise self._refused(f"a time has the offset {found[3]}{found[4]}")
        try:
            shown = datetime.strptime(f"{found[2]}+0000", "%Y%m%d%H%M%z")
        except ValueError:
            raise self._refused(f"{found[2]} is no time") from None
        return shown - timedelta(hours=hours)

    def _refused(self, why: str) -> Unreadable:
        return Unreadable(f"segment {self._at}: {why}")

    def _peek(self, tag: str) -> bool:
        return self._at < len(self._parts) and self._parts[self._at].startswith(f"{tag}+")

    def _match(self, form: re.Pattern[str]) -> re.Match[str]:
        if self._at == len(self._parts):
            raise Unreadable(f"it ends where {form.pattern} should stand")
        self._at += 1
        found = form.fullmatch(self._parts[self._at - 1])
        if found is None:
            stands = self._parts[self._at - 1][:60]
            raise self._refused(f"it is {stands!r}, expected {form.pattern}")
        return found

    def _exactly(self, text: str) -> None:
        self._match(re.compile(re.escape(text)))
