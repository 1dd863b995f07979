"""What a PDF may be at most to be read by us, each bound with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """Bounds of one document; what lies beyond is refused with the bound in the reason."""

    max_size: int = 200 * MIB
    """Octets of the file: contracts with scanned attachments reach 150 MB."""
    max_pages: int = 5_000
    """Pages: five times the largest contract with attachments that has to be signed (1,000)."""
    max_objects: int = 300_000
    """Object numbers (/Size): 1,000 pages take some 10,000; a table takes 360 octets each, measured."""
    max_sections: int = 4_096
    """Cross-reference sections: a section a revision, of which 100 signatures to B-LTA take some 400."""
    max_tree_nodes: int = 50_000
    """Nodes of the page tree, pages included: ten a page at `max_pages`."""
    max_tree_depth: int = 64
    """Of the page tree and of the field tree: writers balance them, 64 levels hold any number."""
    max_fields: int = 10_000
    """Nodes of the field tree: the largest public tax forms have some 3,000."""
    max_stream: int = 64 * MIB
    """Octets that one compressed object or cross-reference stream may unfold to."""
    max_dictionary: int = 4 * MIB
    """Octets of one page, catalogue or trailer dictionary: ten thousand annotations take 100 kB."""


LIMITS = PdfLimits()
