"""What the backend knows of chargers: registration, connectors, commands, lists, reservations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TABLES = (
    "registration",
    "connector",
    "upkeep",
    "command",
    "local_list",
    "reservation",
    "charging_profile",
)


def upgrade() -> None:
    """Make the tables."""
    _registration()
    _connector()
    _upkeep()
    _command()
    _local_list()
    _reservation()
    _charging_profile()


def downgrade() -> None:
    """Drop the tables, with what is in them."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _make(name: str, *columns: SchemaItem, once: tuple[str, ...] = (), sorted_by: str = "") -> None:
    """Make a table of things of stations."""
    rules: list[SchemaItem] = [
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=f"fk_{name}_station_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    ]
    if once:
        rules.append(sa.UniqueConstraint(*once, name=f"uq_{name}_{'_'.join(once)}"))
    key = sa.Column("id", KEY, nullable=False)
    station = sa.Column("station_id", KEY, nullable=False)
    op.create_table(name, key, station, *columns, *rules, sqlite_autoincrement=True)
    if sorted_by:
        op.create_index(f"ix_{name}_station_id_{sorted_by}", name, ["station_id", sorted_by])


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _registration() -> None:
    _make(
        "registration",
        _text("status"),
        _text("serial"),
        _at("answered_at"),
        once=("station_id",),
    )


def _connector() -> None:
    _make(
        "connector",
        _count("number"),
        _text("status"),
        _text("error_code"),
        _text("info"),
        _text("vendor_id"),
        _text("vendor_error_code"),
        _at("told_at"),
        _at("since"),
        _text("fault_code", nullable=True),
        _text("fault_info", nullable=True),
        _text("fault_vendor_code", nullable=True),
        _at("fault_at", nullable=True),
        once=("station_id", "number"),
    )


def _upkeep() -> None:
    _make(
        "upkeep",
        _text("kind"),
        _text("status"),
        _at("since"),
        _at("told_at"),
        once=("station_id", "kind"),
    )


def _command() -> None:
    _make(
        "command",
        sa.Column("connection_id", KEY, nullable=False),
        _text("action"),
        _text("payload"),
        _at("sent_at"),
        _at("ended_at", nullable=True),
        _text("outcome", nullable=True),
        _text("answer", nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name="fk_command_connection_id"
        ),
        sorted_by="sent_at",
    )


def _local_list() -> None:
    _make(
        "local_list",
        _count("version"),
        _text("entries"),
        sa.Column("is_sure", sa.Boolean(), nullable=False),
        _text("status"),
        _at("sent_at"),
        once=("station_id",),
    )


def _reservation() -> None:
    _make(
        "reservation",
        _count("connector"),
        _text("id_tag"),
        _text("parent_id_tag", nullable=True),
        _at("expires_at"),
        _at("asked_at"),
        _text("status"),
        _at("ended_at", nullable=True),
        sorted_by="expires_at",
    )


def _charging_profile() -> None:
    _make(
        "charging_profile",
        _count("connector"),
        _count("number"),
        _text("purpose"),
        _count("stack_level"),
        _text("profile"),
        _at("set_at"),
        _at("ended_at", nullable=True),
        sorted_by="set_at",
    )
