"""What a question cost, added up over its records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from usage.models import UsageRecord


@dataclass(frozen=True, slots=True)
class RequestCost:
    """The records of one question: that of the answer first, then the other requests for it.

    Energy and carbon are sums over the records of the answer's method (``counted``). The others
    stand beside them: figures of different methods are not added up.
    """

    records: tuple[UsageRecord, ...]

    @classmethod
    def of(cls, records: Iterable[UsageRecord]) -> "RequestCost":
        """Return the cost of a question; one of the records is that of its answer."""
        return cls(tuple(sorted(records, key=lambda record: record.kind != _ANSWER)))

    @property
    def answer(self) -> UsageRecord:
        """The record of the answer."""
        return self.records[0]

    @property
    def counted(self) -> tuple[UsageRecord, ...]:
        """The records of the method of the answer."""
        return tuple(record for record in self.records if record.method == self.answer.method)

    @property
    def beside(self) -> tuple[UsageRecord, ...]:
        """The records of other methods."""
        return tuple(record for record in self.records if record.method != self.answer.method)

    def total(self, column: str) -> float:
        """Return the sum of a column of energy, carbon or water over ``counted``; None counts 0."""
        return sum(getattr(record, column) or 0.0 for record in self.counted)

    def stated(self, column: str) -> float | None:
        """Return the sum of what the backends say of themselves (``backend_…``), None for nothing.

        Those of all records, as backends have no method of ours.
        """
        said = [getattr(record, column) for record in self.records]
        return sum(filter(None, said)) if any(each is not None for each in said) else None

    @property
    def energy_wh(self) -> float:
        """Energy in Wh, of the answer's method."""
        return self.total("energy_wh")

    @property
    def gco2e(self) -> float:
        """Grams of CO2 equivalent, of use and of manufacture, of the answer's method."""
        return self.total("gco2e_usage") + self.total("gco2e_embodied")


_ANSWER = UsageRecord.Kind.ANSWER


def request_costs(instance_id: int, request_ids: Sequence[UUID]) -> dict[UUID, RequestCost]:
    """Return the costs of those questions whose answer is recorded.

    Runs inside ``tenant(instance)``.
    """
    found: dict[UUID, list[UsageRecord]] = {}
    for record in UsageRecord.objects.for_instance(instance_id).filter(request_id__in=request_ids):
        found.setdefault(record.request_id, []).append(record)
    return {
        request_id: RequestCost.of(records)
        for request_id, records in found.items()
        if any(record.kind == _ANSWER for record in records)
    }
