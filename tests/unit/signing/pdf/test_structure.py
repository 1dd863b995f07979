from __future__ import annotations

import pytest

from signing.pdf.prepare import FieldPlan
from tests.support.pdfsamples import pages
from tests.unit.signing.pdf.test_prepare import PLAN, opened, prepared

CATALOGUE = b"/StructTreeRoot 6 0 R /MarkInfo <</Marked true>>"
ELEMENT = b"<</Type /StructElem /S /Document /P 6 0 R %s>>"


@pytest.mark.parametrize("kids", [b"", b"/K 5", b"/K [5 9 0 R]", b"/K 9 0 R"])
@pytest.mark.parametrize(
    ("tree", "last"),
    [
        (b"/ParentTree <</Nums [0 [7 0 R] 4 [7 0 R]]>> /ParentTreeNextKey 3", 4),
        (b"/ParentTree 8 0 R /ParentTreeNextKey 9", 8),
        (b"", -1),
    ],
)
def test_widgets_stand_in_the_structure_tree(tree: bytes, last: int, kids: bytes) -> None:
    objects = {
        5: b"<</Limits [0 2] /Nums [0 [7 0 R] 2 [7 0 R]]>>",
        6: b"<</Type /StructTreeRoot /K [7 0 R] %s>>" % tree,
        7: ELEMENT % kids,
        8: b"<</Kids [5 0 R]>>",
        9: b"<</Type /StructElem /S /P /P 7 0 R>>",
    }
    data, made = prepared(
        pages(objects=objects, catalogue=CATALOGUE), PLAN, FieldPlan("Bank", None, None, "bank")
    )
    assert made.notes == ()
    with opened(data) as pdf:
        root = pdf.Root.StructTreeRoot
        parent_tree = root.ParentTree
        leaf = parent_tree.Kids[-1] if "/Kids" in parent_tree else parent_tree
        numbers: list[object] = list(leaf.Nums)
        assert [one for one in numbers if isinstance(one, int)] == sorted(
            one for one in numbers if isinstance(one, int)
        )
        assert root.ParentTreeNextKey == last + 3
        for place, widget in enumerate(pdf.Root.AcroForm.Fields):
            assert widget.StructParent == last + 1 + place
            element = leaf.Nums[numbers.index(widget.StructParent) + 1]
            assert element.S == "/Form"
            assert (element.P.objgen, element.Pg.objgen) == ((7, 0), (10, 0))
            assert element.K.Obj.objgen == widget.objgen
            assert element.objgen in [one.objgen for one in list(root.K[0].K)[-2:]]
        assert str(pdf.Root.AcroForm.Fields[0].TU) == "借款人签名"
        assert pdf.get_object(10, 0).Tabs == "/S"
        assert len(root.K[0].K) == 2 + {b"": 0, b"/K [5 9 0 R]": 2}.get(kids, 1)


def test_a_tree_that_cannot_be_added_to_is_said_so() -> None:
    objects = {6: b"<</Type /StructTreeRoot /K [] /ParentTree 7 0 R>>", 7: b"<</Kids [7 0 R]>>"}
    data, made = prepared(pages(objects=objects, catalogue=CATALOGUE), PLAN)
    assert made.notes == ("has a structure tree that the signature fields could not be added to",)
    with opened(data) as pdf:
        assert "/StructParent" not in pdf.Root.AcroForm.Fields[0]
