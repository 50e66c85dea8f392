"""By how much the lines of a page lean, from the profile of its rows.

Where lines of text are level, rows full of ink alternate with empty ones. The page is sheared by
many small angles; the sum of the squared differences between neighbouring rows is greatest at the
angle of its lines (W. Postl, "Detection of linear oblique structures and skew scan in digitized
documents", ICPR 1986).
"""

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

if TYPE_CHECKING:
    import numpy as np

_WIDTH = 1000
_MAX_DEGREES = 8.0
_COARSE_STEP = 0.5
_FINE_STEP = 0.05
# Darker than its surroundings by so much (of 255).
_INK = 24
_MIN_INK_PIXELS = 500
_MAX_INK_PIXELS = 120_000
# The best profile must be so much sharper than the level one.
_MIN_GAIN = 1.05
# The profile of the columns of a page on its side must be so much sharper than that of its rows.
_MIN_SIDE_GAIN = 1.5


def is_on_its_side(page: Image.Image) -> bool:
    """Tell whether the lines of a grey page seem to run from top to bottom, by the same profile."""
    ink = _ink(page)
    if ink is None:
        return False
    down, across = ink
    rows, columns = _Profile(down, across), _Profile(across, down)
    return columns.peak() > _MIN_SIDE_GAIN * rows.peak()


def skew_of(page: Image.Image) -> float:
    """Return the degrees by which a grey page must be turned (counter-clockwise) to be level.

    0.0 if it is level, or has too little on it to tell.
    """
    ink = _ink(page)
    if ink is None:
        return 0.0
    profile = _Profile(*ink)
    level = profile.sharpness(0.0)
    best = profile.best(0.0, _MAX_DEGREES, _COARSE_STEP)
    best = profile.best(best, _COARSE_STEP, _FINE_STEP)
    return best if profile.sharpness(best) > _MIN_GAIN * level else 0.0


def _ink(page: Image.Image) -> "tuple[np.ndarray, np.ndarray] | None":
    """Return the rows and the columns of dark pixels; None if they are too few to tell."""
    import numpy as np

    scale = min(1.0, _WIDTH / max(page.size))
    size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
    small = page.resize(size, Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.int16)
    around = np.asarray(small.filter(ImageFilter.BoxBlur(12)), dtype=np.int16)
    down, across = np.nonzero(around - grey > _INK)
    if len(down) < _MIN_INK_PIXELS:
        return None
    step = max(1, len(down) // _MAX_INK_PIXELS)
    return down[::step], across[::step]


class _Profile:
    """The ink of a page, row by row, for any angle."""

    def __init__(self, down: "np.ndarray", across: "np.ndarray") -> None:
        self._down, self._across = down, across
        self._margin = int(across.max() * math.tan(math.radians(_MAX_DEGREES + 1))) + 1

    def best(self, middle: float, reach: float, step: float) -> float:
        steps = round(reach / step)
        angles = [middle + number * step for number in range(-steps, steps + 1)]
        return max(angles, key=self.sharpness)

    def peak(self) -> float:
        """The sharpness at about the best angle."""
        return self.sharpness(self.best(0.0, _MAX_DEGREES, 2 * _COARSE_STEP))

    def sharpness(self, degrees: float) -> float:
        import numpy as np

        # Rows count downwards: what is turned counter-clockwise rises on the right.
        moved = self._down - self._across * math.tan(math.radians(degrees))
        rows = np.bincount(np.rint(moved).astype(np.int64) + self._margin)
        steps = np.diff(rows.astype(np.float64))
        return float(np.dot(steps, steps))
