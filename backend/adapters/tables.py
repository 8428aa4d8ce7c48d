"""
The tables of the store, once, in words that SQLite and PostgreSQL both understand.

Rule 1: an instant is a whole number of microseconds since 1970 in UTC: exact, sortable and
the same in every database. Rule 2: a quantity is text, digit for digit as it was said.
Rule 3: what came from a device (`frame`, `meter_value`, `deviation`) is only ever added to.
Rule 4: what must happen once is a row with a unique key: what was measured at an instant, an
expected export, a file, a delivery, a receipt. Rule 5: no secret has a column.

A change here needs a migration; a test compares the two.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: A key: 64 bits on PostgreSQL; SQLite counts only its INTEGER keys up by itself.
KEY = BigInteger().with_variant(Integer, "sqlite")


def to_microseconds(instant: datetime) -> int:
    """Give the whole microseconds since 1970 of an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Give the instant, in UTC, of whole microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as whole microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an instant into what is stored."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Turn what is stored into an instant."""
        return None if value is None else from_microseconds(value)


class Exact(TypeDecorator[Decimal]):
    """A decimal number, kept as text with every digit it came with."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Turn a number into what is stored."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """Turn what is stored into a number."""
        return None if value is None else Decimal(value)


class Said(TypeDecorator[str]):
    r"""
    Text from a device, which may hold what no database takes.

    A NUL and half of a surrogate pair, both possible in JSON escapes, are kept as their
    escapes (``\x00``, ``\ud800``).
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Turn a text into what is stored."""
        return None if value is None else storable(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Give what is stored."""
        return None if value is None else str(value)


def storable(text: str) -> str:
    """Escape what a database cannot keep: NUL and lone surrogates."""
    if text.isascii() and "\x00" not in text:  # nearly always
        return text
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def digest_of(*parts: str | int | None) -> str:
    """Give a short fingerprint of values, 24 hexadecimal digits, for a unique key."""
    # Each part with its length, so that no two lists of parts run into the same text.
    told = ["-" if part is None else f"{len(str(part))}:{part}" for part in parts]
    text = "|".join(told).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any) -> Table:
    key = Column("id", KEY, primary_key=True)
    # A number that was given out once, to a charger or on a receipt, is never given again.
    return Table(name, METADATA, key, *parts, sqlite_autoincrement=True)


def _of(table: str, nullable: bool = False) -> Column[int]:
    return Column(f"{table}_id", KEY, ForeignKey(f"{table}.id"), nullable=nullable)


