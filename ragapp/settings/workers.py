"""The broker, the queues and the periodic tasks; parsing, chunking and sources of documents."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

from environs import validate

from ragapp.settings.environment import BASE_DIR, env
from ragapp.settings.site import TIME_ZONE

# --- Broker and workers ---------------------------------------------------------------------------
CELERY_BROKER_URL: str = env.str("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")
# At least once: a task is acknowledged when done, and each is idempotent. The reconciler, not the
# broker, is what guarantees that a document ends (docs/decisions/001-attempts.md).
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "ingestion.tasks.parse": {"queue": "parse"},
    "ingestion.tasks.embed": {"queue": "embed"},
    # Other servers may be slow.
    "sources.tasks.work": {"queue": "sources"},
    # Commands of Slurm may take minutes.
    "inference.slurm.tasks.reconcile_jobs": {"queue": "slurm"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600, "socket_keepalive": True}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "record-beat": {"task": "ragapp.tasks.record_beat", "schedule": 30.0},
    "reconcile-documents": {"task": "ingestion.tasks.reconcile", "schedule": 10.0},
    "delete-orphaned-files": {
        "task": "ingestion.tasks.delete_orphaned_files",
        "schedule": 3600.0,
    },
    "finish-left-uploads": {
        "task": "ingestion.resumable.tasks.finish_left_uploads",
        "schedule": 30.0,
    },
    "delete-expired-uploads": {
        "task": "ingestion.resumable.tasks.delete_expired_uploads",
        "schedule": 600.0,
    },
    "refresh-metadata": {"task": "accounts.tasks.refresh_feeds", "schedule": 3600.0},
    "refresh-oidc": {"task": "accounts.tasks.refresh_oidc_providers", "schedule": 3600.0},
    "forget-logins": {"task": "accounts.tasks.forget_expired", "schedule": 600.0},
    "end-sessions": {"task": "accounts.tasks.end_sessions_of_disabled", "schedule": 60.0},
    "forget-identities": {"task": "instances.tasks.forget_old_identities", "schedule": 3600.0},
    "end-memberships": {"task": "instances.tasks.end_memberships", "schedule": 300.0},
    "poll-counters": {"task": "usage.tasks.poll_counters", "schedule": 15.0},
    "tell-of-retired-ids": {
        "task": "inference.failing.tasks.tell_of_retired_ids",
        "schedule": 300.0,
    },
    "reconcile-jobs": {"task": "inference.slurm.tasks.reconcile_jobs", "schedule": 10.0},
    "reconcile-answers": {"task": "chat.tasks.reconcile", "schedule": 30.0},
    "delete-expired-conversations": {
        "task": "chat.tasks.delete_expired_conversations",
        "schedule": 3600.0,
    },
    "reconcile-runs": {"task": "evaluation.tasks.reconcile", "schedule": 15.0},
    "reconcile-sources": {"task": "sources.tasks.reconcile", "schedule": 30.0},
    "delete-instances": {"task": "administration.tasks.delete_due_instances", "schedule": 60.0},
    "roll-up-days": {"task": "usage.tasks.roll_up_days", "schedule": 60.0},
    "roll-up-months": {"task": "usage.tasks.roll_up_months", "schedule": 300.0},
    "expire-quota-charges": {"task": "usage.tasks.expire_quota_charges", "schedule": 60.0},
    "seal-audit-log": {"task": "instances.tasks.seal_audit_log", "schedule": 30.0},
    "prepare-subjects": {"task": "usage.tasks.prepare_subjects", "schedule": 300.0},
    "archive-instances": {
        "task": "administration.tasks.archive_disused_instances",
        "schedule": 3600.0,
    },
}

# --- Ingestion ------------------------------------------------------------------------------------
PARSE_MEMORY_BYTES: int = env.int("PARSE_MEMORY_BYTES", 1 << 30)
PARSE_CPU_SECONDS: int = env.int("PARSE_CPU_SECONDS", 300)
PARSE_MAX_PAGES: int = env.int("PARSE_MAX_PAGES", 5_000)
PARSE_MAX_TEXT_CHARS: int = env.int("PARSE_MAX_TEXT_CHARS", 20_000_000)
# What an archive may contain, and unpack to.
ARCHIVE_MAX_MEMBERS: int = env.int("ARCHIVE_MAX_MEMBERS", 10_000)
ARCHIVE_MAX_BYTES: int = env.int("ARCHIVE_MAX_BYTES", 2_000_000_000)
# Parse nothing where the kernel lacks a protection of the process that reads uploaded files.
SANDBOX_REQUIRED: bool = env.bool("SANDBOX_REQUIRED", False)

# Languages of OCR, the usual one first, and the folder of their files (docs/operations.md).
OCR_LANGUAGES: list[str] = env.list("OCR_LANGUAGES", ["fra", "eng"])
OCR_DATA_DIR: Path = env.path("OCR_DATA_DIR", BASE_DIR / "tessdata")

# Workers of the whole deployment: one instance takes all but one of either (ingestion.turns).
PARSE_SLOTS: int = env.int("PARSE_SLOTS", 2, validate=validate.Range(min=1))
EMBED_SLOTS: int = env.int("EMBED_SLOTS", 3, validate=validate.Range(min=1))
# Documents tried again at one click, and those of an instance that may wait to be.
RETRIES_AT_ONCE: int = env.int("RETRIES_AT_ONCE", 100, validate=validate.Range(min=1))
RETRIES_WAITING: int = env.int("RETRIES_WAITING", 200, validate=validate.Range(min=1))
# Versions of a document that are kept after a newer one has replaced them.
DOCUMENT_VERSIONS_KEPT: int = env.int("DOCUMENT_VERSIONS_KEPT", 10, validate=validate.Range(min=0))

# Days for which an index that another has replaced may answer again (ingestion.reindexing).
INDEX_KEPT_DAYS: int = env.int("INDEX_KEPT_DAYS", 7, validate=validate.Range(min=1))

# --- Sources --------------------------------------------------------------------------------------
# Runs under way at once, items of one source, and seconds between two requests to a web site.
SOURCE_RUNS_AT_ONCE: int = env.int("SOURCE_RUNS_AT_ONCE", 2, validate=validate.Range(min=1))
SOURCE_MAX_ITEMS: int = env.int("SOURCE_MAX_ITEMS", 5_000, validate=validate.Range(min=1))
# A file of a folder or a bucket may be large.
SOURCE_FILE_SECONDS: float = env.float("SOURCE_FILE_SECONDS", 300.0)
SOURCE_DELAY_S: float = env.float("SOURCE_DELAY_S", 1.0, validate=validate.Range(min=0))
# What requests to addresses that users have written may reach, besides public addresses.
_outbound_networks: list[str] = env.list("OUTBOUND_ALLOWED_NETWORKS", [])
OUTBOUND_ALLOWED_NETWORKS: list[Any] = [ip_network(network) for network in _outbound_networks]
_outbound_hosts: list[str] = env.list("OUTBOUND_ALLOWED_HOSTS", [])
OUTBOUND_ALLOWED_HOSTS: list[str] = [host.lower().rstrip(".") for host in _outbound_hosts]
OUTBOUND_PORTS: list[int] = env.list("OUTBOUND_PORTS", [80, 443, 993, 8080, 8443], subcast=int)

# Tokens of the embedding model in a passage (docs/decisions/004-chunking.md).
CHUNK_TOKENS: int = env.int("CHUNK_TOKENS", 256)
