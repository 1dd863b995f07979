"""Object identifiers: our own arc, and the standard ones that certificates of ours carry.

Our arc comes from a UUID, so nobody had to be asked for it and it is nobody else's. It lies under the arc
kept for such use at 1.2.840.113556.1.8000.2554, which splits the UUID into seven small numbers. The plainer
2.25.<UUID> (Rec. ITU-T X.667 7) is one number of 128 bits, which decoders in use refuse: the one that
pkilint decodes with stops at 32 bits.
"""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

ARC_UUID = UUID("470bb898-035a-451f-8672-41edcf8645de")
_CUTS = (0, 4, 8, 12, 16, 20, 26, 32)  # aaaabbbb-cccc-dddd-eeee-ffffffgggggg
ARC = "1.2.840.113556.1.8000.2554." + ".".join(
    str(int(ARC_UUID.hex[start:stop], 16)) for start, stop in pairwise(_CUTS)
)

# .1 certificate policies; the twin under .1.<n>.99 marks a subject whose identity was only simulated
POLICY_PERSON_EVENT = f"{ARC}.1.1"
POLICY_SEAL = f"{ARC}.1.2"
POLICY_TIMESTAMP = f"{ARC}.1.3"
POLICY_SERVICE = f"{ARC}.1.4"
POLICY_PERSON_EVENT_TEST = f"{POLICY_PERSON_EVENT}.99"
POLICY_SEAL_TEST = f"{POLICY_SEAL}.99"
POLICY_TIMESTAMP_TEST = f"{POLICY_TIMESTAMP}.99"
POLICY_SERVICE_TEST = f"{POLICY_SERVICE}.99"

# .2 certificate extensions
EXTENSION_INTENT_DIGEST = f"{ARC}.2.1"
"""DigestInfo of the intent that an event certificate was issued for."""

# .3 timestamp policies (RFC 3161 2.4.2), one a suite
TSA_POLICY_INTL = f"{ARC}.3.1"
TSA_POLICY_GUOMI = f"{ARC}.3.2"
TSA_POLICY_TEST = f"{ARC}.3.99"

# RFC 5280 4.2
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
KEY_USAGE = "2.5.29.15"
SUBJECT_ALT_NAME = "2.5.29.17"
BASIC_CONSTRAINTS = "2.5.29.19"
NAME_CONSTRAINTS = "2.5.29.30"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
CERTIFICATE_POLICIES = "2.5.29.32"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
EXTENDED_KEY_USAGE = "2.5.29.37"
AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"  # RFC 6960 4.2.2.2.1

AD_OCSP = "1.3.6.1.5.5.7.48.1"
AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
QUALIFIER_CPS = "1.3.6.1.5.5.7.2.1"

EKU_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
EKU_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
EKU_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
EKU_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
EKU_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"

BY_NAME = {
    "policy:person-event": POLICY_PERSON_EVENT,
    "policy:person-event.test": POLICY_PERSON_EVENT_TEST,
    "policy:seal": POLICY_SEAL,
    "policy:seal.test": POLICY_SEAL_TEST,
    "policy:timestamp": POLICY_TIMESTAMP,
    "policy:timestamp.test": POLICY_TIMESTAMP_TEST,
    "policy:service": POLICY_SERVICE,
    "policy:service.test": POLICY_SERVICE_TEST,
    "extension:intent-digest": EXTENSION_INTENT_DIGEST,
    "serverAuth": EKU_SERVER_AUTH,
    "clientAuth": EKU_CLIENT_AUTH,
    "timeStamping": EKU_TIME_STAMPING,
    "OCSPSigning": EKU_OCSP_SIGNING,
    "documentSigning": EKU_DOCUMENT_SIGNING,
}
"""Names that profiles may use in place of dotted text."""
