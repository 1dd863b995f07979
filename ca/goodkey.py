"""Public keys that are well-formed and still weak."""

from __future__ import annotations

from math import gcd, isqrt, prod

from cryptography.hazmat import asn1

from keys import der
from keys.public import MAX_SPKI_SIZE, RSA_EXPONENT, RSA_MAX_BITS, RSA_MIN_BITS, PublicKey
from keys.suites import Algorithm

FERMAT_ROUNDS = 100  # primes this close were made by broken generators (CVE-2022-26320); BR 6.1.1.3 asks 100
SMALL_PRIMES_END = 752  # the bound that public authorities use (BR 6.1.6: no factor below 752)
ROCA_PRIMES_END = (
    168  # primes of the smallest primorial that the flawed library built keys on (CVE-2017-15361)
)


def _primes(end: int) -> tuple[int, ...]:
    return tuple(n for n in range(2, end) if all(n % factor for factor in range(2, isqrt(n) + 1)))


_SMALL_PRODUCT = prod(_primes(SMALL_PRIMES_END))


def _powers(prime: int) -> frozenset[int]:
    """The subgroup that 65537 generates modulo a prime."""
    found, power = set(), 1
    while power not in found:
        found.add(power)
        power = power * RSA_EXPONENT % prime
    return frozenset(found)


_ROCA = tuple((prime, _powers(prime)) for prime in _primes(ROCA_PRIMES_END) if prime > 2)  # noqa: PLR2004


@asn1.sequence
class _RsaPublicKey:  # RFC 8017 A.1.1
    modulus: int
    exponent: int


def weakness(public: PublicKey) -> str | None:
    """Why the key must not be certified, or None. Points were checked to be on their curve when parsed."""
    if public.algorithm is not Algorithm.RSA3072:
        return None
    key = der.decode(_RsaPublicKey, public.key_bits, limit=MAX_SPKI_SIZE)
    return rsa_weakness(key.modulus, key.exponent)


def rsa_weakness(modulus: int, exponent: int) -> str | None:
    """Why an RSA key must not be certified, or None."""
    if not RSA_MIN_BITS <= modulus.bit_length() <= RSA_MAX_BITS:
        return f"its modulus has {modulus.bit_length()} bits"
    if exponent != RSA_EXPONENT:
        return f"its exponent is not {RSA_EXPONENT}"
    if gcd(modulus, _SMALL_PRODUCT) != 1:
        return f"its modulus has a prime factor below {SMALL_PRIMES_END}"
    if all(modulus % prime in powers for prime, powers in _ROCA):
        return "it has the fingerprint of CVE-2017-15361 (ROCA)"
    if has_close_factors(modulus):
        return "its prime factors are so close that Fermat's method finds them"
    return None


def has_close_factors(modulus: int, rounds: int = FERMAT_ROUNDS) -> bool:
    """Fermat's factorisation finds the factors within so many rounds."""
    middle = isqrt(modulus)
    if middle * middle == modulus:
        return True
    for number in range(middle + 1, middle + 1 + rounds):
        difference = number * number - modulus
        if isqrt(difference) ** 2 == difference:
            return True
    return False
