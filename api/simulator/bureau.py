"""What the simulated bureau knows, and how it concludes.

order number 990 in the identity number     mismatch, whatever name
order number 991                            not found
order number 992                            document lost
order number 993                            all match, but the face: 412,000 ppm
number of another form or check character   not found
people and firms of the population          name, mobile and card must be theirs
anybody else with a number that checks      is known under whatever name is asked about
mobile ending 0000, card of 0000 before its check digit     mismatch, for anybody
face token `face-…` 967,000 ppm, `low-…` 412,000 ppm, any other 31,000 ppm; match from 800,000
"""

from __future__ import annotations

from dataclasses import dataclass

from api.simulator.population import Case, Person, Population, is_card
from signing.identity import Method, Verdict
from signing.valuesidentity import is_credit_code, is_person_id

FACE_THRESHOLD = 800_000  # ppm
_SCORES = {"face-": 967_000, "low-": 412_000}
_STRANGE = 31_000
_LOW = 412_000
_OF_CASE = {
    Case.MISMATCH: Verdict.MISMATCH,
    Case.NOT_FOUND: Verdict.NOT_FOUND,
    Case.DOCUMENT_LOST: Verdict.DOCUMENT_LOST,
}
_MOBILE = {Method.THREE_ELEMENTS, Method.FOUR_ELEMENTS}
NEEDED = {
    Method.TWO_ELEMENTS: (),
    Method.THREE_ELEMENTS: ("mobile",),
    Method.FOUR_ELEMENTS: ("mobile", "card"),
    Method.FACE: ("face_token",),
    Method.ENTERPRISE: ("representative",),
}
"""Members of a question beside name and identity number."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A verdict, with the score of a face."""

    verdict: Verdict
    score: int | None = None


class Bureau:
    """Concludes the same about the same."""

    def __init__(self, population: Population) -> None:
        self._population = population

    def conclude(self, method: Method, asked: dict[str, str]) -> Conclusion:
        """`asked` holds name, id_number and what the method needs besides."""
        if method is Method.ENTERPRISE:
            return Conclusion(self._firm(asked))
        number = asked["id_number"]
        case = _case(number[14:17])
        known = self._population.people.get(number)
        verdict = _of_document(is_person_id(number), case)
        if verdict is Verdict.MATCH and known is not None and known.name != asked["name"]:
            verdict = Verdict.MISMATCH
        if verdict is not Verdict.MATCH:
            return Conclusion(verdict)
        if method is Method.FACE:
            return _face(asked["face_token"], case)
        if method in _MOBILE and not _is_theirs(known, asked):
            return Conclusion(Verdict.MISMATCH)
        return Conclusion(Verdict.MATCH)

    def _firm(self, asked: dict[str, str]) -> Verdict:
        code = asked["id_number"]
        verdict = _of_document(is_credit_code(code), _case(code[8:11]))
        known = self._population.firms.get(code)
        if verdict is not Verdict.MATCH or known is None:
            return verdict
        is_it = (known.name, known.representative.name) == (asked["name"], asked["representative"])
        return Verdict.MATCH if is_it else Verdict.MISMATCH


def _of_document(is_number: bool, case: Case | None) -> Verdict:  # noqa: FBT001  (the check's outcome)
    if not is_number:
        return Verdict.NOT_FOUND
    return _OF_CASE.get(case, Verdict.MATCH) if case is not None else Verdict.MATCH


def _is_theirs(known: Person | None, asked: dict[str, str]) -> bool:
    mobile, card = asked["mobile"], asked.get("card")
    if mobile.endswith("0000") or (known is not None and known.mobile != mobile):
        return False
    if card is None:
        return True
    if not is_card(card) or card[-5:-1] == "0000":
        return False
    return known is None or known.card == card


def _face(token: str, case: Case | None) -> Conclusion:
    score = next((score for start, score in _SCORES.items() if token.startswith(start)), _STRANGE)
    if case is Case.LOW_SCORE:
        score = min(score, _LOW)
    return Conclusion(Verdict.MATCH if score >= FACE_THRESHOLD else Verdict.MISMATCH, score)


def _case(order: str) -> Case | None:
    return next((case for case in Case if case.value == order), None)
