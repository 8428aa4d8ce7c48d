"""Exchanges of meters: ``[[station.meter_exchange]]`` and ``[[meter.meter_exchange]]``."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from backend.core.registers import Exchange
from backend.settings.section import Section, instant_of

#: So many exchanges of meters a station may have.
_EXCHANGES_MOST = 100


def read_exchanges(section: Section, connectors: int = 1) -> tuple[Exchange, ...]:
    """Read when the meters of a source were exchanged, by time and connector."""
    found: dict[tuple[datetime, int], Exchange] = {}
    for one in section.tables("meter_exchange", "at"):
        exchange = Exchange(
            at=_exchanged_at(one),
            old_end_wh=_register(one, "old_end_wh"),
            new_start_wh=_register(one, "new_start_wh"),
            connector=one.number("connector", 1, connectors, 1),
        )
        key = (exchange.at, exchange.connector)
        if key in found:
            raise one.error("at", "is there twice for this connector", "take one out")
        found[key] = exchange
        one.finish()
    if len(found) > _EXCHANGES_MOST:
        what = f"is there {len(found)} times"
        raise section.error("meter_exchange", what, f"keep it to {_EXCHANGES_MOST} a station")
    return tuple(found[key] for key in sorted(found))


def _exchanged_at(section: Section) -> datetime:
    value = section.take("at")
    instant = instant_of(value)
    if instant is None:
        what = "is missing" if value is None else f"is {value!r}"
        remedy = "write an instant with its zone: 2026-03-25T14:20:00+01:00"
        raise section.error("at", what, remedy)
    return instant


def _register(section: Section, key: str) -> Decimal | None:
    """Read what a register showed; a number in quotes has every digit that was typed."""
    value = section.take(key)
    if value is None:
        return None
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,12})?", text) is None:
        raise section.error(
            key, f"is {value!r}", 'write Wh, as a whole number or in quotes: "12345678.9"'
        )
    return Decimal(text)
