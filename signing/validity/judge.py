"""Judge any signed PDF, offline, by what the verifier trusts: signatures, times, changes, attacks.

1 the file's revisions          4 document timestamps, newest first     7 octets that nothing accounts for
2 the form of each revision     5 signatures                            8 a second reader's opinion
3 the document's own store      6 changes after each of them            9 content prepared for later
"""

from __future__ import annotations

from datetime import datetime

from ca.indication import Indication, Outcome, Step, SubIndication
from ca.trust import TrustStore
from keys.suites import Digest
from signing.document import Buffer
from signing.validity.account import unaccounted
from signing.validity.attack import Attack, AttackFound
from signing.validity.change import Change, ChangeClass, Permission, Rules, rules_of
from signing.validity.difference import Differences
from signing.validity.fields import Form, form_of
from signing.validity.graph import Graph
from signing.validity.locate import SignatureObject, signatures_of, unheld
from signing.validity.message import Message
from signing.validity.pagetree import PageTree, page_tree
from signing.validity.prepared import misleading_fields, prepared_content
from signing.validity.rangedigest import Range, digest_ranges
from signing.validity.report import PdfReport, SignatureReport, worst
from signing.validity.secondreader import disagreements
from signing.validity.signature import Context, judge_signature, judge_stamp, read, with_changes
from signing.validity.store import read_store
from signing.validity.structure import read_structure
from signing.validity.syntax import SyntaxInvalid
from signing.validity.timeproof import imprint_digest
from signing.validity.wreck import attacks_on_wreck

MAX_SIGNATURES = 500  # of one file, each of which costs a path; a contract has up to 100


def judge_pdf(data: Buffer, trust: TrustStore, *, now: datetime, at: datetime | None = None) -> PdfReport:
    """Judge a PDF as of `at` (by default `now`), with evidence given up to then.

    Anchors are `trust`'s alone. Never raises for what a stranger's file holds.
    """
    moment = now if at is None else at
    try:
        return _Judgement(data, trust, moment).report()
    except (SyntaxInvalid, RecursionError) as error:
        reason = str(error) if isinstance(error, SyntaxInvalid) else "is nested too deeply"
        return unreadable(reason, moment, attacks_on_wreck(data))


def unreadable(reason: str, at: datetime, attacks: tuple[AttackFound, ...] = ()) -> PdfReport:
    """The report on a file that could not even be read."""
    sub = SubIndication.FORMAT_FAILURE
    steps = [Step("format", Outcome.FAILED, f"the file {reason}")]
    steps += [Step(one.attack.value, Outcome.FAILED, one.detail) for one in attacks]
    return PdfReport(sub.indication, sub, tuple(steps), (), attacks, 0, None, at)


