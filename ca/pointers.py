"""Where certificates say that CRLs, status answers and issuers are found: the paths of the HTTP interface."""

from __future__ import annotations

from ca.registry import AuthorityId


def crl_url(base_url: str, authority_id: AuthorityId, shard: int = 0) -> str:
    """The complete CRL of a shard: the same in certificates and in the CRL. Its delta is at `…/delta`."""
    return f"{base_url}/v1/crl/{authority_id}{_shard(shard)}"


def ocsp_url(base_url: str, authority_id: AuthorityId) -> str:
    """The OCSP responder of an issuer."""
    return f"{base_url}/v1/ocsp/{authority_id}"


def issuer_url(base_url: str, authority_id: AuthorityId) -> str:
    """The issuer's certificate, DER."""
    return f"{base_url}/v1/issuers/{authority_id}.cer"


def _shard(shard: int) -> str:
    return f"/{shard}" if shard else ""
