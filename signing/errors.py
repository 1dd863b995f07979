"""Errors of contracts and their signatures.

SigningError
├── DocumentRefused          a PDF that is not taken: encrypted, broken, over a limit; says which
├── DocumentUnavailable      stored bytes are gone or are not those that were stored
├── PlacementInvalid         a place for a signature that cannot be had
├── TemplateInvalid          a template that cannot be used
├── ValuesInvalid            a value of a contract is missing or of the wrong type: names the field
│   └── GlyphMissing         a character that no font has: names the field and the characters
├── NotFound                 no contract, party, document, seal or template of that name
├── StateInvalid             an act that the state does not allow
├── Refused                  an act that a rule forbids: names the rule
│   ├── OrderNotReached      others have to sign first
│   ├── ProofExpired         proof of identity or of intent is older than the profile allows
│   └── AuthorisationMissing nobody authorised the act, or not so far
├── ChallengeFailed          the one-time code is wrong
│   ├── ChallengeLocked      too many wrong codes
│   └── ChallengeExpired     the code's time is over
├── TooManyRequests          more of an act than its limit allows; says when again
├── IdentityRefused          the bureau did not confirm the person or firm
├── ProviderUnavailable      an outside party did not answer, or not sensibly
├── TimestampUnavailable     no timestamp was to be had, so there is no signature
├── RevisionConflict         another revision of the document came first
├── FieldInvalid             a signature field that is missing or already signed
└── SignatureMismatch        a signature just made does not verify: a defect, nothing leaves
"""

from __future__ import annotations

from datetime import datetime


class SigningError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "signing-error"


class DocumentRefused(SigningError):
    """A PDF that is not taken; `cause` is one word for programs, `reason` for people."""

    code = "document-refused"

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(f"the document {reason}")
        self.cause = cause
        self.reason = reason


class DocumentUnavailable(SigningError):
    """Stored bytes that are gone, or are not those that were stored."""

    code = "document-unavailable"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"document {name} {reason}")
        self.name = name
        self.reason = reason


class PlacementInvalid(SigningError):
    """A place for a signature that cannot be had; `field` is the signature field's name."""

    code = "placement-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class TemplateInvalid(SigningError):
    """A template that cannot be used."""

    code = "template-invalid"

    def __init__(self, template: str, reason: str) -> None:
        super().__init__(f"template {template}: {reason}")
        self.template = template
        self.reason = reason


class ValuesInvalid(SigningError):
    """A value of a contract that is missing or of the wrong type; `field` is its dotted name."""

    code = "values-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class GlyphMissing(ValuesInvalid):
    """Characters that no font has; they would be printed as boxes."""

    code = "glyph-missing"

    def __init__(self, field: str, characters: str) -> None:
        named = ", ".join(f"{one} (U+{ord(one):04X})" for one in characters)
        super().__init__(field, f"no font has {named}")
        self.characters = characters


class NotFound(SigningError):
    """Nothing of that name."""

    code = "signing-not-found"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} named {name}")
        self.kind = kind
        self.name = name


class StateInvalid(SigningError):
    """An act that the state does not allow."""

    code = "contract-state-invalid"

    def __init__(self, kind: str, state: str, act: str) -> None:
        super().__init__(f"the {kind} is {state}: {act} is not possible")
        self.kind = kind
        self.state = state
        self.act = act


class Refused(SigningError):
    """An act that a rule forbids."""

    code = "signing-refused"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class OrderNotReached(Refused):
    """Others have to sign first."""

    code = "order-not-reached"

    def __init__(self, waiting_for: int) -> None:
        super().__init__("party", f"{waiting_for} have to sign before")
        self.waiting_for = waiting_for


class ProofExpired(Refused):
    """Proof of identity or intent older (in seconds) than the profile allows; it has to be given again."""

    code = "proof-expired"

    def __init__(self, proof: str, age: int, allowed: int) -> None:
        super().__init__(proof, f"is {age} s old; {allowed} s are allowed")
        self.proof = proof


class AuthorisationMissing(Refused):
    """Nobody authorised the act, or not so far."""

    code = "authorisation-missing"


class ChallengeFailed(SigningError):
    """The one-time code is wrong."""

    code = "challenge-failed"

    def __init__(self, attempts_left: int) -> None:
        super().__init__(f"the code is wrong; {attempts_left} attempts are left")
        self.attempts_left = attempts_left


class ChallengeLocked(ChallengeFailed):
    """Too many wrong codes: a new one may be asked for after `until`."""

    code = "challenge-locked"

    def __init__(self, until: datetime) -> None:
        super().__init__(0)
        self.until = until


class ChallengeExpired(ChallengeFailed):
    """The code's time is over."""

    code = "challenge-expired"

    def __init__(self) -> None:
        super().__init__(0)


class TooManyRequests(SigningError):
    """More of an act than its limit allows; `retry_after` in seconds."""

    code = "too-many-requests"

    def __init__(self, act: str, retry_after: int) -> None:
        super().__init__(f"{act}: again in {retry_after} s")
        self.act = act
        self.retry_after = retry_after


class IdentityRefused(SigningError):
    """The bureau did not confirm the person or firm; `verdict` is its stable code."""

    code = "identity-refused"

    def __init__(self, verdict: str, reason: str) -> None:
        super().__init__(f"identity is not confirmed ({verdict}): {reason}")
        self.verdict = verdict
        self.reason = reason


class ProviderUnavailable(SigningError):
    """An outside party did not answer, or not sensibly."""

    code = "provider-unavailable"

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(f"{provider}: {reason}")
        self.provider = provider
        self.reason = reason


class TimestampUnavailable(SigningError):
    """No timestamp was to be had, so there is no signature."""

    code = "timestamp-unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"no timestamp was to be had: {reason}")
        self.reason = reason


class RevisionConflict(SigningError):
    """Another revision of the document came first; the act may be tried again on it."""

    code = "revision-conflict"

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"document {name} has a revision {number} already")
        self.name = name
        self.number = number


class FieldInvalid(SigningError):
    """A signature field that is missing or already signed."""

    code = "field-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"signature field {field} {reason}")
        self.field = field
        self.reason = reason


class SignatureMismatch(SigningError):
    """A signature just made does not verify: a defect of ours or of the key's, nothing leaves."""

    code = "signature-mismatch"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"signature field {field}: {reason}")
        self.field = field
        self.reason = reason
