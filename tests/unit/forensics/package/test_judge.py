"""A package judged: what holds, what was changed is caught at the step that should, what is open is said."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import replace
from datetime import datetime

import pikepdf
import pytest

from ca.indication import Indication, Outcome, Step, SubIndication
from ca.trust import TrustStore
from forensics.errors import ContentsInvalid, PackageInvalid
from forensics.package.container import read_container
from forensics.package.contents import PackageContents, PackageFile, build
from forensics.package.judge import judge_package, open_package
from forensics.package.report import STEPS, OpenedPackage, StepReport, failed, passed
from forensics.package.role import Role
from keys.suites import Algorithm
from tests.support.packaging import (
    MASKED,
    MOBILE,
    NAME,
    NOW,
    NUMBER,
    SEALS,
    Variant,
    contents,
    contract,
    masked_package,
    package,
    resealed,
    seal,
    seals,
    trust,
    zipped,
)

both_suites = pytest.mark.parametrize("algorithm", SEALS)


@both_suites
def test_a_package_holds(algorithm: Algorithm) -> None:
    report = judge_package(package(algorithm), trust(), now=NOW)
    assert report.indication is Indication.TOTAL_PASSED
    assert report.sub_indication is None
    assert [one.step_id for one in report.steps] == list(STEPS)
    assert [one.number for one in report.steps] == list(range(1, 16))
    assert [one.indication for one in report.steps] == [Indication.TOTAL_PASSED] * 7 + [None] * 8
    assert {one.step_id for one in report.not_checked} == set(STEPS[7:])
    assert report.head["package_id"] == "package-1"
    assert report.documents["contract/loan-signed.pdf"].indication is Indication.TOTAL_PASSED
    assert set(report.timestamps) == {
        "META-INF/timestamp001.tst",
        "META-INF/timestamp002.tst",
        "tst/contract.tst",
    }


@both_suites
def test_what_was_put_in_comes_out(algorithm: Algorithm) -> None:
    files, manifest = open_package(package(algorithm))
    assert files["contract/loan-signed.pdf"] == contract(algorithm)
    assert [one.path for one in manifest.by_role(Role.CONTRACT)] == ["contract/loan-signed.pdf"]


def test_the_same_contents_make_the_same_octets() -> None:
    given = contents()
    again = PackageContents(given.head, given.events, tuple(reversed(given.files)))
    assert build(given, seals()) == build(again, tuple(reversed(seals())))


def test_a_masked_package_holds_and_says_what_it_leaves_out() -> None:
    report = judge_package(masked_package(), trust(), now=NOW)
    assert report.indication is Indication.TOTAL_PASSED
    said = {(one.step_id, one.detail) for one in report.not_checked}
    assert ("manifest", "contract/loan-signed.pdf: is withheld from this variant") in said
    assert ("commitments", "3 personal fields are committed to and not disclosed") in said
    assert ("documents", "the package holds no contract") in said
    _, manifest = open_package(masked_package())
    (withheld,) = (one for one in manifest.withheld if one.role is Role.CONTRACT)
    assert withheld.matches(contract(Algorithm.P256))


def unpacked(data: bytes) -> str:
    """Everything readable in a package, PDF streams and numbers of hexadecimal and JSON among it."""
    parts = [data]
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        for one in files.infolist():
            content = files.read(one)
            parts += one.filename.encode(), content
            if content.startswith(b"%PDF"):
                with pikepdf.open(io.BytesIO(content)) as pdf:
                    streams = [each for each in pdf.objects if isinstance(each, pikepdf.Stream)]
                    parts += [each.read_bytes() for each in streams]
    text = b"\n".join(parts)
    return "\n".join(text.decode(coding, errors="replace") for coding in ("utf-8", "utf-16-be", "gb18030"))


def test_the_masked_package_holds_nothing_personal() -> None:
    shown, masked = unpacked(package()), unpacked(masked_package())
    for secret in (NAME, MOBILE, NUMBER):
        forms = {secret, secret.encode("utf-16-be").hex(), secret.encode().hex(), ascii(secret).strip("'")}
        assert secret in shown
        assert [form for form in forms if form in masked] == []


def test_one_field_of_one_event_can_be_shown() -> None:
    given = contents()
    first = given.events.events[0].event_id
    choice = replace(MASKED, of_event={first: frozenset({"mobile"})})
    data = build(contents(Variant(choice=choice, name="for the court")), seals())
    assert judge_package(data, trust(), now=NOW).indication is Indication.TOTAL_PASSED
    salts = read_container(data)["events/salts.json"].decode()
    assert MOBILE in salts
    assert NAME not in salts


def test_without_roots_nothing_is_trusted_and_nothing_is_wrong() -> None:
    report = judge_package(package(), TrustStore(), now=NOW)
    assert report.indication is Indication.INDETERMINATE
    assert report.step("signatures").sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert report.step("events").indication is Indication.TOTAL_PASSED


def test_roots_inside_the_package_are_no_anchors() -> None:
    given = contents()
    roots = tuple(
        PackageFile(Role.CERTIFICATE, f"roots/{one.signer.key_id}.cer", one.stamp_chain[-1])
        for one in seals()
    )
    data = build(replace(given, files=(*given.files, *roots)), seals())
    assert judge_package(data, TrustStore(), now=NOW).indication is Indication.INDETERMINATE
    assert judge_package(data, trust(), now=NOW).indication is Indication.TOTAL_PASSED


@both_suites
def test_who_trusts_one_suite_fails_at_the_other_alone(algorithm: Algorithm) -> None:
    report = judge_package(package(algorithm), trust(algorithm), now=NOW)
    assert report.indication is Indication.INDETERMINATE
    outcomes = {one.step_id: one.outcome for one in report.step("signatures").findings}
    mine = "signature001" if algorithm is Algorithm.P256 else "signature002"
    assert [name for name, outcome in outcomes.items() if outcome is Outcome.PASSED] == [mine]
    assert report.step("documents").indication is Indication.TOTAL_PASSED


class Yes:
    """A `Check` that somebody plugs in."""

    def __init__(self, step_id: str, sub: SubIndication | None = None) -> None:
        self.step_id = step_id
        self.sub = sub
        self.seen: list[OpenedPackage] = []

    def check(self, package: OpenedPackage, trust: TrustStore, now: datetime) -> StepReport:
        self.seen.append(package)
        finding = Step(self.step_id, Outcome.PASSED, "seen")
        return passed(self.step_id, finding) if self.sub is None else failed(self.step_id, self.sub, finding)


def test_later_steps_are_plugged_in() -> None:
    check = Yes("inclusion")
    report = judge_package(package(), trust(), now=NOW, checks=[check])
    assert report.step("inclusion").indication is Indication.TOTAL_PASSED
    assert "inclusion" not in {one.step_id for one in report.not_checked}
    (seen,) = check.seen
    assert len(seen.leaves) == len(seen.events) == 3
    refused = judge_package(package(), trust(), now=NOW, checks=[Yes("anchors", SubIndication.HASH_FAILURE)])
    assert refused.indication is Indication.TOTAL_FAILED


def test_a_check_adds_to_a_step_that_is_checked_anyway() -> None:
    checks = [Yes("events"), Yes("events", SubIndication.TRY_LATER)]
    step = judge_package(package(), trust(), now=NOW, checks=checks).step("events")
    assert step.indication is Indication.INDETERMINATE
    assert len(step.findings) == 3


def test_what_a_producer_signed_is_said_to_be_unchecked() -> None:
    data = build(contents(Variant(events=4)), seals())
    report = judge_package(data, trust(), now=NOW)
    assert report.step("events").indication is Indication.TOTAL_PASSED
    (finding,) = (one for one in report.not_checked if one.step_id == "events")
    assert finding.detail.startswith("signatures by the producers of 1 events")


def test_what_no_step_looked_into_keeps_a_package_from_passing() -> None:
    given = contents()
    proof = PackageFile(Role.PROOF, "event-1.tlog-proof", b"c2sp.org/tlog-proof@v1\n")
    data = build(replace(given, files=(*given.files, proof)), seals())
    assert judge_package(data, trust(), now=NOW).indication is Indication.INDETERMINATE
    assert (
        judge_package(data, trust(), now=NOW, checks=[Yes("inclusion")]).indication is Indication.TOTAL_PASSED
    )


def test_what_is_no_package_is_said_to_be_none() -> None:
    for data in (b"", b"%PDF-1.7", bytes(100)):
        report = judge_package(data, trust(), now=NOW)
        assert report.indication is Indication.TOTAL_FAILED
        assert report.sub_indication is SubIndication.FORMAT_FAILURE
        assert [one.indication for one in report.steps[1:]] == [None] * 14
        with pytest.raises(PackageInvalid):
            open_package(data)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (PackageFile(Role.CONTRACT, "loan-signed.pdf", b""), "given twice"),
        (PackageFile(Role.CONTRACT, "attachments/x.pdf", b""), "no place"),
        (PackageFile(Role.CONTRACT, "../x.pdf", b""), "leads out"),
        (PackageFile(Role.EVENTS, "x", b""), "the package's"),
        (PackageFile(Role.TIMESTAMP, "x.tst", b""), "what it is over"),
        (PackageFile(Role.TIMESTAMP, "x.tst", b"", over="none"), "not given"),
        (PackageFile(Role.PROOF, "x", b"", over="mimetype"), "what it is over"),
        (PackageFile(Role.CONTRACT, "loan-signed.pdf", b"", withheld=True), "held and as withheld"),
    ],
)
def test_what_cannot_be_packaged_is_refused(file: PackageFile, words: str) -> None:
    given = contents()
    with pytest.raises(ContentsInvalid, match=words):
        build(replace(given, files=(*given.files, file)), seals())


def test_both_seals_are_needed() -> None:
    with pytest.raises(ContentsInvalid, match="guomi"):
        build(contents(), [seal(Algorithm.P256)])


def test_the_tampered_are_not_refused_for_being_made_again() -> None:
    """The tests of tampering stand on this: files packed again without a change hold."""
    files = read_container(package())
    assert judge_package(zipped(files), trust(), now=NOW).indication is Indication.TOTAL_PASSED
    assert judge_package(zipped(resealed(files)), trust(), now=NOW).indication is Indication.TOTAL_PASSED
    assert zlib.crc32(zipped(files)) == zlib.crc32(package())
