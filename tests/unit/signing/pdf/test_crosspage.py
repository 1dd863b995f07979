from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import PlacementInvalid
from signing.pdf.crosspage import MIN_EDGE, shares
from signing.pdf.prepare import FieldPlan
from signing.place import CrossPage
from tests.support.pdfsamples import SEAL, pages
from tests.unit.signing.pdf.test_prepare import opened, prepared, shown

CROSS = CrossPage(100, 100)
PLAN = FieldPlan("Bank", None, None, "骑缝章", CROSS, SEAL)
RED, WHITE = (204, 0, 0), (255, 255, 255)


@given(st.integers(2, 1_200), st.integers(2, 60))
def test_slices_make_whole_seals(count: int, slices: int) -> None:
    found = shares(count, slices)
    assert len(found) == count
    starts = [place for place, one in enumerate(found) if one[0] == 0]
    for first, after in zip(starts, [*starts[1:], count], strict=True):
        seal = found[first:after]
        assert 2 <= len(seal) <= slices + 1
        assert seal[-1][1] == 1
        assert all(one[1] == pytest.approx(other[0]) for one, other in pairwise(seal))
        assert all(one[0] < one[1] for one in seal)
        assert min(seal[0][1], 1 - seal[-1][0]) >= min(MIN_EDGE, 1 / len(seal)) - 1e-9


def test_each_page_shows_its_slice_at_its_right_edge() -> None:
    extras = [
        b"",
        b"/Rotate 90",
        b"/Rotate 180 /CropBox [20 30 280 190]",
        b"/MediaBox [0 0 150 120] /Rotate 270",
    ]
    data, _ = prepared(pages(extras, content=b" "), PLAN)
    sizes = [(300, 200), (200, 300), (260, 160), (120, 150)]
    for number, (width, height) in enumerate(sizes, 1):
        inside, left, above = shown(
            data, number, (width - 3, height / 2), (width - 28, height / 2), (width - 3, height / 2 + 54)
        )
        assert (inside, left, above) == (RED, WHITE, WHITE)


def test_the_seal_is_one_object_and_what_pages_had_stays() -> None:
    data, _ = prepared(pages([b"", b"/Resources <</XObject <</XqSeal0 4 0 R>>>>"]), PLAN)
    with opened(data) as pdf:
        first, second = pdf.get_object(10, 0), pdf.get_object(11, 0)
        assert first.Resources.Font.F1.BaseFont == "/Helvetica"  # inherited before, its own now
        assert second.Resources.XObject.XqSeal0.objgen == (4, 0)
        assert first.Resources.XObject.XqSeal0.objgen == second.Resources.XObject.XqSeal1.objgen
        assert [one.objgen for one in first.Contents][1] == (3, 0)
        assert b"/Artifact BMC" in first.Contents[2].read_bytes()


@pytest.mark.parametrize("content", [b"q 0.1 0 0 0.1 0 0 cm", b"q q 5 0 0 5 9 9 cm Q", b"0 0 1 1 re W n"])
def test_a_state_that_the_page_leaves_does_not_move_the_seal(content: bytes) -> None:
    data, _ = prepared(pages([b"", b""], content=content), PLAN)
    assert shown(data, 1, (297, 100), (200, 100)) == [RED, WHITE]


@pytest.mark.parametrize(
    ("data", "plan"),
    [
        (pages(), PLAN),
        (pages([b"", b"/MediaBox [0 0 300 90]"]), PLAN),
        (pages([b"", b""], content=b"Q q"), PLAN),
        (pages([b"", b""]), FieldPlan("Bank", None, None, "x", CrossPage(100, 100, slices=1), SEAL)),
        (pages([b"", b""]), FieldPlan("Bank", None, None, "x", CROSS, None)),
        (
            pages(
                [b"", b""],
                objects={6: b"<</T (Old) /FT /Sig /V <</Type /Sig>>>>"},
                catalogue=b"/AcroForm <</Fields [6 0 R]>>",
            ),
            PLAN,
        ),
    ],
    ids=["one page", "a small page", "restores too often", "one slice", "no seal", "signed"],
)
def test_a_seal_that_cannot_be_cut_is_refused(data: bytes, plan: FieldPlan) -> None:
    with pytest.raises(PlacementInvalid) as caught:
        prepared(data, plan)
    assert caught.value.field == "Bank"
