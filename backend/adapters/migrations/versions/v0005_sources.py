"""
Meters beside charging stations, and where the two differ.

A meter is a row of `station` with another kind, so that what it says is kept as what chargers say.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Tell meters from stations, and make room for differences."""
    kind = sa.Column("kind", sa.Text(), server_default="station", nullable=False)
    op.add_column("station", kind)
    op.create_table(
        "meter_difference",
        sa.Column("id", KEY, nullable=False),
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("charger_kwh", sa.Text(), nullable=False),
        sa.Column("meter_kwh", sa.Text(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("limit_percent", sa.Text(), nullable=False),
        sa.Column("limit_kwh", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_meter_difference_station_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_difference")),
        sa.UniqueConstraint("station_id", "day", name=op.f("uq_meter_difference_station_id_day")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Take them away; what meters said stays, under stations that nobody is."""
    op.drop_table("meter_difference")
    op.execute("UPDATE station SET active = 0 WHERE kind <> 'station'")
    op.drop_column("station", "kind")
