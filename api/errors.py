"""Errors of the outermost layer.

ApiError
├── SettingsInvalid           a setting is missing or wrong: names its variable
├── StoreUnavailable          the database cannot be reached or does not take the write
│   ├── OutcomeUnknown        the database was lost while it committed
│   └── SchemaBehind          the database's schema is not the one this version needs
├── NotInitialised            there is no authority yet
├── InputInvalid              a file, option or field of the caller's is wrong: names it
│   ├── BodyTooLarge          a body longer than the endpoint reads
│   ├── BodyTooDeep           JSON nested deeper than the service reads
│   └── MediaTypeUnsupported  a body in a form that the endpoint does not read
├── CallerUnproven            the request does not prove who sends it
│   ├── CallerClockSkewed     its timestamp is too far from ours
│   └── RequestReplayed       its nonce was used before
├── ScopeMissing              the caller has not the right that the act needs
├── CallerExists              a caller of that name is there already
├── CallerNotFound            there is no such caller
├── IdempotencyKeyMissing     a POST without an Idempotency-Key
├── IdempotencyKeyReused      the key came before with another request
└── IdempotencyInProgress     the first request under the key has not been answered yet
"""

from __future__ import annotations


class ApiError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "api-error"


class SettingsInvalid(ApiError):
    """A setting that is missing or wrong; `variable` is its name in the environment."""

    code = "settings-invalid"

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable
        self.reason = reason


class StoreUnavailable(ApiError):
    """The database cannot be reached or does not take the write; nothing of the unit was kept."""

    code = "store-unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database is not available: {reason}")
        self.reason = reason


class OutcomeUnknown(StoreUnavailable):
    """The connection was lost during the commit: the act was kept whole, or not at all."""

    code = "outcome-unknown"


class SchemaBehind(StoreUnavailable):
    """The schema is at another revision than the program; `stored` is None for an empty database."""

    code = "schema-behind"

    def __init__(self, stored: str | None, wanted: str) -> None:
        super().__init__(f"its schema is at {stored or 'nothing'}, this version needs {wanted}")
        self.stored = stored or "-"
        self.wanted = wanted


class NotInitialised(ApiError):
    """No authority was made yet in this state directory."""

    code = "not-initialised"

    def __init__(self, state_dir: str) -> None:
        super().__init__(f"there is no authority yet ({state_dir})")
        self.state_dir = state_dir


class InputInvalid(ApiError):
    """Something the caller gave that cannot be used; `field` names the file, option or member."""

    code = "input-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class BodyTooLarge(InputInvalid):
    """A body longer than the endpoint reads; `limit` in octets."""

    code = "body-too-large"

    def __init__(self, limit: int) -> None:
        super().__init__("body", f"is longer than {limit} octets")
        self.limit = limit


class BodyTooDeep(InputInvalid):
    """JSON nested deeper than the service reads."""

    code = "body-too-deep"

    def __init__(self, limit: int) -> None:
        super().__init__("body", f"is nested deeper than {limit}")
        self.limit = limit


class MediaTypeUnsupported(InputInvalid):
    """A body in a form that the endpoint does not read."""

    code = "media-type-unsupported"

    def __init__(self, wanted: str) -> None:
        super().__init__("Content-Type", f"must be {wanted}")
        self.wanted = wanted


class CallerUnproven(ApiError):
    """The request does not prove who sends it; the reason tells an outsider nothing about callers."""

    code = "caller-unproven"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the caller is not proven: {reason}")
        self.reason = reason


class CallerClockSkewed(CallerUnproven):
    """The request's timestamp is too far from the service's clock."""

    code = "caller-clock-skewed"

    def __init__(self, limit_s: int) -> None:
        super().__init__(f"the timestamp is more than {limit_s} seconds off")
        self.limit_s = limit_s


class RequestReplayed(CallerUnproven):
    """The nonce was used before."""

    code = "request-replayed"

    def __init__(self) -> None:
        super().__init__("the nonce was used before")


class ScopeMissing(ApiError):
    """The caller has not the right that the act needs."""

    code = "scope-missing"

    def __init__(self, scope: str) -> None:
        super().__init__(f"the act needs the scope {scope}")
        self.scope = scope


class CallerExists(ApiError):
    """A caller of that name is there already."""

    code = "caller-exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a caller {name} already")
        self.name = name


class CallerNotFound(ApiError):
    """There is no such caller."""

    code = "caller-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no caller {name}")
        self.name = name


class IdempotencyKeyMissing(ApiError):
    """A POST without a usable Idempotency-Key header."""

    code = "idempotency-key-missing"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Idempotency-Key: {reason}")
        self.field = "Idempotency-Key"
        self.reason = reason


class IdempotencyKeyReused(ApiError):
    """The key came before with another path or body."""

    code = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: came before with another request")
        self.field = "Idempotency-Key"


class IdempotencyInProgress(ApiError):
    """The first request under the key has not been answered yet."""

    code = "idempotency-in-progress"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: the first request under it is still being answered")
        self.field = "Idempotency-Key"
