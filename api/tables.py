"""The edge's own tables: callers, nonces they used, answers kept for retries."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

callers = sa.Table(
    "api_callers",
    metadata,
    sa.Column("caller_id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("profiles", sa.Text),  # those it may ask for certificates of; null for any
    sa.Column("secret", sa.LargeBinary, nullable=False),  # sealed: an HMAC key cannot be kept as a digest
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("disabled_at", sa.BigInteger),
    sa.UniqueConstraint("tenant", "name"),
)
nonces = sa.Table(
    "api_nonces",
    metadata,
    sa.Column("caller_id", sa.Text, primary_key=True),
    sa.Column("nonce", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
answers = sa.Table(
    "api_answers",
    metadata,
    sa.Column("caller_id", sa.Text, primary_key=True),
    sa.Column("idempotency_key", sa.Text, primary_key=True),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    sa.Column("claim", sa.Text, nullable=False),
    sa.Column("claimed_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("status", sa.Integer),  # null while the first request is being answered
    sa.Column("headers", sa.Text),
    sa.Column("body", sa.LargeBinary),  # sealed: an answer may name a person
)
