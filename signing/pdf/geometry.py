"""Pages as displayed, and their user space: ISO 32000-2 7.7.3.3 (/CropBox, /Rotate), 8.3.2.3."""

from __future__ import annotations

from dataclasses import dataclass

from signing.place import Rect

RIGHT_ANGLE = 90
DEFAULT_BOX = (0.0, 0.0, 612.0, 792.0)
"""US Letter: what readers show for a page without /MediaBox, though it is required."""
Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f: x' = a x + c y + e, y' = b x + d y + f."""


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A page: its object, and how it is displayed."""

    number: int
    """Of the object."""
    generation: int
    left: float
    """Of the crop box, in user space, as the other three."""
    bottom: float
    right: float
    top: float
    rotation: int
    """Degrees clockwise at display: 0, 90, 180 or 270."""

    @property
    def is_sideways(self) -> bool:
        """Displayed with width and height exchanged."""
        return self.rotation % (2 * RIGHT_ANGLE) == RIGHT_ANGLE

    @property
    def width(self) -> float:
        """As displayed, in units of user space (points, unless the page has a /UserUnit)."""
        return self.top - self.bottom if self.is_sideways else self.right - self.left

    @property
    def height(self) -> float:
        """As displayed."""
        return self.right - self.left if self.is_sideways else self.top - self.bottom

    @property
    def to_user(self) -> Matrix:
        """From the page as displayed, its lower left corner at (0, 0), to user space."""
        return {
            0: (1.0, 0.0, 0.0, 1.0, self.left, self.bottom),
            90: (0.0, 1.0, -1.0, 0.0, self.right, self.bottom),
            180: (-1.0, 0.0, 0.0, -1.0, self.right, self.top),
            270: (0.0, -1.0, 1.0, 0.0, self.left, self.top),
        }[self.rotation]

    def user_rect(self, shown: Rect) -> tuple[float, float, float, float]:
        """A rectangle of the displayed page in user space: left, bottom, right, top."""
        first = apply(self.to_user, shown.left, shown.bottom)
        second = apply(self.to_user, shown.left + shown.width, shown.bottom + shown.height)
        return (
            min(first[0], second[0]),
            min(first[1], second[1]),
            max(first[0], second[0]),
            max(first[1], second[1]),
        )

    def shown_rect(self, left: float, bottom: float, right: float, top: float) -> Rect:
        """A rectangle of user space on the displayed page."""
        back = inverse(self.to_user)
        first, second = apply(back, left, bottom), apply(back, right, top)
        return Rect(
            min(first[0], second[0]),
            min(first[1], second[1]),
            abs(second[0] - first[0]),
            abs(second[1] - first[1]),
        )


def upright(rotation: int, width: float, height: float) -> Matrix:
    """The /Matrix of an appearance `width` by `height` that stands upright on a page turned by `rotation`.

    It leads to a box at (0, 0), which is `height` by `width` on a page turned sideways.
    """
    return {
        0: (1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
        90: (0.0, 1.0, -1.0, 0.0, height, 0.0),
        180: (-1.0, 0.0, 0.0, -1.0, width, height),
        270: (0.0, -1.0, 1.0, 0.0, 0.0, width),
    }[rotation]


def apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A point through a matrix."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def inverse(matrix: Matrix) -> Matrix:
    """Of a turn by right angles with a shift, whose determinant is 1."""
    a, b, c, d, e, f = matrix
    return d, -b, -c, a, c * f - d * e, b * e - a * f
