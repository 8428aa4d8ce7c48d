"""What a utility agrees on with a sender: the kind of its files, and the knobs that it turned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from simulators.ftp_server.daily_csv import (
    ColumnsLayout,
    FeedLayout,
    ReadingsLayout,
    columns_in,
)
from simulators.ftp_server.esl_xml import XmlAgreed
from simulators.ftp_server.mscons import MsconsAgreed
from simulators.ftp_server.timeseries_csv import Layout, Row, Series


class Agreed(Protocol):
    """What was agreed with a sender."""

    @property
    def name_pattern(self) -> str:
        """Of the file name; ``{created}`` (14 digits) gives the order of files."""
        ...

    @property
    def files(self) -> str:
        """One file per ``task`` or per ``meter``."""
        ...

    def rows_in(self, content: bytes, known: dict[Series, int]) -> list[Row]:
        """
        Read a file.

        Parameters:
            known: the interval in minutes of series seen before.

        Raises:
            Unreadable: If anything is not as agreed; then no value of the file counts.
        """
        ...


_LAYOUTS: Mapping[str, type[Layout]] = {
    "ise-timeseries-csv": Layout,
    "ise-readings-csv": ReadingsLayout,
    "ise-feed-csv": FeedLayout,
    "csv": ColumnsLayout,
}
_REGISTERS_NAME = "MSCONS_VL_{task}_{from}_{to}_{created}_{revision}.txt"
#: Knobs of a sender that a reader need not know: what is asked for is what comes.
_SENDERS_OWN = ("only_basic_data",)


def agreed_of(knobs: Mapping[str, Any]) -> Agreed:
    """
    Agree on a kind of file and on knobs, as a sender's settings have them.

    Raises:
        ValueError: If there is no such kind, no such knob, or no such choice of one.
    """
    told = {knob: value for knob, value in knobs.items() if knob not in _SENDERS_OWN}
    kind = told.pop("kind", "ise-timeseries-csv")
    if kind == "mscons":
        return MsconsAgreed.from_mapping(told)
    if kind == "mscons-readings":
        named = {"name_pattern": _REGISTERS_NAME, **told, "of_registers": True}
        return MsconsAgreed.from_mapping(named)
    if kind == "ise-readings-xml":
        return XmlAgreed.from_mapping(told)
    if kind not in _LAYOUTS:
        raise ValueError(f"there is no kind of file {kind!r}")
    if "key" in told:
        told["key"] = (
            "metering code" if told["key"] in ("metering_code", "metering code") else "name"
        )
    if kind == "csv" and "obis" in told:
        told["obis"] = columns_in(told["obis"])
    elif kind != "csv":
        told.pop("obis", None)
    return _LAYOUTS[kind].from_mapping(told)
