"""
The OBIS codes that each format lists (document 002 "Obis Code IS-E", "mscons", "CSV").

Rule 1: a code that a format does not list is refused where the format is set (FMT-07).
Rule 2: two spellings of one code are one code: leading zeros and ``*255`` make no difference.

The feed has no table of its own: its codes are those of IS-E with D = 9 in place of D = 8, as
document 001 has ``1.9.0`` and VSE Metering Code §11.3 calls it Vorschub. The codes of virtual
tariffs are those of document 002 "Export virtual tariffs".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from backend.core.obis import Obis
from backend.errors import ObisError


@dataclass(frozen=True, slots=True)
class Listed:
    """A code of a table, with its meaning in the table's words, and its unit."""

    code: str
    meaning: str
    unit: str


def _table(*rows: tuple[str, str, str]) -> Mapping[str, Listed]:
    return MappingProxyType({Obis.parse(row[0]).normalised: Listed(*row) for row in rows})


IS_E = _table(
    ("1-1:1.8.0", "Active Energy Total Import", "kWh"),
    ("1-1:1.8.1", "Active Energy Tariff 1 Import", "kWh"),
    ("1-1:1.8.2", "Active Energy Tariff 2 Import", "kWh"),
    ("1-1:2.8.0", "Active Energy Total Export", "kWh"),
    ("1-1:2.8.1", "Active Energy Tariff 1 Export", "kWh"),
    ("1-1:2.8.2", "Active Energy Tariff 2 Export", "kWh"),
    ("1-1:5.8.0", "Reactive Energy Q1", "kvarh"),
    ("1-1:6.8.0", "Reactive Energy Q2", "kvarh"),
    ("1-1:7.8.0", "Reactive Energy Q3", "kvarh"),
    ("1-1:8.8.0", "Reactive Energy Q4", "kvarh"),
    ("5-1:1.0.0", "Cold (Energie)", "kWh"),
    ("6-1:1.0.0", "Heat (Energie)", "kWh"),
    ("8-1:1.0.0", "Cold water", "m3"),
    ("9-1:1.0.0", "Hot water", "m3"),
)
"""Of document 002 "Obis Code IS-E"; the units of reactive energy follow from IEC 62056-61."""
MSCONS = _table(
    ("1-1:1.29.0*255", "Active Energy Total Import (load profile)", "kWh"),
    ("1-1:2.29.0*255", "Active Energy Total Export (load profile)", "kWh"),
    ("1-1:5.29.0*255", "Reactive Energy Q1 (load profile)", "kvarh"),
    ("1-1:6.29.0*255", "Reactive Energy Q2 (load profile)", "kvarh"),
    ("1-1:7.29.0*255", "Reactive Energy Q3 (load profile)", "kvarh"),
    ("1-1:8.29.0*255", "Reactive Energy Q4 (load profile)", "kvarh"),
    ("5-1:1.29.0*255", "Cold (load profile)", "kWh"),
    ("6-1:1.29.0*255", "Heat (load profile)", "kWh"),
    ("8-1:1.29.0*255", "Cold water (load profile)", "m3"),
    ("9-1:1.29.0*255", "Hot water (load profile)", "m3"),
)
"""Of document 002 "Obis Code mscons"."""
CSV = _table(
    ("1-0:1.8.0*255", "Active Energy Total Import", "kWh"),
    ("1-0:1.8.1*255", "Active Energy Tariff 1 Import", "kWh"),
    ("1-0:1.8.2*255", "Active Energy Tariff 2 Import", "kWh"),
    ("1-0:2.8.0*255", "Active Energy Total Export", "kWh"),
    ("1-0:2.8.1*255", "Active Energy Tariff 1 Export", "kWh"),
    ("1-0:2.8.2*255", "Active Energy Tariff 2 Export", "kWh"),
    ("1-1:5.8.0*255", "Reactive Energy Q1", "kvarh"),
    ("1-1:6.8.0*255", "Reactive Energy Q2", "kvarh"),
    ("1-1:7.8.0*255", "Reactive Energy Q3", "kvarh"),
    ("1-1:8.8.0*255", "Reactive Energy Q4", "kvarh"),
    ("6-0:1.0.0*255", "Heat Energy", "kWh"),
    ("5-0:1.0.0*255", "Cold Energy", "kWh"),
    ("8-0:1.0.0*255", "Cold Water Volume", "m3"),
    ("9-0:1.0.0*255", "Hot Water Volume", "m3"),
)
"""Of document 002 "Obis Code CSV"; the reactive energies are on channel 1 there, too."""
FEED = _table(
    *(
        (one.code.replace(".8.", ".9."), f"{one.meaning} of a period", one.unit)
        for one in IS_E.values()
        if ".8." in one.code
    )
)
"""Energy of a period (Vorschub)."""
TABLES: Mapping[str, Mapping[str, Listed]] = MappingProxyType(
    {"IS-E": IS_E, "mscons": MSCONS, "CSV": CSV, "IS-E feed": FEED}
)
"""The tables by the names of their formats."""

TARIFFS_MOST = 63
"""Of a folder; OBIS has room for so many tariffs (IEC 62056-61)."""
_SHOWN = 6


def check_listed(texts: Iterable[str], table: Mapping[str, Listed], where: str) -> None:
    """
    Check codes against a table.

    Raises:
        ObisError: The first that is none, that the table does not list, or that is there twice.
    """
    seen: set[str] = set()
    for text in texts:
        obis = Obis.parse(text, where)
        if obis.normalised not in table:
            some = [one.code for one in table.values()]
            rest = ", …" if len(some) > _SHOWN else ""
            raise ObisError(
                f"{text!r} ({obis.meaning}) is not listed for this format",
                where,
                f"use of its {len(some)} codes: {', '.join(some[:_SHOWN])}{rest}",
            )
        if obis.normalised in seen:
            raise ObisError(f"{text!r} is there twice", where, "take one out")
        seen.add(obis.normalised)


def virtual_code(number: int, *, is_feed: bool) -> str:
    """Give the code of a virtual tariff (document 002 "Export virtual tariffs")."""
    return f"1-5:1.{9 if is_feed else 8}.{number}"
