"""A number of a text in one form, so that two ways to write it are equal."""

from dataclasses import dataclass

from retrieval.verification.quantities.dates import Date
from retrieval.verification.quantities.units_of_measure import (
    MINUTES,
    MONTHS,
    ORDINAL,
    PERCENT,
    TIMES,
)

_TOLERANCE = 1e-6
_TWO_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at ``text[start:end]``; ``value`` in the base unit of ``dimension``.

    The dimension is "" for a plain number, and that of a date is "date". ``fraction``: a share that
    is written without a percent sign.
    """

    start: int
    end: int
    value: float | str | Date
    dimension: str = ""
    is_fraction: bool = False
    # Before its conversion to the base unit.
    written: float | None = None

    def equals(self, other: "Quantity", *, in_cell: bool = False) -> bool:
        """Whether ``other`` says the same.

        A number without a unit equals one with any; one with a unit equals a number without in a
        cell of a table (``in_cell``), as the unit may be in the header.
        """
        if isinstance(self.value, Date) or isinstance(other.value, Date):
            return (
                isinstance(self.value, Date)
                and isinstance(other.value, Date)
                and other.value.covers(self.value)
            )
        if isinstance(self.value, str) or isinstance(other.value, str):
            return self.value == other.value
        if self.dimension != other.dimension:
            shares = {self.dimension, other.dimension} == {PERCENT, ""}
            if shares and (self.is_fraction or other.is_fraction):
                return abs(self.value - other.value) < _TOLERANCE
            # Where the period is not said, it may be any.
            if self.dimension == TIMES and other.dimension.startswith(TIMES):
                return self.value == other.value
            # "Ten wrong attempts" are wrong ten times.
            if {self.dimension, other.dimension} == {TIMES, ""}:
                return self.value == other.value
            if ORDINAL in (self.dimension, other.dimension):
                return False
            if self.dimension and (other.dimension or not in_cell):
                return False
            ours = self.value if self.written is None else self.written
            return (
                abs(ours - (other.value if other.written is None else other.written)) < _TOLERANCE
            )
        return abs(self.value - other.value) < _TOLERANCE * max(1.0, abs(self.value))

    @property
    def is_exact(self) -> bool:
        """Whether it can hardly be a way of speaking: a date, an amount, a number of two digits."""
        if isinstance(self.value, (str, Date)) or self.dimension not in ("", ORDINAL):
            return True
        return self.value >= _TWO_DIGITS and not self.is_fraction

    def written_in(self, text: str) -> str:
        """Return it as it is written in its text."""
        return text[self.start : self.end].strip()

    def is_comparable(self, other: "Quantity") -> bool:
        """Whether both measure the same thing, so that they may contradict each other."""
        if isinstance(self.value, Date) or isinstance(other.value, Date):
            return isinstance(self.value, Date) and isinstance(other.value, Date)
        # A month is no number of days, but both are durations.
        durations = {MINUTES, MONTHS}
        if self.dimension.startswith(TIMES) and other.dimension.startswith(TIMES):
            return True
        return self.dimension == other.dimension or {self.dimension, other.dimension} == durations
