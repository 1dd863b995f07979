"""The CMS message of a PAdES signature (ETSI EN 319 142-1 6.3): put together and checked.

Signed attributes are content-type, message-digest and signing-certificate-v2. There is no signing-time:
in PAdES the claimed time is the dictionary's /M.
"""

from __future__ import annotations

from datetime import datetime

from ca.certificate import Certificate
from ca.errors import CaError
from ca.timestamp import OID_TST_INFO, TstInfo, parse_tst_info
from ca.token import MAX_TOKEN_SIZE
from keys import cms
from keys.cms import Attribute
from keys.cms_build import Prepared
from keys.errors import CmsInvalid, KeysError
from keys.public import PublicKey
from keys.suites import Digest
from signing.errors import TimestampUnavailable


def assemble(prepared: Prepared, signature: bytes, token: bytes | None) -> bytes:
    """The message; the token is an unsigned attribute (ETSI EN 319 122-1 5.3)."""
    unsigned = () if token is None else (Attribute(cms.OID_TIMESTAMP_TOKEN, (token,)),)
    return prepared.complete(signature, None, unsigned)


def recheck(message: bytes, prepared: Prepared, signature: bytes, public: PublicKey) -> None:
    """A message just completed, decoded again: these attributes, and a signature of this key over them.

    Cheaper than `keys.cms_verify.verify` for one who made the message: `prepared`, which came from the
    document's digest, says what the attributes must be, octet for octet. Raises `keys.errors.CmsInvalid`
    or `SignatureInvalid`.
    """
    signed = cms.decode(message).content
    signers = signed.signers.as_list()
    if signed.encapsulated.content is not None or len(signers) != 1:
        raise CmsInvalid("signerInfos", "are not one, over a document that lies outside")
    if signers[0].signature != signature or message.count(prepared.to_sign[1:]) != 1:
        raise CmsInvalid("signedAttrs", "are not those that were signed")
    public.verify(signature, prepared.to_sign)


def check_token(token: bytes, digest: Digest, imprint: bytes) -> TstInfo:
    """A token from a `TimestampSource`, which verified it, is over this imprint.

    Raises `TimestampUnavailable`: a token over anything else is none for us.
    """
    try:
        held = cms.decode(token, limit=MAX_TOKEN_SIZE).content.encapsulated
        if held.content_type.dotted_string != OID_TST_INFO or held.content is None:
            raise TimestampUnavailable("what came is not a timestamp token")
        info = parse_tst_info(held.content)
    except (KeysError, CaError) as error:
        raise TimestampUnavailable(str(error)) from error
    if not info.imprint.matches(digest, imprint):
        raise TimestampUnavailable("the token is of another digest than was sent")
    return info


def check_in_life(certificate: Certificate, moment: datetime) -> None:
    """A timestamp outside the signer's certificate's life proves the signature worthless.

    Raises `TimestampUnavailable`.
    """
    if not certificate.valid_at(moment):
        raise TimestampUnavailable(f"genTime {moment:%FT%TZ} is outside the life of the signer's certificate")
