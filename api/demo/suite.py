"""The demonstration in one suite: what is made, and who checks it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from api.chain import chain_of
from api.demo import pdfjudges
from api.demo.contract import ContractDemonstration, SignedContract
from api.demo.openssl import OpenSsl
from api.demo.parties import BANK, BORROWER, GUARANTOR, WITHDRAWN, Party
from api.demo.steps import Recorder, Step
from api.install import KeyedWitness
from api.trustfiles import read_trust
from api.wiring import Centre
from ca.certificate import Certificate, pem_bundle, to_pem
from ca.crl import load_crl
from ca.indication import Indication
from ca.ocsp import certificate_id, encode_request
from ca.ocspresponse import CertificateState, load_response
from ca.ocspverify import verify_response
from ca.order import Requester
from ca.path import validate
from ca.purpose import ANY_PURPOSE, DOCUMENT_SIGNING, Purpose
from ca.registry import AuthorityId, AuthorityRole, RevocationReason, authority_id
from ca.revoke import Grounds, Selection
from ca.serial import serial_text
from ca.timestamp import Imprint
from ca.token import MAX_TOKEN_SIZE, verify_token
from ca.trust import load_trust
from ca.verifystamp import judge_timestamp
from evidence.event import ActorKind
from keys import cms
from keys.errors import SignatureInvalid
from keys.sm2 import PublicOperation, PureBackend, check_point
from keys.suites import DEFAULT_ALGORITHM, Suite
from signing.validity.judge import judge_pdf
from signing.validity.report import Kind

OPERATOR = Requester("demo", ActorKind.OPERATOR)
INTENT = "withdrawn before anything was signed"
SIGNERS = (
    (BORROWER, AuthorityRole.PERSON),
    (GUARANTOR, AuthorityRole.PERSON),
    (BANK, AuthorityRole.SEAL),
)
DATA = "信签 Xinqian: the contract of the demonstration is signed from the next step on.\n"


class SuiteDemonstration:
    """Runs the steps of one suite."""

    def __init__(
        self,
        centre: Centre,
        suite: Suite,
        recorder: Recorder,
        judge: OpenSsl | None,
        administrators: Sequence[KeyedWitness],
    ) -> None:
        self._centre = centre
        self._suite = suite
        self._recorder = recorder
        self._judge = judge
        self._out = recorder.out
        self._administrators = administrators
        with centre.database.reading() as unit:
            self._authorities = [one for one in unit.authorities.list() if one.suite is suite]
        self._root = Certificate(self._authorities[0].certificate)
        self._files: dict[AuthorityId, Path] = {}

    def run(self) -> None:
        """Every step in order."""
        with self._recorder.step("hierarchy", self._suite) as step:
            self._hierarchy(step)
        contract = ContractDemonstration(
            self._centre, self._suite, self._recorder, self._administrators
        ).run()
        with self._recorder.step("certificates", self._suite) as step:
            for party, role in SIGNERS:
                issuer = authority_id(self._suite, role)
                self._keep(step, party, contract.certificates[party.role], issuer)
        with self._recorder.step("revocation", self._suite) as step:
            self._revocation(step)
        with self._recorder.step("ocsp", self._suite) as step:
            self._ocsp(step, contract.certificates[BORROWER.role])
        with self._recorder.step("timestamp", self._suite) as step:
            self._timestamp(step)
        with self._recorder.step("verify-contract", self._suite) as step:
            self._verify(step, contract)

    @property
    def _root_file(self) -> Path:
        return self._out / f"trust/{self._suite}-root.pem"

    @property
    def _chain_file(self) -> Path:
        return self._out / f"trust/{self._suite}-chain.pem"

    def _hierarchy(self, step: Step) -> None:
        self._recorder.write(step, f"trust/{self._suite}-root.pem", self._root.pem().encode())
        below = [Certificate(one.certificate) for one in self._authorities[1:]]
        chain = pem_bundle(below).encode()
        self._recorder.write(step, f"trust/{self._suite}-chain.pem", chain)
        for one in self._authorities:
            certificate = Certificate(one.certificate)
            path = self._recorder.write(
                step, f"{self._suite}/authorities/{one.role}.pem", certificate.pem().encode()
            )
            self._files[one.authority_id] = path
            if one.parent is None:
                self._check_root(step, path)
            else:
                self._check_certificate(step, certificate, path, one.role.value, one.parent)

    def _check_root(self, step: Step, path: Path) -> None:
        self._root.check_signed_by(self._root.public)
        step.check("root, self-signed", "xinqian", ok=True)
        if self._judge is not None:
            ok, said = self._judge.root(path) if self._guomi else self._judge.chain(path, path, path)
            step.check("root, self-signed", "openssl", ok=ok, detail=said)
        self._check_by_gmssl(step, self._root, self._root, "root")

    def _check_certificate(
        self,
        step: Step,
        certificate: Certificate,
        path: Path,
        what: str,
        issuer: AuthorityId,
        purpose: Purpose = ANY_PURPOSE,
    ) -> None:
        """The path to the root by us and by OpenSSL, the issuer's SM2 signature by gmssl too."""
        above = self._chain(issuer)
        report = validate(
            certificate,
            anchors=[self._root],
            intermediates=above[:-1],
            at=self._centre.clock.now(),
            purpose=purpose,
        )
        ok = report.indication is Indication.TOTAL_PASSED
        step.check(
            f"{what}: path to the root", "xinqian", ok=ok, detail="" if ok else str(report.sub_indication)
        )
        if self._judge is not None:
            if self._guomi:
                ok, said = self._judge.link(path, self._files[issuer])
                step.check(f"{what}: signed by {issuer}", "openssl", ok=ok, detail=said)
            else:
                ok, said = self._judge.chain(path, self._chain_file, self._root_file)
                step.check(f"{what}: path to the root", "openssl", ok=ok, detail=said)
        self._check_by_gmssl(step, certificate, above[0], what)

    def _check_by_gmssl(self, step: Step, certificate: Certificate, issuer: Certificate, what: str) -> None:
        self._check_sm2(step, what, issuer, certificate.signature, certificate.tbs)

    def _check_sm2(self, step: Step, what: str, signer: Certificate, signature: bytes, signed: bytes) -> None:
        """The bare signature, by two libraries that share no code with the one that made it."""
        if not self._guomi:
            return
        key = PureBackend().open_public(check_point(signer.public.key_bits))
        step.check(f"{what}: SM2 signature", "gmssl", ok=_verifies(key, signature, signed))
        if self._judge is not None:
            ok, said = self._judge.sm2_signature(signature, signed, to_pem("PUBLIC KEY", signer.spki))
            step.check(f"{what}: SM2 signature", "openssl", ok=ok, detail=said)

    def _person(self, step: Step, party: Party) -> Certificate:
        """A one-time key and its certificate for one intent; the key is then destroyed."""
        algorithm = DEFAULT_ALGORITHM[self._suite]
        intent = algorithm.digest.of(INTENT.encode())
        issuer = authority_id(self._suite, AuthorityRole.PERSON)
        issued, key = self._centre.issuance.issue_event(
            party.identity(self._centre.clock.now()), intent, issuer, OPERATOR, algorithm=algorithm
        )
        self._centre.issuance.record_destroyed([key])
        return self._keep(step, party, issued.certificate, issuer)

    def _keep(self, step: Step, party: Party, certificate: Certificate, issuer: AuthorityId) -> Certificate:
        path = self._recorder.write(step, f"{self._suite}/{party.role}.pem", certificate.pem().encode())
        self._check_certificate(step, certificate, path, party.role, issuer, DOCUMENT_SIGNING)
        step.facts[party.role] = {
            "serial": serial_text(certificate.serial),
            "subject": certificate.subject.rfc4514_string(),
            "not_after": certificate.not_after.isoformat(),
        }
        return certificate

    def _revocation(self, step: Step) -> None:
        """One certificate is revoked, then every authority publishes."""
        withdrawn = self._person(step, WITHDRAWN)
        grounds = Grounds(RevocationReason.CESSATION_OF_OPERATION, OPERATOR)
        self._centre.revocations.revoke(Selection(certificate=withdrawn), grounds)
        for one in self._authorities:
            published = self._centre.publisher.publish(one.authority_id)
            path = self._recorder.write(step, f"trust/{self._suite}-{one.role}.crl", published.data)
            issuer = Certificate(one.certificate)
            crl = load_crl(published.data)
            ok = _verifies(issuer.public, crl.signature, crl.tbs)
            step.check(f"{one.role} CRL {published.number}: signature", "xinqian", ok=ok)
            if self._judge is not None and not self._guomi:
                ok, said = self._judge.crl(path, self._files[one.authority_id])
                step.check(f"{one.role} CRL {published.number}: signature", "openssl", ok=ok, detail=said)
            self._check_sm2(step, f"{one.role} CRL {published.number}", issuer, crl.signature, crl.tbs)
            if one.role is AuthorityRole.PERSON:
                listed = x509.load_der_x509_crl(published.data).get_revoked_certificate_by_serial_number(
                    withdrawn.serial
                )
                step.check("the withdrawn certificate is listed", "cryptography", ok=listed is not None)

    def _ocsp(self, step: Step, borrower: Certificate) -> None:
        place = authority_id(self._suite, AuthorityRole.PERSON)
        issuer = self._chain(place)[0]
        request = encode_request(certificate_id(issuer, borrower.serial))
        answer = self._centre.responder.answer(place, request)
        path = self._recorder.write(step, f"{self._suite}/ocsp.der", answer.data)
        single = verify_response(answer.data, borrower, issuer, self._centre.clock.now())
        good = single.status.state is CertificateState.GOOD
        step.check("borrower: good", "xinqian", ok=good)
        response = load_response(answer.data)
        responder = response.certificates[0] if response.certificates else issuer
        self._check_sm2(step, "OCSP answer", responder, response.signature, response.tbs)
        if self._judge is not None and not self._guomi:
            ok, said = self._judge.ocsp(
                path, self._out / f"{self._suite}/borrower.pem", self._files[place], self._bundle(step, place)
            )
            step.check("borrower: good", "openssl", ok=ok, detail=said)

    def _bundle(self, step: Step, place: AuthorityId) -> Path:
        """Issuer and root in one file, as `openssl ocsp` wants its anchors."""
        bundle = pem_bundle(self._chain(place)).encode()
        return self._recorder.write(step, f"{self._suite}/authorities/{place}-bundle.pem", bundle)

    def _timestamp(self, step: Step) -> None:
        data = DATA.encode()
        kept = self._recorder.write(step, f"{self._suite}/timestamp.data", data)
        authority = self._centre.timestamping.authority(self._suite)
        imprint = Imprint.of(DEFAULT_ALGORITHM[self._suite].digest, data)
        token = authority.token(imprint, OPERATOR.pseudonym)
        path = self._recorder.write(step, f"{self._suite}/timestamp.tst", token)
        files = {one.name: one.read_bytes() for one in sorted((self._out / "trust").iterdir())}
        report = judge_timestamp(data, token, load_trust(files), now=self._centre.clock.now())
        ok = report.indication is Indication.TOTAL_PASSED
        step.check("token: TOTAL-PASSED", "xinqian", ok=ok, detail="" if ok else str(report.sub_indication))
        verified = verify_token(token, data=data)
        info = verified.info
        (signer,) = cms.parse(token, limit=MAX_TOKEN_SIZE).signers
        self._check_sm2(step, "token", verified.certificate, signer.signature, signer.signed_bytes or b"")
        step.facts |= {"serial": serial_text(info.serial), "gen_time": info.gen_time.isoformat()}
        if self._judge is not None and not self._guomi:
            ok, said = self._judge.timestamp(path, kept, self._chain_file, self._root_file)
            step.check("token", "openssl", ok=ok, detail=said)

    def _verify(self, step: Step, signed: SignedContract) -> None:
        """The contract before us with nothing but the trust folder, and before judges not ours."""
        data = signed.path.read_bytes()
        report = judge_pdf(data, read_trust(self._out / "trust"), now=self._centre.clock.now())
        for one in report.signatures:
            ok = one.indication is Indication.TOTAL_PASSED
            level = f", {one.level}" if one.level else ""
            detail = "" if ok else str(one.sub_indication)
            step.check(f"{one.field}: TOTAL-PASSED{level}", "xinqian", ok=ok, detail=detail)
        whole = report.indication is Indication.TOTAL_PASSED
        step.check(
            "contract: TOTAL-PASSED", "xinqian", ok=whole, detail="" if whole else str(report.sub_indication)
        )
        step.facts["pages"] = report.pages
        pdfjudges.structure(step, signed.path)
        if self._guomi:
            self._check_sm2_signatures(step, data)
            return
        people = [one for one in report.signatures if one.kind is Kind.SIGNATURE]
        pdfjudges.signatures(step, signed.path, len(people))
        below = [Certificate(one.certificate) for one in self._authorities[1:]]
        pdfjudges.by_pyhanko(step, data, self._root, below)

    def _check_sm2_signatures(self, step: Step, data: bytes) -> None:
        """What each key signed, by gmssl and OpenSSL."""
        for field, contents in pdfjudges.contents(data):
            message = cms.parse(contents)
            (signer,) = message.signers
            (certificate,) = [
                one for one in map(Certificate, message.certificates) if one.serial == signer.serial
            ]
            self._check_sm2(step, field, certificate, signer.signature, signer.signed_bytes or b"")

    @property
    def _guomi(self) -> bool:
        return self._suite is Suite.GUOMI

    def _chain(self, place: AuthorityId) -> list[Certificate]:
        with self._centre.database.reading() as unit:
            return chain_of(unit, place)


def _verifies(key: PublicOperation, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except SignatureInvalid:
        return False
    return True
