"""The document security store (ETSI EN 319 142-1 5.4.2): help with paths, never an anchor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ca.certificate import Certificate
from ca.crl import Crl, load_crl
from ca.errors import CaError
from ca.ocspresponse import BasicResponse, load_response
from ca.trust import RevocationData, TrustStore
from keys.errors import KeysError
from signing.validity.graph import Graph, entries_of
from signing.validity.syntax import Stream, SyntaxInvalid, Value

MAX_OBJECTS = 2_000  # of one store: 100 signatures with 20 objects each
MAX_TOTAL = 67_108_864  # octets of all of them


@dataclass(frozen=True, slots=True)
class Store:
    """What a document carries to be verified with."""

    certificates: tuple[Certificate, ...] = ()
    revocation: RevocationData = field(default_factory=RevocationData)
    since: int | None = None
    """The first revision that has a store."""

    def beside(self, trust: TrustStore) -> TrustStore:
        """The verifier's anchors alone, with the store's help."""
        certificates = dict.fromkeys((*trust.intermediates, *self.certificates))
        return TrustStore(trust.anchors, tuple(certificates), trust.revocation + self.revocation)


def read_store(graph: Graph) -> Store:
    """The store as of the last revision; what is unreadable in it is as good as absent."""
    last = len(graph.revisions) - 1
    held = graph.get(last, graph.catalog(last), b"DSS")
    if not isinstance(held, dict):
        return Store()
    budget = _Budget()
    certificates = [one for one in _read(graph, held, b"Certs", budget) if isinstance(one, Certificate)]
    crls = [one for one in _read(graph, held, b"CRLs", budget) if isinstance(one, Crl)]
    responses = [one for one in _read(graph, held, b"OCSPs", budget) if isinstance(one, BasicResponse)]
    since = next(index for index in range(last + 1) if b"DSS" in graph.catalog(index))
    return Store(tuple(certificates), RevocationData(tuple(crls), tuple(responses)), since)


class _Budget:
    def __init__(self) -> None:
        self.objects = MAX_OBJECTS
        self.octets = MAX_TOTAL

    def take(self, size: int) -> bool:
        self.objects -= 1
        self.octets -= size
        return self.objects >= 0 and self.octets >= 0


_LOADERS: dict[bytes, Callable[[bytes], Certificate | Crl | BasicResponse]] = {
    b"Certs": Certificate,
    b"CRLs": load_crl,
    b"OCSPs": load_response,
}


def _read(
    graph: Graph, held: Value, key: bytes, budget: _Budget
) -> Iterator[Certificate | Crl | BasicResponse]:
    last = len(graph.revisions) - 1
    listed = graph.resolve(last, entries_of(held).get(key))
    seen: set[bytes] = set()
    for ref in listed if isinstance(listed, list) else []:
        stream = graph.resolve(last, ref)
        if not isinstance(stream, Stream):
            continue
        try:
            data = graph.content(stream)
        except SyntaxInvalid:
            continue
        if data in seen:
            continue
        if not budget.take(len(data)):
            return
        seen.add(data)
        try:
            yield _LOADERS[key](data)
        except (CaError, KeysError):
            continue
