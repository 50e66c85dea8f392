"""Rows of backends, their models, keys and rules, and of the Slurm jobs that serve some of them."""

from inference.models.backends import (
    MAX_QUEUE_TURNS,
    RESERVED_ALIASES,
    Backend,
    BackendAccess,
    LanguageModel,
    ModelRules,
)
from inference.models.server_jobs import JobTemplate, ServerJob

__all__ = [
    "MAX_QUEUE_TURNS",
    "RESERVED_ALIASES",
    "Backend",
    "BackendAccess",
    "JobTemplate",
    "LanguageModel",
    "ModelRules",
    "ServerJob",
]
