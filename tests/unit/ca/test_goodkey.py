"""Weak RSA keys; every defect is made here, from primes that are no secret."""

from __future__ import annotations

from math import isqrt, prod

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ca.goodkey import has_close_factors, rsa_weakness, weakness
from keys.private import PrivateKey
from keys.suites import Algorithm

EXPONENT = 65_537


@pytest.fixture(scope="module")
def numbers() -> rsa.RSAPrivateNumbers:
    return rsa.generate_private_key(EXPONENT, 3072).private_numbers()


def test_fresh_keys_are_good(numbers: rsa.RSAPrivateNumbers) -> None:
    assert rsa_weakness(numbers.p * numbers.q, EXPONENT) is None
    for algorithm in Algorithm:
        assert weakness(PrivateKey.generate(algorithm).public) is None


def test_close_factors_are_found_within_a_hundred_rounds() -> None:
    start = 1 << 1537
    first = start + 2**1000 + 1
    # The distance from the mean is what Fermat's method walks: d^2 / (2 sqrt n) steps.
    assert has_close_factors(first * (first + 2 * 2**770))
    assert not has_close_factors(first * (first + 2**1400))


def test_the_hundredth_round_counts_and_the_next_does_not() -> None:
    middle = (1 << 1537) + 12_345

    # n = middle^2 - d^2, with d so that isqrt(n) + rounds = middle
    def modulus(rounds: int) -> int:
        distance = isqrt(2 * middle * (rounds - 1)) + 1_000
        found = middle * middle - distance * distance
        assert middle - isqrt(found) == rounds
        return found

    assert has_close_factors(modulus(100))
    assert not has_close_factors(modulus(101))


def test_a_square_is_found() -> None:
    assert has_close_factors(((1 << 1536) + 15) ** 2)


@pytest.mark.parametrize("prime", [2, 3, 251, 751])
def test_a_small_factor_is_found(prime: int, numbers: rsa.RSAPrivateNumbers) -> None:
    weak = rsa_weakness(numbers.p * numbers.q * prime, EXPONENT)
    assert weak is not None
    assert "below 752" in weak


def test_the_first_prime_beyond_the_bound_is_not_small(numbers: rsa.RSAPrivateNumbers) -> None:
    assert rsa_weakness(numbers.p * numbers.q * 757, EXPONENT) is None


def test_the_roca_fingerprint_is_found() -> None:
    primes = [n for n in range(2, 702) if all(n % k for k in range(2, isqrt(n) + 1))]
    primorial = prod(primes)

    def factor(power: int, multiple: int) -> int:
        """The form k M + (65537^a mod M) of the flawed library's primes (primality does not matter)."""
        return multiple * primorial + pow(EXPONENT, power, primorial)

    modulus = factor(123_456_789, 2**570) * factor(987_654_321, 3**359)
    assert 3072 <= modulus.bit_length() <= 4096
    weak = rsa_weakness(modulus, EXPONENT)
    assert weak is not None
    assert "ROCA" in weak


@pytest.mark.parametrize("exponent", [1, 3, 65_539])
def test_another_exponent_is_weak(exponent: int, numbers: rsa.RSAPrivateNumbers) -> None:
    assert rsa_weakness(numbers.p * numbers.q, exponent) is not None


@pytest.mark.parametrize("size", [2048, 5120])
def test_another_size_is_refused(size: int) -> None:
    weak = rsa_weakness((1 << (size - 1)) + 1, EXPONENT)
    assert weak is not None
    assert str(size) in weak
