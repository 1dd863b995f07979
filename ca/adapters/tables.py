"""The authority's tables; SQLite and PostgreSQL alike. Times are microseconds, serials 16 octets."""

from __future__ import annotations

import sqlalchemy as sa

from ca.serial import SERIAL_OCTETS

metadata = sa.MetaData()

authorities = sa.Table(
    "ca_authorities",
    metadata,
    sa.Column("authority_id", sa.Text, primary_key=True),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False, unique=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
    sa.Column("parent", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False),
)
certificates = sa.Table(
    "ca_certificates",
    metadata,
    sa.Column("serial", sa.LargeBinary(SERIAL_OCTETS), primary_key=True),
    sa.Column("authority_id", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("profile_hash", sa.LargeBinary, nullable=False),
    sa.Column("spki_sha256", sa.LargeBinary, nullable=False),
    # Empty for a key's first certificate, the renewed serial for a renewal, the row's own serial once
    # signing failed: so that a key has one certificate, each certificate one renewal, and a key whose
    # certificate never came to be may be certified again.
    sa.Column("key_slot", sa.LargeBinary, nullable=False),
    sa.Column("subject", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("identity_record", sa.Text),
    sa.Column("not_before", sa.BigInteger, nullable=False),
    sa.Column("not_after", sa.BigInteger, nullable=False),
    sa.Column("crl_shard", sa.Integer, nullable=False),
    sa.Column("tbs_sha256", sa.LargeBinary, nullable=False),
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column("requester", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("certificate", sa.LargeBinary),  # sealed
    sa.Column("revocation", sa.BigInteger),  # sequence of the entry in force, null while not revoked
    sa.UniqueConstraint("spki_sha256", "key_slot"),
)
RESERVED = certificates.c.status == sa.literal_column("'reserved'")
"""Written as a literal, so that the planner can match it with the partial index."""
sa.Index("ca_certificates_reserved", certificates.c.serial, sqlite_where=RESERVED, postgresql_where=RESERVED)

revocations = sa.Table(
    "ca_revocations",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("authority_id", sa.Text, nullable=False),
    sa.Column("serial", sa.LargeBinary, nullable=False),
    sa.Column("reason", sa.Integer, nullable=False),
    sa.Column("revoked_at", sa.BigInteger, nullable=False),
    sa.Column("invalidity_date", sa.BigInteger),
    sa.Column("not_after", sa.BigInteger, nullable=False),
    sa.Column("crl_shard", sa.Integer, nullable=False),
    sa.Column("requester", sa.Text, nullable=False),
    sa.Index("ca_revocations_shard", "authority_id", "crl_shard", "sequence"),
)
revocation_head = sa.Table(
    "ca_revocation_head",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),  # always 1: a table of one row
    sa.Column("last", sa.BigInteger, nullable=False),
)
profile_versions = sa.Table(
    "ca_profile_versions",
    metadata,
    sa.Column("profile_hash", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
profiles = sa.Table(
    "ca_profiles",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("profile_hash", sa.Text, nullable=False),
    sa.Column("activated_at", sa.BigInteger, nullable=False),
)
administrators = sa.Table(
    "ca_administrators",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("spki", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("added_at", sa.BigInteger, nullable=False),
)
plans = sa.Table(
    "ca_plans",
    metadata,
    sa.Column("plan_hash", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("proposed_at", sa.BigInteger, nullable=False),
    sa.Column("carried_out", sa.Boolean, nullable=False),
)
approvals = sa.Table(
    "ca_approvals",
    metadata,
    sa.Column("plan_hash", sa.Text, primary_key=True),
    sa.Column("administrator", sa.Text, primary_key=True),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("approved_at", sa.BigInteger, nullable=False),
)
