"""Errors of keys and signatures.

KeysError
├── KeyEncodingInvalid     bytes are not a public key, private key or signature of the suite
├── SignatureInvalid       a signature does not verify
├── AlgorithmNotAllowed    the policy does not allow this algorithm for this use at this time
├── KeyNotFound            no such key
├── KeyBlocked             this public key was reported compromised and serves nobody
├── KeyStateInvalid        the key's state does not allow the act, or the transition is not legal
├── KeyPurposeInvalid      the key was made for another purpose
├── KeyUseExhausted        the key's use limit is reached
├── KeyUnsealFailed        a sealed secret does not open: it, or what it is bound to, was altered
│   └── MasterKeyDiffers   it was sealed under a master key that is not at hand
├── MasterKeyInvalid       the master key cannot be read or is too weak
├── CustodyUnavailable     a token or device cannot be reached
└── CmsInvalid             a CMS SignedData is malformed or does not verify
"""


class KeysError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "keys-error"


class KeyEncodingInvalid(KeysError):
    """Bytes that are not what the field says they are."""

    code = "key-encoding-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SignatureInvalid(KeysError):
    """A signature that does not verify under the key over the data."""

    code = "signature-invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the signature is not valid: {reason}")
        self.reason = reason


class AlgorithmNotAllowed(KeysError):
    """An algorithm outside its permitted uses or dates."""

    code = "algorithm-not-allowed"

    def __init__(self, algorithm: str, use: str, reason: str) -> None:
        super().__init__(f"{algorithm} may not be used for {use}: {reason}")
        self.algorithm = algorithm
        self.use = use
        self.reason = reason


class KeyNotFound(KeysError):
    """No key under this id."""

    code = "key-not-found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no key {key_id}")
        self.key_id = key_id


class KeyBlocked(KeysError):
    """A public key on the block list."""

    code = "key-blocked"

    def __init__(self, fingerprint: str, reason: str) -> None:
        super().__init__(f"the public key {fingerprint} is blocked: {reason}")
        self.fingerprint = fingerprint
        self.reason = reason


class KeyStateInvalid(KeysError):
    """The key is not in a state that allows the act."""

    code = "key-state-invalid"

    def __init__(self, key_id: str, state: str, act: str) -> None:
        super().__init__(f"key {key_id} is {state}; it cannot {act}")
        self.key_id = key_id
        self.state = state
        self.act = act


class KeyPurposeInvalid(KeysError):
    """A key asked to serve a purpose it was not made for."""

    code = "key-purpose-invalid"

    def __init__(self, key_id: str, purpose: str, wanted: str) -> None:
        super().__init__(f"key {key_id} was made for {purpose}, not for {wanted}")
        self.key_id = key_id
        self.purpose = purpose
        self.wanted = wanted


class KeyUseExhausted(KeysError):
    """The durable use counter has reached its limit."""

    code = "key-use-exhausted"

    def __init__(self, key_id: str, limit: int) -> None:
        super().__init__(f"key {key_id} has reached its limit of {limit} uses")
        self.key_id = key_id
        self.limit = limit


class KeyUnsealFailed(KeysError):
    """A sealed secret that does not authenticate; `subject` is a key id or what was sealed."""

    code = "key-unseal-failed"

    def __init__(self, subject: str, reason: str = "its record was altered or belongs to another") -> None:
        super().__init__(f"{subject} does not open: {reason}")
        self.subject = subject
        self.reason = reason


class MasterKeyDiffers(KeyUnsealFailed):
    """A secret sealed under another master key than those given; ids are hexadecimal."""

    code = "master-key-differs"

    def __init__(self, subject: str, sealed_under: str, given: str) -> None:
        super().__init__(subject, f"it was sealed under master key {sealed_under}; the one given is {given}")
        self.sealed_under = sealed_under
        self.given = given


class MasterKeyInvalid(KeysError):
    """The master key is missing, unreadable or malformed."""

    code = "master-key-invalid"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"master key from {source}: {reason}")
        self.source = source
        self.reason = reason


class CustodyUnavailable(KeysError):
    """The device that holds the key cannot be reached or refuses to log in."""

    code = "custody-unavailable"

    def __init__(self, custody: str, reason: str) -> None:
        super().__init__(f"{custody}: {reason}")
        self.custody = custody
        self.reason = reason


class CmsInvalid(KeysError):
    """A CMS SignedData that is malformed, ambiguous or does not verify."""

    code = "cms-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