def _text(name: str, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _said(name: str, nullable: bool = False) -> Column[str]:
    return Column(name, Said, nullable=nullable)


def _count(name: str, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def _at(name: str, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


account = _table("account", _text("name"), _flag("ise"), _flag("active"), UniqueConstraint("name"))

# What has a register: a charging station, or a meter (`kind`), whose identity is its name with a
# blank in front of it, as no charger's can be. So both keep what they said in the same tables.
station = _table(
    "station",
    Column("kind", Text, nullable=False, server_default="station"),
    _of("account"),
    _text("identity"),
    _text("name"),
    _text("profile"),
    _text("metering_code", nullable=True),
    _text("obis", nullable=True),
    _count("interval_minutes", nullable=True),
    _flag("active"),
    _at("booted_at", nullable=True),
    _said("boot", nullable=True),
    UniqueConstraint("identity"),
)

card = _table(
    "card",
    _of("account"),
    _text("id_tag"),
    _text("status"),
    _flag("active"),
    UniqueConstraint("account_id", "id_tag"),
)

format_ = _table(
    "format",
    _of("account"),
    _text("name"),
    _text("kind"),
    _text("layout"),
    _flag("active"),
    UniqueConstraint("account_id", "name"),
)

destination = _table(
    "destination",
    _of("account"),
    _text("name"),
    _text("kind"),
    _text("host"),
    _count("port"),
    _text("login"),
    _text("folder"),
    _text("host_key"),
    _flag("active"),
    UniqueConstraint("account_id", "name"),
)

task = _table(
    "task",
    _of("account"),
    _text("name"),
    _of("format"),
    _of("destination"),
    _text("stations"),
    _text("schedule"),
    _text("daily_at", nullable=True),
    _text("first_day", nullable=True),
    _flag("active"),
    UniqueConstraint("name"),
)

connection = _table(
    "connection",
    _of("station"),
    _at("connected_at"),
    _at("heard_at"),
    _at("disconnected_at", nullable=True),
    _text("ended_by", nullable=True),
    Index(None, "station_id", "connected_at"),
)

frame = _table(
    "frame",
    _of("station"),
    _of("connection"),
    _at("received_at"),
    _said("text"),
    # Of all stations together, so that the index grows at its end.
    Index(None, "received_at"),
)

# What the values of a meter value are, each as a list of the fields of a `Kind`, in one JSON
# text: a charger sends the same ones again and again, so they are kept once.
value_kinds = _table(
    "value_kinds",
    _of("station"),
    _count("connector"),
    _text("kinds"),
    _text("digest"),
    UniqueConstraint("station_id", "digest"),
)

# What a message says was measured at one instant: JSON lists of texts, value beside value. Its
# key is its place, by station and there by time, so that a message adds to one page at the end;
# a number of its own would be a second tree to keep. Where two messages tell of one instant, the
# later one is a part of its own, with what the earlier ones did not say.
meter_value = Table(
    "meter_value",
    METADATA,
    _of("station"),
    _at("instant"),
    _count("part"),
    _of("value_kinds"),
    _of("frame"),
    _count("position"),
    # The charger's own number of its transaction may be any 64-bit integer, or none: text.
    _text("transaction_said", nullable=True),
    _text("raw_values"),
    _text("exact_values"),
    PrimaryKeyConstraint("station_id", "instant", "part"),
    sqlite_with_rowid=False,
)

deviation = _table(
    "deviation",
    _of("station"),
    _of("frame", nullable=True),
    _at("received_at"),
    _said("action"),
    _said("rule"),
    _said("place"),
    _said("said"),
    _said("meaning"),
    Index(None, "station_id", "received_at"),
)

session = _table(
    "session",
    _of("station"),
    _count("connector"),
    _said("id_tag"),
    _at("started_at"),
    Column("meter_start_wh", Exact, nullable=True),
    _at("ended_at", nullable=True),
    Column("meter_stop_wh", Exact, nullable=True),
    _said("reason"),
    _text("state"),
    Index(None, "station_id", "started_at"),
)

configuration = _table(
    "configuration",
    _of("station"),
    _text("name"),
    _text("wanted"),
    _said("found", nullable=True),
    _said("result"),
    _at("settled_at"),
    UniqueConstraint("station_id", "name"),
)

# Where a charger and the meter in front of it differ: a row for each day of a station.
meter_difference = _table(
    "meter_difference",
    _of("station"),
    _text("day"),
    _text("meter"),
    _text("counts"),
    Column("charger_kwh", Exact, nullable=False),
    Column("meter_kwh", Exact, nullable=False),
    _count("compared"),
    _count("left_out"),
    Column("limit_percent", Exact, nullable=False),
    Column("limit_kwh", Exact, nullable=False),
    _at("found_at"),
    # When the same day was found to agree after all, for example by what was told late.
    _at("settled_at", nullable=True),
    UniqueConstraint("station_id", "day"),
)

# A period that a task exports; with ``due_at`` where its schedule asked for it.
expected_export = _table(
    "expected_export",
    _of("task"),
    _at("start_at"),
    _at("end_at"),
    _at("due_at", nullable=True),
    _at("made_at", nullable=True),
    UniqueConstraint("task_id", "start_at", "end_at"),
)

file = _table(
    "file",
    _of("expected_export"),
    _count("revision"),
    _text("part"),
    _text("name"),
    Column("content", LargeBinary, nullable=False),
    _text("sha256"),
    _count("size"),
    _count("rows"),
    _at("first_at", nullable=True),
    _at("last_at", nullable=True),
    _at("created_at"),
    # What its name says of its creation, and the newest frame that it could know.
    _at("named_at", nullable=True),
    Column("last_frame_id", BigInteger, nullable=True),
    UniqueConstraint("expected_export_id", "revision", "part"),
    Index(None, "named_at"),
)

delivery = _table(
    "delivery",
    _of("file"),
    _of("destination"),
    _text("state"),
    _count("tries"),
    _at("next_try_at", nullable=True),
    _text("cause", nullable=True),
    _text("sentence", nullable=True),
    _at("delivered_at", nullable=True),
    UniqueConstraint("file_id", "destination_id"),
    Index(None, "state"),
)

receipt = _table(
    "receipt",
    _of("delivery"),
    _text("server"),
    _text("name"),
    _text("sha256"),
    _count("size"),
    _count("size_there", nullable=True),
    _count("rows"),
    _at("first_at", nullable=True),
    _at("last_at", nullable=True),
    _at("created_at"),
    _at("arrived_at"),
    _count("tries"),
    _flag("already_there"),
    UniqueConstraint("delivery_id"),
)

# What a file told of one series from ``start_at`` to ``end_at``: ``energies`` is a JSON list of
# whole steps of 10^-``decimals`` kWh, null where it was missing; ``rules`` has the rule and the
# status of each, as a JSON list of [rule, status, how many]. An interval that the file did not
# tell of has a rule and a status of "".
told = Table(
    "told",
    METADATA,
    _of("task"),
    _text("code"),
    _text("obis"),
    _at("start_at"),
    _of("file"),
    _at("end_at"),
    _count("step_s"),
    _count("decimals"),
    _text("energies"),
    _text("rules"),
    PrimaryKeyConstraint("task_id", "code", "obis", "start_at", "file_id"),
    sqlite_with_rowid=False,
)

# Since when something new is known of a station, until somebody looks whether what was told
# of it still holds (`touched`), and then for each task until that is done (`reopened`).
touched = Table(
    "touched",
    METADATA,
    _of("station"),
    _at("since"),
    PrimaryKeyConstraint("station_id"),
    sqlite_with_rowid=False,
)

reopened = Table(
    "reopened",
    METADATA,
    _of("task"),
    _of("station"),
    _at("since"),
    PrimaryKeyConstraint("task_id", "station_id"),
    sqlite_with_rowid=False,
)

# A local day of a station about whose register nothing is odd, derived from `meter_value`:
# ``registers`` are whole units of 10^-``places`` Wh, packed as `core.plain_days.Course` says; null
# where the day is not plain. By day first, as files are made of a day of all stations.
plain_day = Table(
    "plain_day",
    METADATA,
    _at("start_at"),
    _of("station"),
    _count("step_s"),
    _text("max_power_w"),
    _count("places"),
    Column("registers", LargeBinary, nullable=True),
    PrimaryKeyConstraint("start_at", "station_id"),
    sqlite_with_rowid=False,
)

# ---------------------------------------------------------------- what is known of chargers

registration = _table(
    "registration",
    _of("station"),
    _text("status"),
    _said("serial"),
    _at("answered_at"),
    UniqueConstraint("station_id"),
)

connector = _table(
    "connector",
    _of("station"),
    _count("number"),
    _said("status"),
    _said("error_code"),
    _said("info"),
    _said("vendor_id"),
    _said("vendor_error_code"),
    _at("told_at"),
    _at("since"),
    # What was told last of a fault, until the status is another one than Faulted.
    _said("fault_code", nullable=True),
    _said("fault_info", nullable=True),
    _said("fault_vendor_code", nullable=True),
    _at("fault_at", nullable=True),
    UniqueConstraint("station_id", "number"),
)

upkeep = _table(
    "upkeep",
    _of("station"),
    _text("kind"),
    _said("status"),
    _at("since"),
    _at("told_at"),
    UniqueConstraint("station_id", "kind"),
)

command = _table(
    "command",
    _of("station"),
    _of("connection"),
    _text("action"),
    # With what is secret masked.
    _said("payload"),
    _at("sent_at"),
    _at("ended_at", nullable=True),
    _text("outcome", nullable=True),
    _said("answer", nullable=True),
    Index(None, "station_id", "sent_at"),
)

local_list = _table(
    "local_list",
    _of("station"),
    _count("version"),
    _text("entries"),
    _flag("is_sure"),
    _said("status"),
    _at("sent_at"),
    UniqueConstraint("station_id"),
)

reservation = _table(
    "reservation",
    _of("station"),
    _count("connector"),
    _said("id_tag"),
    _said("parent_id_tag", nullable=True),
    _at("expires_at"),
    _at("asked_at"),
    _said("status"),
    _at("ended_at", nullable=True),
    Index(None, "station_id", "expires_at"),
)

charging_profile = _table(
    "charging_profile",
    _of("station"),
    _count("connector"),
    _count("number"),
    _text("purpose"),
    _count("stack_level"),
    _text("profile"),
    _at("set_at"),
    _at("ended_at", nullable=True),
    Index(None, "station_id", "set_at"),
)
