"""Name constraints (RFC 5280 4.2.1.10): directory and host names; other forms refuse what they touch."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509

from ca.certificate import Certificate
from ca.precheck import extension_of

MAX_SUBTREES = 64  # a constraint for each certificate below multiplies the work
_EMAIL = x509.ObjectIdentifier("1.2.840.113549.1.9.1")
Relative = frozenset[tuple[str, str]]
"""One RDN: attribute type and comparable text."""


@dataclass(frozen=True, slots=True)
class _Subtrees:
    directory: tuple[tuple[Relative, ...], ...]
    hosts: tuple[str, ...]
    others: frozenset[type[x509.GeneralName]]


@dataclass(frozen=True, slots=True)
class NameConstraint:
    """The constraint of one authority on everything below it."""

    permitted: _Subtrees
    excluded: _Subtrees
    malformed: str | None

    def violation(self, certificate: Certificate) -> str | None:
        """What in a certificate breaks the constraint, None when nothing does."""
        if self.malformed is not None:
            return self.malformed
        names = list(_names(certificate))
        unread = self.permitted.others | self.excluded.others
        for name in names:
            if type(name) in unread:
                return f"a {type(name).__name__} is constrained in a way that is not understood"
        directory = [_comparable(name.value) for name in names if isinstance(name, x509.DirectoryName)]
        if certificate.subject.rdns:
            directory.append(_comparable(certificate.subject))
        hosts = [name.value.lower() for name in names if isinstance(name, x509.DNSName)]
        return self._directory(directory) or self._hosts(hosts)

    def _directory(self, names: Sequence[tuple[Relative, ...]]) -> str | None:
        for name in names:
            if any(_below(name, tree) for tree in self.excluded.directory):
                return "a directory name is excluded"
            if self.permitted.directory and not any(_below(name, tree) for tree in self.permitted.directory):
                return "a directory name is not among the permitted"
        return None

    def _hosts(self, hosts: Sequence[str]) -> str | None:
        for host in hosts:
            if any(_host_below(host, tree) for tree in self.excluded.hosts):
                return f"the host name {host} is excluded"
            if self.permitted.hosts and not any(_host_below(host, tree) for tree in self.permitted.hosts):
                return f"the host name {host} is not among the permitted"
        return None


def constraint_of(certificate: Certificate) -> NameConstraint | None:
    """The constraint an authority's certificate carries, if any."""
    found = extension_of(certificate, x509.NameConstraints)
    if found is None:
        return None
    permitted, excluded = found.value.permitted_subtrees or (), found.value.excluded_subtrees or ()
    malformed = None
    if not found.critical:
        malformed = "the name constraints are not critical"
    elif len(permitted) + len(excluded) > MAX_SUBTREES:
        malformed = f"the name constraints have more than {MAX_SUBTREES} subtrees"
    return NameConstraint(_subtrees(permitted), _subtrees(excluded), malformed)


def _subtrees(names: Iterable[x509.GeneralName]) -> _Subtrees:
    listed = list(names)
    return _Subtrees(
        tuple(_comparable(name.value) for name in listed if isinstance(name, x509.DirectoryName)),
        tuple(name.value.lower().lstrip(".") for name in listed if isinstance(name, x509.DNSName)),
        frozenset(type(name) for name in listed if not isinstance(name, x509.DirectoryName | x509.DNSName)),
    )


def _names(certificate: Certificate) -> Iterable[x509.GeneralName]:
    found = extension_of(certificate, x509.SubjectAlternativeName)
    if found is not None:
        yield from found.value
    for attribute in certificate.subject.get_attributes_for_oid(_EMAIL):
        yield x509.RFC822Name(str(attribute.value))


def _comparable(name: x509.Name) -> tuple[Relative, ...]:
    return tuple(frozenset((pair.oid.dotted_string, _text(pair.value)) for pair in rdn) for rdn in name.rdns)


def _text(value: str | bytes) -> str:
    """RFC 5280 7.1 in short: case and runs of spaces do not tell names apart."""
    if isinstance(value, bytes):
        return "#" + value.hex()
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _below(name: tuple[Relative, ...], tree: tuple[Relative, ...]) -> bool:
    return name[: len(tree)] == tree


def _host_below(host: str, tree: str) -> bool:
    host = host.removeprefix("*.")
    return not tree or host == tree or host.endswith("." + tree)
