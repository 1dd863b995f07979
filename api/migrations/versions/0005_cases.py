"""Cases: the contract they are about, when they began, where they were closed, what holds them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FIRST_TIME = """
UPDATE evidence_cases SET opened_at = (
    SELECT events.recorded_at FROM evidence_events AS events
    WHERE events.tenant = evidence_cases.tenant AND events.case_id = evidence_cases.case_id
    ORDER BY events.case_seq LIMIT 1
)
"""
CONTRACT = """
UPDATE evidence_cases SET contract_id = (
    SELECT {read} FROM evidence_events AS events
    WHERE events.tenant = evidence_cases.tenant AND events.case_id = evidence_cases.case_id
    AND {read} IS NOT NULL
    ORDER BY events.case_seq LIMIT 1
)
"""
READ = {
    "postgresql": "convert_from(events.envelope, 'UTF8')::json ->> 'contract_id'",
    "sqlite": "json_extract(CAST(events.envelope AS TEXT), '$.contract_id')",
}


def upgrade() -> None:
    with op.batch_alter_table("evidence_cases") as table:
        table.add_column(sa.Column("contract_id", sa.Text(), nullable=True))
        table.add_column(sa.Column("opened_at", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("closed_seq", sa.BigInteger(), nullable=True))
    op.execute(FIRST_TIME)
    op.execute(CONTRACT.format(read=READ[op.get_bind().dialect.name]))
    with op.batch_alter_table("evidence_cases") as table:
        table.alter_column("opened_at", existing_type=sa.BigInteger(), nullable=False)
    of_a_contract = sa.text("contract_id IS NOT NULL")
    op.create_index(
        "evidence_cases_by_contract",
        "evidence_cases",
        ["tenant", "contract_id"],
        sqlite_where=of_a_contract,
        postgresql_where=of_a_contract,
    )
    op.create_index(
        "evidence_cases_by_time",
        "evidence_cases",
        ["tenant", "opened_at", "case_id"],
        sqlite_where=of_a_contract,
        postgresql_where=of_a_contract,
    )
    op.create_table(
        "evidence_holds",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("hold_id"),
    )
    op.create_index("evidence_holds_by_case", "evidence_holds", ["tenant", "case_id"])


def downgrade() -> None:
    op.drop_table("evidence_holds")
    op.drop_index("evidence_cases_by_time", "evidence_cases")
    op.drop_index("evidence_cases_by_contract", "evidence_cases")
    with op.batch_alter_table("evidence_cases") as table:
        table.drop_column("closed_seq")
        table.drop_column("opened_at")
        table.drop_column("contract_id")
