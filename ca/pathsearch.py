"""Find candidate paths from a certificate up to an anchor, within bounds that no farm of them moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cryptography import x509

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.precheck import Defect, defect_of, extension_of
from ca.revocationcheck import subject_key_identifier
from keys.errors import SignatureInvalid

MAX_DEPTH = 8  # certificates of a path, anchor included; ours have 3
MAX_CANDIDATES = 100  # signatures checked in one search


@dataclass(slots=True)
class Search:
    """One search, and why it may have found nothing."""

    anchors: Sequence[Certificate]
    intermediates: Sequence[Certificate]
    tried: int = 0
    broken: Certificate | None = None
    """A certificate whose issuer was found by name, and whose signature that issuer's key did not make."""
    defect: tuple[Certificate, Defect] | None = None
    """An issuer that was found and cannot be part of any path."""
    exhausted: bool = False
    _by_subject: dict[bytes, list[Certificate]] = field(default_factory=lambda: defaultdict(list))
    _is_anchor: frozenset[bytes] = frozenset()

    def __post_init__(self) -> None:
        self._is_anchor = frozenset(one.data for one in self.anchors)
        for one in dict.fromkeys((*self.anchors, *self.intermediates)):
            self._by_subject[one.subject_der].append(one)

    def paths(self, certificate: Certificate) -> Iterator[tuple[Certificate, ...]]:
        """Paths from the certificate to an anchor, each link's signature checked; anchors first."""
        yield from self._extend((certificate,))

    def _extend(self, path: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        last = path[-1]
        if last.data in self._is_anchor:
            yield path
            return
        if len(path) >= MAX_DEPTH:
            return
        for issuer in self._issuers(last):
            if any(_same_entity(issuer, one) for one in path):
                continue  # a loop: RFC 5280 6.1 has no certificate twice in a path
            if self.tried >= MAX_CANDIDATES:
                self.exhausted = True
                return
            self.tried += 1
            if (defect := defect_of(issuer)) is not None:
                self.defect = self.defect or (issuer, defect)
                continue
            try:
                last.check_signed_by(issuer.public)
            except (SignatureInvalid, EncodingInvalid):
                self.broken = self.broken or last
                continue
            yield from self._extend((*path, issuer))

    def _issuers(self, certificate: Certificate) -> Iterable[Certificate]:
        wanted = extension_of(certificate, x509.AuthorityKeyIdentifier)
        key = None if wanted is None else wanted.value.key_identifier
        for issuer in self._by_subject.get(certificate.issuer_der, ()):
            try:
                if key is None or key == subject_key_identifier(issuer):
                    yield issuer
            except EncodingInvalid:
                continue


def _same_entity(one: Certificate, other: Certificate) -> bool:
    return one.subject_der == other.subject_der and one.spki == other.spki
