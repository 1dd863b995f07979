"""A signed contract to be attacked: two pages of text, a form field, fields for the parties, and bait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from ca.crl import load_crl
from ca.registry import AuthorityRole
from ca.trust import RevocationData, TrustStore
from keys.suites import Algorithm
from signing.validity.judge import judge_pdf
from signing.validity.report import PdfReport
from tests.support import chains
from tests.support.attacks.increment import stream
from tests.support.pdfsamples import written
from tests.support.signing import LATER, Person, UnitTimestamps, crl, person, sign_one

NOW = LATER + timedelta(minutes=5)
PARTIES = ("borrower", "bank", "witness")
CATALOG, PAGES, FIRST, SECOND, FONT, TEXT, TEXT2, FORM, AMOUNT, LOOK = range(1, 11)
FIELDS = {"borrower": 11, "bank": 12, "witness": 13}
PICTURE, LAYER, OVERLAY = 14, 15, 16
HIDDEN_TEXT, HIDDEN_PAGE = 17, 18
EVIL = stream(b"BT /F1 12 Tf 50 780 Td (Loan of 90000 CNY at 36 percent) Tj ET")
LOOKS = b"/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources <</Font <</F1 5 0 R>>>>"


def _objects(*, bait: bool, locked: tuple[str, ...] = ()) -> dict[int, bytes]:
    widgets = b" ".join(b"%d 0 R" % one for one in FIELDS.values())
    page = (
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources "
        b"<</Font <</F1 5 0 R>> /XObject <</P 14 0 R>> /Properties <</L 15 0 R>>>> "
    )
    picture = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8"
    found = {
        CATALOG: b"<</Type /Catalog /Pages 2 0 R /AcroForm 8 0 R "
        b"/OCProperties <</OCGs [15 0 R] /D <</ON [15 0 R]>>>>>>",
        PAGES: b"<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>",
        FIRST: page + b"/Contents 6 0 R /Annots [9 0 R %s 16 0 R]>>" % widgets,
        SECOND: page + b"/Contents 7 0 R>>",
        FONT: b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
        TEXT: stream(b"BT /F1 12 Tf 50 780 Td (Loan of 10000 CNY at 4.35 percent) Tj ET /P Do"),
        TEXT2: stream(b"BT /F1 12 Tf 50 780 Td (Clauses) Tj ET"),
        FORM: b"<</Fields [9 0 R %s] /SigFlags 3 /DA (/F1 12 Tf)>>" % widgets,
        AMOUNT: b"<</Type /Annot /Subtype /Widget /FT /Tx /T (purpose) /V (repair) /Rect [50 700 250 720] "
        b"/P 3 0 R /F 4 /DA (/F1 12 Tf) /AP <</N 10 0 R>>>>",
        LOOK: stream(b"BT /F1 12 Tf 2 4 Td (repair) Tj ET", LOOKS),
        PICTURE: stream(b"\x80" * 3, picture),
        LAYER: b"<</Type /OCG /Name (terms)>>",
        OVERLAY: b"<</Type /Annot /Subtype /Square /Rect [40 760 400 800] /F 4 /C [1 1 1] /IC [1 1 1] "
        b"/Border [0 0 0] /P 3 0 R>>",
    }
    for place, (name, number) in enumerate(FIELDS.items()):
        left = 40 + 150 * place
        found[number] = (
            b"<</Type /Annot /Subtype /Widget /FT /Sig /T (%s) /Rect [%d 100 %d 140] /P 3 0 R /F 132 "
            b"/Lock <</Type /SigFieldLock /Action /Include /Fields [(%s)]>>>>"
            % (name.encode(), left, left + 120, b") (".join(one.encode() for one in (name, *locked)))
        )
    if bait:
        found[HIDDEN_TEXT] = stream(b"BT /F1 12 Tf 50 780 Td (Loan of 90000 CNY at 36 percent) Tj ET")
        found[HIDDEN_PAGE] = page + b"/Contents 17 0 R>>"
    return found


def unsigned(*, bait: bool = False, streams: bool = False, locked: tuple[str, ...] = ()) -> bytes:
    """The contract before anyone signed; with `bait`, a second first page lies ready and unused.

    Every signature locks its own field, and those of `locked`.
    """
    return written(_objects(bait=bait, locked=locked), stream=streams)


@dataclass(frozen=True, slots=True)
class Setting:
    """Who signs, in one suite, and whom the verifier trusts."""

    algorithm: Algorithm
    people: tuple[Person, ...]
    stranger: Person
    timestamps: UnitTimestamps
    trust: TrustStore

    def signed(self, data: bytes, *parties: str) -> bytes:
        """B-T signatures of these parties, in order."""
        for party in parties:
            data = sign_one(data, party, self.people[PARTIES.index(party)], self.timestamps)
        return data

    def judge(self, data: bytes) -> PdfReport:
        return judge_pdf(data, self.trust, now=NOW)


@cache
def setting(algorithm: Algorithm) -> Setting:
    """One a suite."""
    people = tuple(person(algorithm) for _ in PARTIES)
    return Setting(algorithm, people, person(algorithm), UnitTimestamps(algorithm), trust(algorithm))


def trust(algorithm: Algorithm) -> TrustStore:
    """The root as anchor; authorities and their CRLs as help."""
    root = chains.root(algorithm)
    below = [chains.intermediate(algorithm, role) for role in (AuthorityRole.PERSON, AuthorityRole.TIMESTAMP)]
    crls = tuple(load_crl(crl(one)) for one in (root, *below))
    between = tuple(one.party.certificate for one in below)
    return TrustStore((root.party.certificate,), between, RevocationData(crls))


@cache
def contract(algorithm: Algorithm, *, bait: bool = False, streams: bool = False) -> bytes:
    """Signed by borrower and bank; the witness's field is left."""
    return setting(algorithm).signed(unsigned(bait=bait, streams=streams), "borrower", "bank")
