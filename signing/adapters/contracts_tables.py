"""Tables of contracts; SQLite and PostgreSQL alike. Times are microseconds since 1970, ids UUIDv7 text."""

from __future__ import annotations

import sqlalchemy as sa

from signing.adapters.schema import metadata

contracts = sa.Table(
    "signing_contracts",
    metadata,
    sa.Column("contract_id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("number_hash", sa.LargeBinary, nullable=False),  # keyed: numbers are searched, not listed
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("document_id", sa.Text, nullable=False, unique=True),
    sa.Column("details", sa.LargeBinary, nullable=False),  # sealed: number, title, terms, source, notes
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("moved_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.UniqueConstraint("tenant", "number_hash"),
    sa.UniqueConstraint("tenant", "code"),
    sa.Index("signing_contracts_state", "tenant", "state", "expires_at"),
)
parties = sa.Table(
    "signing_parties",
    metadata,
    sa.Column("party_id", sa.Text, primary_key=True),
    sa.Column("contract_id", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("pseudonym", sa.Text, nullable=False),  # keyed hash of the signer's identity number
    sa.Column("principal", sa.Text, nullable=False),  # the same of the party's own, where an agent signs
    sa.Column("details", sa.LargeBinary, nullable=False),  # sealed: particulars, agent, places, profile
    sa.Column("replaces", sa.Text),
    sa.Column("moved_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("contract_id", "position"),
    sa.Index("signing_parties_pseudonym", "tenant", "pseudonym"),
    sa.Index("signing_parties_principal", "tenant", "principal"),
)
notices = sa.Table(
    "signing_notices",
    metadata,
    sa.Column("notice_id", sa.Text, primary_key=True),
    sa.Column("party_id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
lookup_keys = sa.Table(
    "signing_lookup_keys",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
revisions = sa.Table(
    "signing_revisions",
    metadata,
    sa.Column("document_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("sm3", sa.LargeBinary, nullable=False),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("field", sa.Text),
    sa.Column("at", sa.BigInteger, nullable=False),
)
turns = sa.Table(
    "signing_turns",
    metadata,
    sa.Column("document_id", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)
attempts = sa.Table(
    "signing_attempts",
    metadata,
    sa.Column("attempt_id", sa.Text, primary_key=True),
    sa.Column("document_id", sa.Text, nullable=False, index=True),
    sa.Column("contract_id", sa.Text, nullable=False),
    sa.Column("party_id", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("one_time", sa.Boolean, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
)
"""Attempts under way alone: one that ended is in the log, and its row is gone."""
sessions = sa.Table(
    "signing_sessions",
    metadata,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("contract_id", sa.Text, nullable=False),
    sa.Column("party_id", sa.Text, nullable=False, index=True),
    sa.Column("token_digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("progress", sa.Text, nullable=False),  # JSON: what was shown, viewed and consented to
    sa.Column("end", sa.Text),
    sa.Column("ended_at", sa.BigInteger),
)
proofs = sa.Table(
    "signing_proofs",
    metadata,
    sa.Column("transaction", sa.Text, primary_key=True),
    sa.Column("party_id", sa.Text, nullable=False, index=True),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("response_sha256", sa.LargeBinary, nullable=False),
    sa.Column("simulated", sa.Boolean, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("score", sa.Integer),
    sa.Column("record", sa.Text, nullable=False),  # event that concluded with it; empty for none
)
intents = sa.Table(
    "signing_intents",
    metadata,
    sa.Column("intent_id", sa.Text, primary_key=True),
    sa.Column("contract_id", sa.Text, nullable=False),
    sa.Column("party_id", sa.Text, nullable=False, index=True),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("shown", sa.Text, nullable=False),
    sa.Column("statement", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("stated_at", sa.BigInteger, nullable=False),
    sa.Column("confirmed_at", sa.BigInteger),
    sa.Column("factors", sa.Text, nullable=False),
)
challenges = sa.Table(
    "signing_challenges",
    metadata,
    sa.Column("challenge_id", sa.Text, primary_key=True),
    sa.Column("contract_id", sa.Text, nullable=False),
    sa.Column("party_id", sa.Text, nullable=False, index=True),
    sa.Column("intent_id", sa.Text, nullable=False),
    sa.Column("mobile", sa.Text, nullable=False, index=True),  # keyed hash
    sa.Column("key", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("mac", sa.LargeBinary, nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("locked_until", sa.BigInteger),
)
