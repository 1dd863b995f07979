"""The parts of a certificate that profile, issuer and CRL shard decide, encoded and linted once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ca import extension, oids
from ca.errors import Refused, RequestInvalid
from ca.extension import Value
from ca.issuer import IssuerContext
from ca.lint import RULES, VARYING_RULES, of_context, require_clean
from ca.name import Name
from ca.profile import Profile
from ca.profilecheck import expand
from ca.view import CertificateView, ExtensionView
from keys import der
from keys.public import PublicKey

TEMPLATES_KEPT = 512  # profiles x issuers x shards in use at once, with room
MAX_DNS_NAMES = 50
MAX_SHARD = 65_535
_DNS_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)


class FixedParts:
    """The parts of a certificate that profile, issuer and shard decide."""

    __slots__ = (
        "_alternative_names",
        "_extras",
        "_fixed",
        "_linted",
        "_parameters",
        "algorithm",
        "algorithm_and_issuer",
        "extension_views",
        "issuer_view",
    )

    def __init__(self, profile: Profile, issuer: IssuerContext, shard: int, policies: bytes) -> None:
        self.algorithm = issuer.public.algorithm.info.signature_identifier
        self.algorithm_and_issuer = self.algorithm + issuer.subject_der
        self.issuer_view = of_context(issuer)
        self.extension_views: tuple[ExtensionView, ...] = ()
        self._linted: set[bool] = set()
        self._alternative_names = profile.alternative_names
        self._extras = tuple(extra for extra in profile.extensions if extra.value.parameters())
        self._parameters = frozenset[str]().union(*[extra.value.parameters() for extra in self._extras])
        self._fixed = b"".join(
            [
                *_constraints(profile),
                policies,
                *_addresses(profile, issuer, shard),
                extension.extension(
                    oids.AUTHORITY_KEY_IDENTIFIER, extension.authority_key_identifier(issuer.key_identifier)
                ),
                *[
                    extension.extension(extra.oid, extra.value.encode({}), critical=extra.critical)
                    for extra in profile.extensions
                    if not extra.value.parameters()
                ],
            ]
        )

    def extensions(
        self, public: PublicKey, parameters: Mapping[str, Value], dns_names: tuple[str, ...]
    ) -> bytes:
        """[3] EXPLICIT Extensions; raises `RequestInvalid` for a parameter or host name."""
        for name in parameters:
            if name not in self._parameters:
                raise RequestInvalid(name, "is no parameter of the profile")
        parts = [self._fixed, _SKI_HEAD, public.key_identifier]
        for extra in self._extras:
            value = extra.value.encode(parameters)
            parts.append(extension.extension(extra.oid, value, critical=extra.critical))
        if dns_names or self._alternative_names is not None:
            parts.append(self._names(dns_names))
        return der.explicit(3, der.wrap(der.SEQUENCE, b"".join(parts)))

    def is_linted(self, dns_names: tuple[str, ...]) -> bool:
        """A certificate of this shape passed every rule; only what varies need be checked again."""
        return bool(dns_names) in self._linted

    def lint_first(self, tbs: bytes, dns_names: tuple[str, ...]) -> None:
        """Every rule over the encoded bytes, read back; raises `LintFailed`."""
        unsigned = der.sequence(tbs, self.algorithm, der.bits(b""))
        view = CertificateView.parse(unsigned, self.issuer_view)
        require_clean(view, RULES)
        self.extension_views = view.extensions
        self._linted.add(bool(dns_names))

    def lint_varying(self, view: CertificateView) -> None:
        """The rules whose verdict can differ from the first certificate's; raises `LintFailed`."""
        require_clean(view, VARYING_RULES)

    def _names(self, names: tuple[str, ...]) -> bytes:
        rule = self._alternative_names
        if rule is None:
            raise RequestInvalid("dns_names", "are not permitted by the profile")
        if not names:
            if rule.required:
                raise RequestInvalid("dns_names", "are required by the profile")
            return b""
        if len(names) > MAX_DNS_NAMES or len(set(names)) != len(names):
            raise RequestInvalid("dns_names", f"are more than {MAX_DNS_NAMES}, or one occurs twice")
        for place, name in enumerate(names):
            if not _DNS_NAME.match(name):
                raise RequestInvalid(f"dns_names[{place}]", "is not a host name in lower case")
        return extension.extension(oids.SUBJECT_ALT_NAME, extension.dns_names(names), critical=rule.critical)


_SKI_SIZE = 20
_SKI_HEAD = extension.extension(oids.SUBJECT_KEY_IDENTIFIER, der.octets(bytes(_SKI_SIZE)))[:-_SKI_SIZE]


@lru_cache(maxsize=TEMPLATES_KEPT)
def fixed_parts(profile: Profile, issuer: IssuerContext, shard: int, simulated: bool) -> FixedParts:  # noqa: FBT001
    """Made once for each combination; raises `Refused` or `RequestInvalid` for one that may not be."""
    if issuer.role not in profile.issued_by or issuer.is_self_signed != profile.is_root:
        raise Refused("profile", f"{profile.name} is not issued by {issuer.authority_id}")
    if profile.basic_constraints.ca and issuer.path_length == 0:
        raise Refused("profile", f"{issuer.authority_id} may issue no authority below itself")
    if not 0 <= shard <= MAX_SHARD:
        raise RequestInvalid("crl_shard", f"is not between 0 and {MAX_SHARD}")
    policies = b""
    if profile.policies is not None:
        chosen = profile.policies.simulated if simulated else profile.policies.oids
        if chosen is None:
            raise Refused("identity.simulated", f"profile {profile.name} takes no simulated identity")
        value = extension.certificate_policies(chosen, profile.policies.cps)
        policies = extension.extension(oids.CERTIFICATE_POLICIES, value, critical=profile.policies.critical)
    return FixedParts(profile, issuer, shard, policies)


def _constraints(profile: Profile) -> list[bytes]:
    basic, usage, purposes = profile.basic_constraints, profile.key_usage, profile.extended_key_usage
    parts = [
        extension.extension(
            oids.BASIC_CONSTRAINTS,
            extension.basic_constraints(ca=basic.ca, path_length=basic.path_length),
            critical=basic.critical,
        ),
        extension.extension(oids.KEY_USAGE, extension.key_usage(usage.bits), critical=usage.critical),
    ]
    if purposes is not None:
        value = extension.extended_key_usage(purposes.purposes)
        parts.append(extension.extension(oids.EXTENDED_KEY_USAGE, value, critical=purposes.critical))
    if profile.name_constraints is not None:
        value = extension.name_constraints(
            [Name.of(pairs).der for pairs in profile.name_constraints.permitted]
        )
        parts.append(extension.extension(oids.NAME_CONSTRAINTS, value, critical=True))
    if profile.ocsp_no_check:
        parts.append(extension.extension(oids.OCSP_NO_CHECK, der.NULL))
    return parts


def _addresses(profile: Profile, issuer: IssuerContext, shard: int) -> list[bytes]:
    if profile.pointers is None:
        return []
    crl, ocsp, certificate = (
        expand(template, issuer.base_url, issuer.authority_id, shard)
        for template in (profile.pointers.crl, profile.pointers.ocsp, profile.pointers.issuer)
    )
    return [
        extension.extension(oids.CRL_DISTRIBUTION_POINTS, extension.crl_distribution_point(crl)),
        extension.extension(
            oids.AUTHORITY_INFO_ACCESS, extension.authority_info_access(ocsp=ocsp, issuer=certificate)
        ),
    ]
