"""The last signed head of each log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_log_heads",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("root_sm3", sa.LargeBinary(), nullable=False),
        sa.Column("note_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("note_sm3", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log"),
    )


def downgrade() -> None:
    op.drop_table("evidence_log_heads")
