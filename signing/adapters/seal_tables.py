"""The tables of seals; SQLite and PostgreSQL alike. Times are microseconds, amounts 分."""

from __future__ import annotations

import sqlalchemy as sa

from signing.adapters.schema import metadata

seals = sa.Table(
    "signing_seals",
    metadata,
    sa.Column("seal_id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("label", sa.LargeBinary, nullable=False),  # sealed: a person's name
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("maker", sa.Text, nullable=False),
    sa.Column("drawing", sa.LargeBinary, nullable=False),  # sealed: it shows the name
    sa.Column("drawing_sha256", sa.LargeBinary, nullable=False),
    sa.Column("drawing_sm3", sa.LargeBinary, nullable=False),
    sa.Column("valid_from", sa.BigInteger, nullable=False),
    sa.Column("valid_until", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", sa.BigInteger, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    # Where its ledger stands: the row is held by whoever adds an entry.
    sa.Column("last_use", sa.BigInteger, nullable=False),
    sa.Column("last_entry", sa.LargeBinary, nullable=False),
    sa.Index("signing_seals_by_owner", "tenant", "owner"),
)
authorisations = sa.Table(
    "signing_seal_authorisations",
    metadata,
    sa.Column("authorisation_id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("seal_id", sa.Text, nullable=False, index=True),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("templates", sa.Text, nullable=False),  # JSON array
    sa.Column("kinds", sa.Text, nullable=False),  # JSON array
    sa.Column("per_contract", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger),
    sa.Column("valid_from", sa.BigInteger, nullable=False),
    sa.Column("valid_until", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("given_at", sa.BigInteger, nullable=False),
    sa.Column("approved_by", sa.Text),
    sa.Column("ended_by", sa.Text),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("uses", sa.BigInteger, nullable=False),
)
uses = sa.Table(
    "signing_seal_uses",
    metadata,
    sa.Column("seal_id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("used_at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("approver", sa.Text, nullable=False),
    sa.Column("authorisation_id", sa.Text),
    sa.Column("contract_id", sa.Text, nullable=False, index=True),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("document_sha256", sa.LargeBinary, nullable=False),
    sa.Column("seal_sha256", sa.LargeBinary, nullable=False),
    sa.Column("positions", sa.Text, nullable=False),  # JSON: page, then thousandths of a point
    sa.Column("amount", sa.BigInteger),
    sa.Column("previous", sa.LargeBinary, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
)
