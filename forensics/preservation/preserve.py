"""Make evidence records for a batch of document groups under one timestamp (RFC 4998 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from ca.timestamp import Imprint
from ca.token import verify_token
from forensics.preservation.record import ArchiveTimeStamp, canonical_token, of_chains
from forensics.preservation.tree import HashTree
from keys.suites import Digest, digest_identifier
from signing.ports import TimestampSource


def preserve(groups: Sequence[Sequence[bytes]], digest: Digest, source: TimestampSource) -> tuple[bytes, ...]:
    """An EvidenceRecord (DER) for each group, in their order; one token covers all.

    A group holds the digests, under `digest`, of documents that belong together: a contract and its
    manifest. The record proves each of them, and that a group of several has no other. Raises
    `RenewalRefused` for groups that cannot be had, `TimestampUnavailable` as the source does, and what
    `ca.token.verify_token` raises for a token over something else.
    """
    stamps = stamp_groups(groups, digest, source)
    return tuple(of_chains(((stamp,),)).encoded() for stamp in stamps)


def stamp_groups(
    groups: Sequence[Sequence[bytes]],
    digest: Digest,
    source: TimestampSource,
    *,
    identifier: bytes | None = None,
) -> tuple[ArchiveTimeStamp, ...]:
    """An ArchiveTimeStamp for each group; `identifier` names the digest as the chain before it does."""
    tree = HashTree(digest, groups)
    token = canonical_token(source.token(tree.root, digest))
    # A token over another digest would make every record of the batch worthless, unseen until a dispute.
    verified = verify_token(token, imprints=[Imprint(digest, tree.root, b"")])
    # Said only where the token does not say it: no timestamp covers the field while it is the newest.
    named = identifier or digest_identifier(digest)
    written = None if verified.info.imprint.identifier == named else named
    return tuple(ArchiveTimeStamp(token, tree.reduced(number), written) for number in range(len(groups)))
