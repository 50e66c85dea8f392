"""The settings of an instance that decide its answers, as they are or as they are tried."""

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from instances.models import Instance


def strictness_choices(instance: Instance) -> list[tuple[str, Any]]:
    """Return the levels of strictness of an instance; a calibrated one only where there is one."""
    return [
        (value, label)
        for value, label in Instance.Strictness.choices
        if value != Instance.Strictness.CALIBRATED or instance.calibrated_threshold is not None
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedSettings:
    """The fields of ``Instance`` of the same names."""

    model_id: str
    instructions: str
    strictness: str
    top_k: int
    calibrated_threshold: float | None = None

    @classmethod
    def of(cls, instance: Instance) -> Self:
        """Return the settings of an instance."""
        return cls(**{field.name: getattr(instance, field.name) for field in fields(cls)})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``as_json`` has stored."""
        return cls(
            **{field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        )

    def as_json(self) -> dict[str, Any]:
        """Return the settings for a JSON column."""
        return asdict(self)

    def applied_to(self, instance: Instance) -> Instance:
        """Return a copy of the instance with these settings, which must never be saved."""
        tried = copy.copy(instance)
        for name, value in asdict(self).items():
            setattr(tried, name, value)
        return tried
