"""
Days about whose register nothing is odd, kept as whole numbers.

They are derived from what was measured, so there are none at first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "plain_day",
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("station_id", KEY, nullable=False),
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("max_power_w", sa.Text(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("registers", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_plain_day_station_id")
        ),
        sa.PrimaryKeyConstraint("start_at", "station_id", name=op.f("pk_plain_day")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("plain_day")
