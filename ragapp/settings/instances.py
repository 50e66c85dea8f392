"""Instances: their deletion, identities, the audit log; limits of questions, streams and keys;
prices of the service."""

from decimal import Decimal
from pathlib import Path

from environs import validate

from ragapp.settings.environment import DATA_DIR, env

# --- Life of instances ----------------------------------------------------------------------------
# Days in which the deletion of an instance can be cancelled; 0 deletes at once.
DELETION_GRACE_DAYS: int = env.int("DELETION_GRACE_DAYS", 30, validate=validate.Range(min=0))

# Days after which what an institution said of a person no longer lets them in anywhere by rule,
# unless they have logged in there again.
IDENTITY_DAYS: int = env.int("IDENTITY_DAYS", 180, validate=validate.Range(min=1))

# --- Audit log ------------------------------------------------------------------------------------
# The end of the chain of hashes over the audit log, outside the database: by it truncation is seen.
AUDIT_CHECKPOINT_FILE: Path = env.path("AUDIT_CHECKPOINT_FILE", DATA_DIR / "audit-checkpoint.json")

# --- Limits (usage.admission, decision 016) -------------------------------------------------------
_at_least_one = validate.Range(min=1)
ANSWERS_AT_ONCE_PER_PERSON: int = env.int("ANSWERS_AT_ONCE_PER_PERSON", 6, validate=_at_least_one)
ANSWERS_AT_ONCE_PER_KEY: int = env.int("ANSWERS_AT_ONCE_PER_KEY", 4, validate=_at_least_one)
ANSWERS_AT_ONCE_PER_INSTANCE: int = env.int(
    "ANSWERS_AT_ONCE_PER_INSTANCE", 32, validate=_at_least_one
)
QUESTIONS_PER_MINUTE_PER_PERSON: int = env.int(
    "QUESTIONS_PER_MINUTE_PER_PERSON", 60, validate=_at_least_one
)
QUESTIONS_PER_MINUTE_PER_KEY: int = env.int(
    "QUESTIONS_PER_MINUTE_PER_KEY", 60, validate=_at_least_one
)
QUESTIONS_PER_MINUTE_PER_INSTANCE: int = env.int(
    "QUESTIONS_PER_MINUTE_PER_INSTANCE", 600, validate=_at_least_one
)
STREAMS_PER_PERSON: int = env.int("STREAMS_PER_PERSON", 20, validate=_at_least_one)
STREAMS_IN_ALL: int = env.int("STREAMS_IN_ALL", 2000, validate=_at_least_one)
API_KEYS_PER_PERSON: int = env.int("API_KEYS_PER_PERSON", 10, validate=_at_least_one)
API_KEYS_PER_INSTANCE: int = env.int("API_KEYS_PER_INSTANCE", 100, validate=_at_least_one)

# --- Statements (usage.rollups.ledger) ------------------------------------------------------------
# What organisations are charged for the service itself; inference has its own prices.
SERVICE_PRICE_PER_QUESTION: Decimal = env.decimal(
    "SERVICE_PRICE_PER_QUESTION", Decimal(0), validate=validate.Range(min=0)
)
SERVICE_CURRENCY: str = env.str("SERVICE_CURRENCY", "EUR", validate=validate.Length(equal=3))
