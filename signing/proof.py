"""Proof that a party has to give before it signs, of who it is and what it wants, and how old it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ca.identity import IdentityRecord, SubjectKind
from signing.errors import ProofExpired, Refused
from signing.identity import Method

COVERS: dict[Method, frozenset[Method]] = {
    Method.TWO_ELEMENTS: frozenset({Method.TWO_ELEMENTS}),
    Method.THREE_ELEMENTS: frozenset({Method.TWO_ELEMENTS, Method.THREE_ELEMENTS}),
    Method.FOUR_ELEMENTS: frozenset({Method.TWO_ELEMENTS, Method.THREE_ELEMENTS, Method.FOUR_ELEMENTS}),
    Method.FACE: frozenset({Method.TWO_ELEMENTS, Method.FACE}),
    Method.ENTERPRISE: frozenset({Method.ENTERPRISE}),
}
"""What a method proves beside itself: more elements prove fewer, a face is compared under name and number."""

IDENTITY_MAX_AGE_S = 30 * 60  # one sitting; our own choice, of the order of banks' session limits
INTENT_MAX_AGE_S = 10 * 60  # twice the life of a one-time code
MAX_AGE_S = 24 * 3_600  # of any proof: the longest life of an event certificate
MAX_DWELL_S = 15 * 60  # more would keep people out rather than have them read


@dataclass(frozen=True, slots=True)
class SigningProfile:
    """What one party has to prove; a pure rule, kept with the party."""

    identity: tuple[frozenset[Method], ...]
    """Ways to prove who it is, any of which is enough; a face is never the only one (law: a choice has
    to be offered). Empty: the identity is vouched for by the organisation's own seal."""
    one_time_code: bool = True
    min_dwell_s: int = 0
    """Seconds that the document has to lie before the party."""
    must_scroll: bool = True
    """To the end of the document."""
    consents: tuple[str, ...] = ("e-signature",)
    """Scopes that have to be consented to, each on its own, before the intent."""
    identity_max_age_s: int = IDENTITY_MAX_AGE_S
    intent_max_age_s: int = INTENT_MAX_AGE_S

    def __post_init__(self) -> None:
        """Raises `Refused` naming what is out of its bounds."""
        if not 0 <= self.min_dwell_s <= MAX_DWELL_S:
            raise Refused("profile.min_dwell_s", f"is not between 0 and {MAX_DWELL_S} s")
        for name in ("identity_max_age_s", "intent_max_age_s"):
            if not 0 < getattr(self, name) <= MAX_AGE_S:
                raise Refused(f"profile.{name}", f"is not between 1 and {MAX_AGE_S} s")
        if frozenset({Method.FACE}) in self.identity and len(self.identity) == 1:
            raise Refused("profile.identity", "leaves the face as the only way")


PERSON_PROFILE = SigningProfile(
    identity=(frozenset({Method.THREE_ELEMENTS}), frozenset({Method.FACE})),
)
ORGANISATION_PROFILE = SigningProfile(
    identity=(
        frozenset({Method.ENTERPRISE, Method.THREE_ELEMENTS}),
        frozenset({Method.ENTERPRISE, Method.FACE}),
    ),
)
SEAL_PROFILE = SigningProfile(identity=(), one_time_code=False, must_scroll=False, consents=())
"""Of an organisation that signs by its own seal, under an authorisation."""


@dataclass(frozen=True, slots=True)
class IdentityProof:
    """One enquiry that the bureau answered with a match."""

    method: Method
    provider: str
    reference: str
    """The bureau's number."""
    transaction: str
    """Ours."""
    response_sha256: bytes
    simulated: bool
    at: datetime
    score: int | None = None
    """Of a face, in parts per million."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """Proofs that together are enough, the oldest of which decides how old they are."""

    proofs: tuple[IdentityProof, ...]
    valid_until: datetime

    @property
    def verified_at(self) -> datetime:
        """When the oldest was given."""
        return min(one.at for one in self.proofs)

    @property
    def methods(self) -> tuple[str, ...]:
        """In the order of their names."""
        return tuple(sorted({one.method.value for one in self.proofs}))

    @property
    def assurance(self) -> str:
        """`high` when a face was compared, as the certificate profiles name it."""
        return "high" if any(one.method is Method.FACE for one in self.proofs) else "substantial"

    @property
    def simulated(self) -> bool:
        """True as soon as one rests on a simulator."""
        return any(one.simulated for one in self.proofs)


def conclude(profile: SigningProfile, proofs: Sequence[IdentityProof], at: datetime) -> Concluded:
    """The freshest proofs that satisfy one of the profile's ways.

    Raises `Refused` when no way is satisfied at all, `ProofExpired` when only stale proofs satisfy one.
    """
    allowed = timedelta(seconds=profile.identity_max_age_s)
    best: Concluded | None = None
    for way in profile.identity:
        chosen = [_freshest(method, proofs) for method in sorted(way)]
        found = tuple(one for one in chosen if one is not None)
        if len(found) < len(chosen) or not found:
            continue
        unique = tuple(dict.fromkeys(found))
        concluded = Concluded(unique, min(one.at for one in unique) + allowed)
        if best is None or concluded.valid_until > best.valid_until:
            best = concluded
    if best is None:
        raise Refused("identity", "is not proven yet by " + ways_text(profile.identity))
    if at > best.valid_until:
        age = int((at - best.verified_at).total_seconds())
        raise ProofExpired("identity", age, profile.identity_max_age_s)
    return best


def ways_text(ways: Iterable[frozenset[Method]]) -> str:
    """`face / three-elements+enterprise`, for people."""
    return " / ".join("+".join(sorted(method.value for method in way)) for way in ways)


def require_fresh_intent(profile: SigningProfile, confirmed_at: datetime, at: datetime) -> None:
    """Raises `ProofExpired` for an intent that was confirmed too long ago."""
    age = int((at - confirmed_at).total_seconds())
    if age > profile.intent_max_age_s:
        raise ProofExpired("intent", age, profile.intent_max_age_s)


def identity_record(
    concluded: Concluded, *, record_id: str, name: str, pseudonym: str, kind: SubjectKind = SubjectKind.PERSON
) -> IdentityRecord:
    """What the certificate's subject is made of; persons only: seals have certificates of their own."""
    newest = max(concluded.proofs, key=lambda one: one.at)
    return IdentityRecord(
        record_id=record_id,
        kind=kind,
        name=name,
        pseudonym=pseudonym,
        organisation_id=None,
        assurance=concluded.assurance,
        methods=concluded.methods,
        provider=newest.provider,
        transaction=newest.reference,
        verified_at=concluded.verified_at,
        valid_until=concluded.valid_until,
        simulated=concluded.simulated,
    )


def _freshest(method: Method, proofs: Sequence[IdentityProof]) -> IdentityProof | None:
    fitting = [one for one in proofs if method in COVERS[one.method]]
    return max(fitting, key=lambda one: one.at, default=None)
