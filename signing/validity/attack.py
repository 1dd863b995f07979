"""Attacks on signed PDFs by name, and what was found of them in a file.

The classes are those of pdf-insecurity.org (2019 to 2021) and of the implementations that fell since.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Attack(enum.StrEnum):
    """A class of attack; the values are stable."""

    UNIVERSAL_FORGERY = "universal-forgery"
    """The signature dictionary is broken so that a viewer checks nothing."""
    INCREMENTAL_SAVING = "incremental-saving"
    """A later revision changes what was signed."""
    SIGNATURE_WRAPPING = "signature-wrapping"
    """Signed octets were moved, and others inserted between the parts of the byte range."""
    SHADOW_HIDE = "shadow-hide"
    """What covered prepared content was taken away after signing."""
    SHADOW_REPLACE = "shadow-replace"
    """What is displayed was exchanged by a font, a form's appearance or a value prepared before signing."""
    SHADOW_HIDE_AND_REPLACE = "shadow-hide-and-replace"
    """A second content that lay unused in the signed revision was put in place."""
    CERTIFICATION_OVERLAY = "certification-overlay"
    """Annotations (EAA) or signature fields (SSA) were laid over signed content."""
    RECYCLED_FIELD = "recycled-field"
    """A signature serves another field than the one it was made for."""
    DOUBLE_OBJECT = "double-object"
    """An object stands twice in one revision; readers differ in which of them they take."""
    XREF_DISAGREEMENT = "xref-disagreement"
    """Cross-references that readers understand differently."""
    BYTE_RANGE_GAP = "byte-range-gap"
    """The byte range leaves out more than the signature itself."""
    BYTE_RANGE_OVERLAP = "byte-range-overlap"
    """The byte range counts octets twice, backwards, or outside the file."""
    FOREIGN_SIGNER_INFO = "foreign-signer-info"
    """The SignerInfo was made for something else, or by another than the message says."""
    SEVERAL_SIGNER_INFOS = "several-signer-infos"
    """More than one signer in one message; validators differ in whom they show."""
    TRAILING_BYTES = "trailing-bytes"
    """Octets after the last revision."""
    LEADING_BYTES = "leading-bytes"
    """Octets before the header."""


@dataclass(frozen=True, slots=True)
class AttackFound:
    """What speaks for an attack, and where."""

    attack: Attack
    detail: str
    revision: int | None = None
    """Counted from 0."""
    field: str | None = None