class _Judgement:
    def __init__(self, data: Buffer, trust: TrustStore, now: datetime) -> None:
        self._now = now
        self._trust = trust
        self._structure = read_structure(data)  # 1
        self._graph = Graph(self._structure)
        self._steps = [
            Step("format", Outcome.PASSED, f"the file has {len(self._structure.revisions)} revisions")
        ]
        self._subs: list[SubIndication] = []
        self._attacks: list[AttackFound] = list(self._structure.found)

    def report(self) -> PdfReport:
        graph = self._graph
        if b"Encrypt" in graph.revisions[-1].trailer:
            if b"Encrypt" not in graph.revisions[0].trailer:
                detail = "the encryption was changed"
                self._attacks.append(AttackFound(Attack.INCREMENTAL_SAVING, detail))
            detail = "the file is encrypted, and encrypted files are not judged"
            return self._closed((), None, "encryption", detail)
        forms = self._forms()  # 2
        signatures = signatures_of(graph, forms)
        self._attacks += unheld(graph, signatures)
        if not signatures:
            return self._closed((), None, "signatures", "nothing in the file is signed")
        if len(signatures) > MAX_SIGNATURES:
            return self._closed(
                (),
                None,
                "signatures",
                f"the file has more than {MAX_SIGNATURES} signatures, too many to be judged",
            )
        reports = self._signatures(signatures)
        covered = [one.revision for one in signatures if one.range is not None]
        first = min(covered, default=0)
        differences = Differences(graph, forms)
        changes = {one.index: differences.of(one.index) for one in graph.revisions[first + 1 :]}
        judged = self._changed(signatures, reports, changes)  # 6
        tree = page_tree(graph, graph.revisions[-1].index)
        last = max((one.range.end for one in signatures if one.range is not None), default=0)
        self._attacks += unaccounted(graph, first if covered else None, last)  # 7
        touched = {number for one in graph.revisions[first + 1 :] for number in one.entries if number}
        touched |= {one.number for one in signatures if one.number}
        in_use = {one for one in touched if graph.place(graph.revisions[-1].index, one) is not None}
        if not any(one.attack is Attack.XREF_DISAGREEMENT for one in self._attacks):
            self._attacks += disagreements(graph, tree, in_use)  # 8
        self._judge_file()
        self._prepared(first, forms)  # 9
        return self._closed(tuple(judged), tree)

    def _forms(self) -> tuple[Form, ...]:
        """A form per revision; the same value while no object of it is touched."""
        found: list[Form] = []
        roots: set[int] = set()
        for revision in self._graph.revisions:
            roots = {one.root.number for one in (revision,) if one.root is not None}
            if found and not revision.entries.keys() & (found[-1].numbers | roots):
                found.append(found[-1])
            else:
                found.append(form_of(self._graph, revision.index))
        return tuple(found)

    def _signatures(self, signatures: tuple[SignatureObject, ...]) -> dict[int, SignatureReport]:
        store = read_store(self._graph)  # 3
        messages = {place: read(one) for place, one in enumerate(signatures) if not one.is_timestamp}
        wanted: list[tuple[Digest, Range]] = []
        for place, one in enumerate(signatures):
            message = messages.get(place)
            digest = message.digest if isinstance(message, Message) else None
            digest = imprint_digest(one) if one.is_timestamp else digest
            if one.range is not None and digest is not None:
                wanted.append((digest, one.range))
        digests = digest_ranges(self._graph.data, wanted)
        context = Context(store.beside(self._trust), store, self._now, digests, [])
        found: dict[int, SignatureReport] = {}
        for place, one in reversed(list(enumerate(signatures))):  # 4
            if one.is_timestamp:
                found[place], attacks, report = judge_stamp(one, context)
                self._attacks += attacks
                if report is not None:
                    context.documents.append((one, report))
        seen: dict[bytes, str] = {}
        for place, one in enumerate(signatures):  # 5
            if place not in found:
                found[place], attacks = judge_signature(one, messages[place], context, self._rules(one))
                self._attacks += attacks
            plain = one.contents.rstrip(b"\0")
            other = seen.setdefault(plain, one.field.name)
            if other != one.field.name and plain:
                detail = f"holds the signature of field {other}"
                for attack in (Attack.RECYCLED_FIELD, Attack.FOREIGN_SIGNER_INFO):
                    self._attacks.append(AttackFound(attack, detail, one.revision, one.field.name))
        return found

    def _rules(self, signature: SignatureObject) -> Rules:
        return rules_of(self._graph, signature.revision, signature.entries)

    def _changed(
        self,
        signatures: tuple[SignatureObject, ...],
        reports: dict[int, SignatureReport],
        changes: dict[int, tuple[Change, ...]],
    ) -> list[SignatureReport]:
        certified: Permission | None = None
        made = []
        for place, one in enumerate(signatures):
            rules = self._rules(one)
            later = [change for index in sorted(changes) if index > one.revision for change in changes[index]]
            if rules.permission is not None and certified is None:
                certified = rules.permission
            later = [_weighed(change, certified) for change in later]
            report = with_changes(reports[place], rules, certified, later)
            made.append(report)
            for change, allowed in report.modifications:
                if not allowed:
                    self._attacks.append(_attack_of(change))
        return made

    def _judge_file(self) -> None:
        """What was found of the file as a whole fails it."""
        whole = [one for one in dict.fromkeys(self._attacks) if one.field is None]
        for one in whole:
            self._steps.append(Step(one.attack.value, Outcome.FAILED, one.detail))
        if self._attacks:
            self._subs.append(SubIndication.FORMAT_FAILURE)
        else:
            self._steps.append(
                Step("revisions", Outcome.PASSED, "every octet after the first signature is accounted for")
            )

    def _prepared(self, first: int, forms: tuple[Form, ...]) -> None:
        found = prepared_content(self._graph, first, page_tree(self._graph, first), forms[first])
        if forms[-1] is not forms[first]:
            found += misleading_fields(self._graph, len(forms) - 1, forms[-1])
        found = tuple({(one.attack, one.detail): one for one in found}.values())
        for one in found:
            self._steps.append(Step("prepared-content", Outcome.FAILED, one.detail))
            self._subs.append(SubIndication.SIG_CONSTRAINTS_FAILURE)
        self._attacks += found

    def _closed(
        self,
        reports: tuple[SignatureReport, ...],
        tree: PageTree | None,
        step: str | None = None,
        detail: str = "",
    ) -> PdfReport:
        if step is not None:
            self._steps.append(Step(step, Outcome.FAILED, detail))
            self._subs.append(SubIndication.SIGNED_DATA_NOT_FOUND)
        subs = [one.sub_indication for one in reports if one.sub_indication is not None]
        sub = worst([*subs, *self._subs])
        indication = Indication.TOTAL_PASSED if sub is None else sub.indication
        return PdfReport(
            indication=indication,
            sub_indication=sub,
            steps=tuple(self._steps),
            signatures=reports,
            attacks=tuple(dict.fromkeys(self._attacks)),
            revisions=len(self._graph.revisions),
            pages=None if tree is None else len(tree.pages),
            at=self._now,
        )


def _weighed(change: Change, certified: Permission | None) -> Change:
    """A visible signature field that was added is an overlay only of what was certified."""
    added = change.kind is ChangeClass.SIGNATURE and change.attack is Attack.CERTIFICATION_OVERLAY
    if not added or certified is not None:
        return change
    return Change(change.kind, change.revision, change.detail, change.page, change.number, change.field)


def _attack_of(change: Change) -> AttackFound:
    attack = change.attack
    if attack is None:
        annotated = change.kind is ChangeClass.ANNOTATION
        attack = Attack.CERTIFICATION_OVERLAY if annotated else Attack.INCREMENTAL_SAVING
    return AttackFound(attack, change.detail, change.revision, change.field)


__all__ = ["judge_pdf", "unreadable"]
