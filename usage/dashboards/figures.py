"""What a dashboard shows, whatever its level."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from usage.dashboards.periods import Period
from usage.dashboards.savings import Saving

# What is only added up for one method, as figures of different methods are not comparable.
_OF_A_METHOD: Final = (
    *("energy_wh", "energy_min_wh", "energy_max_wh"),
    *("gco2e_usage", "gco2e_embodied", "water_l"),
)
COUNTS: Final = (
    *("requests", "questions", "unanswered", "prompt_tokens", "completion_tokens"),
    *("checked_sentences", "unsupported_sentences", "moved_citations", "audio_seconds"),
)
# The columns that a query of a dashboard reads, beside its dimensions, ``method`` and ``currency``.
READ: Final = (*COUNTS, *_OF_A_METHOD, "cost")


@dataclass(slots=True)
class MethodFigures:
    """Energy (Wh, with its range), carbon (g) and water (l), by one method."""

    method: str
    requests: int = 0
    energy_wh: float = 0.0
    energy_min_wh: float = 0.0
    energy_max_wh: float = 0.0
    gco2e_usage: float = 0.0
    gco2e_embodied: float = 0.0
    water_l: float = 0.0


@dataclass(slots=True)
class Figures:
    """The sums of some records; what depends on a method or a currency, by method and currency."""

    requests: int = 0
    questions: int = 0
    unanswered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    checked_sentences: int = 0
    unsupported_sentences: int = 0
    moved_citations: int = 0
    audio_seconds: float = 0.0
    methods: dict[str, MethodFigures] = field(default_factory=dict)
    costs: dict[str, Decimal] = field(default_factory=dict)

    @property
    def unanswered_share(self) -> float:
        """The share of questions without a result."""
        return self.unanswered / self.questions if self.questions else 0.0

    @property
    def unsupported_share(self) -> float:
        """The share of the checked sentences that no passage supports."""
        checked = self.checked_sentences
        return self.unsupported_sentences / checked if checked else 0.0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens

    def count(self, row: Mapping[str, Any]) -> None:
        """Add the counts of a row of sums."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + row[name])

    def measure(self, row: Mapping[str, Any]) -> None:
        """Add energy, carbon, water and cost of a row of sums, which is of one method."""
        method = self.methods.setdefault(row["method"], MethodFigures(row["method"]))
        method.requests += row["requests"]
        for name in _OF_A_METHOD:
            setattr(method, name, getattr(method, name) + row[name])
        if row["currency"]:
            cost = self.costs.get(row["currency"], Decimal())
            self.costs[row["currency"]] = cost + row["cost"]

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row of sums, which is of one method and one currency."""
        self.count(row)
        self.measure(row)


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one model, subject, instance or organisation.

    ``months_masked``: in how many months of the period it was too small to be shown; its figures
    are those of the others.
    """

    value: str
    label: str
    figures: Figures
    persons: int | None = None
    months_masked: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the chart over time, which begins on ``day``; None: masked."""

    day: date
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The figures of a period."""

    period: Period
    total: Figures
    columns: list[Column]
    models: list[Group]
    subjects: list[Group]
    # Of the instances of an organisation, or the organisations of the site; empty elsewhere.
    members: list[Group]
    # Of those that served language models.
    backends: list[Group]
    # None: not shown.
    persons: int | None
    median_ms: float | None
    p95_ms: float | None
    # Months in which the whole was used by too few persons to be shown.
    months_masked: int = 0
    savings: list[Saving] = field(default_factory=list)
