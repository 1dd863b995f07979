"""pkilint as a `DeepLinter`: RFC 5280 certificates and CRLs, RFC 6960 responses. About 10 ms an object."""

from __future__ import annotations

from typing import Any

from pkilint import loader, pkix, validation
from pkilint.pkix import certificate, crl, extension, name, ocsp

from ca.deeplint import DeepFinding, Severity
from ca.errors import EncodingInvalid


class Pkilint:
    """Validators are built once and hold no state between objects."""

    def __init__(self) -> None:
        self._certificate = certificate.create_pkix_certificate_validator_container(
            certificate.create_decoding_validators(
                name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
            ),
            [
                certificate.create_issuer_validator_container([]),
                certificate.create_validity_validator_container(),
                certificate.create_subject_validator_container([]),
                certificate.create_extensions_validator_container([]),
                certificate.create_spki_validator_container([]),
            ],
        )
        self._crl = crl.create_pkix_crl_validator_container(
            _decoders(),
            [
                crl.create_issuer_validator_container([]),
                crl.create_validity_validator_container([]),
                crl.create_extensions_validator_container([]),
            ],
        )
        self._ocsp = ocsp.create_pkix_ocsp_response_validator_container(
            [ocsp.create_response_decoder(), *_decoders()], []
        )

    def certificate(self, data: bytes) -> tuple[DeepFinding, ...]:
        return _run("certificate", loader.RFC5280CertificateDocumentLoader(), self._certificate, data)

    def crl(self, data: bytes) -> tuple[DeepFinding, ...]:
        return _run("crl", loader.RFC5280CertificateListDocumentLoader(), self._crl, data)

    def ocsp_response(self, data: bytes) -> tuple[DeepFinding, ...]:
        return _run("ocsp", loader.RFC6960OCSPResponseDocumentLoader(), self._ocsp, data)


def _decoders() -> list[Any]:
    return [
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ]


def _run(
    field: str, documents: loader.DocumentLoader, validator: validation.ValidatorContainer, data: bytes
) -> tuple[DeepFinding, ...]:
    try:
        document = documents.load_der_document(data, field)
    except ValueError as error:
        raise EncodingInvalid(field, f"is not DER that pkilint reads ({error})") from error
    return tuple(
        DeepFinding(
            Severity(described.finding.severity),
            described.finding.code,
            result.node.path,
            described.message or "",
        )
        for result in validator.validate(document.root)
        for described in result.finding_descriptions
    )
