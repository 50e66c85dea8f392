"""Every setting, read once from the environment, typed, failing at start-up.

Each variable may also be given as ``NAME_FILE`` (a path whose content is the value). The defaults
suit the embedded mode of ``./run``; ``.env.example`` lists them all with their meaning. What an
operator decides is here; what a tenant decides is a column of ``instances.Instance``.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from environs import FileAwareEnv, validate
from marshmallow.validate import OneOf

from ragapp import setting_rules

env = FileAwareEnv()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR: Path = env.path("DATA_DIR", BASE_DIR / "var").resolve()

# --- Site -----------------------------------------------------------------------------------------
DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY", validate=validate.Length(min=50))
# Former keys: sessions and secrets made under them stay good.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
SITE_NAME: str = env.str("SITE_NAME", "ragapp")
SUPPORT_CONTACT: str = env.str("SUPPORT_CONTACT", "")
# Where the world reaches this site: what federations know us by never depends on a Host header.
SITE_URL: str = env.str("SITE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# Behind TLS: secure cookies, HSTS, redirection. Off for the plain-HTTP loopback of `./run`.
HTTPS: bool = env.bool("HTTPS", False)
TRUST_PROXY_HEADERS: bool = env.bool("TRUST_PROXY_HEADERS", False)

SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# Orchestrators probe over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "web.error_pages.csrf_failure"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "accounts.encryption.EncryptedSerializer"
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Limits of requests --------------------------------------------------------------------------
# Seconds in which the head of a request must come, and between two parts of its body.
REQUEST_HEAD_TIMEOUT_S: float = env.float("REQUEST_HEAD_TIMEOUT_S", 10.0)
REQUEST_BODY_TIMEOUT_S: float = env.float("REQUEST_BODY_TIMEOUT_S", 30.0)
# Of one process. A whole university may be behind one address.
MAX_CONNECTIONS_PER_ADDRESS: int = env.int("MAX_CONNECTIONS_PER_ADDRESS", 1000)
# Who may read /metrics: clients of these networks, and whoever has the token.
METRICS_ALLOWED_NETWORKS: list[Any] = [
    ip_network(network)
    for network in env.list("METRICS_ALLOWED_NETWORKS", ["127.0.0.0/8", "::1/128"])
]
METRICS_TOKEN: str = env.str("METRICS_TOKEN", "")

# --- Applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",
    "chat",
    "retrieval",
    "ingestion",
    "usage",
    "inference",
    "administration",
    "instances",
    "people",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "csp",
    "ninja",
    "servestatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "ragapp.middleware.inline.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "ragapp.middleware.inline.GZipMiddleware",
    "ragapp.middleware.inline.CSPMiddleware",
    "ragapp.middleware.requests.correlation_id",
    "ragapp.middleware.requests.query_without_nul",
    "ragapp.health.metrics.request_seconds",
    "ragapp.middleware.inline.SessionMiddleware",
    "ragapp.middleware.inline.LocaleMiddleware",
    "ragapp.middleware.inline.CommonMiddleware",
    "ragapp.middleware.inline.CsrfViewMiddleware",
    "ragapp.middleware.inline.AuthenticationMiddleware",
    "ragapp.middleware.inline.MessageMiddleware",
    "ragapp.middleware.inline.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.user_language",
    "accounts.middleware.require_first_steps",
    "ragapp.middleware.requests.origin",
    "ragapp.middleware.requests.RequiredSteps",
]
ROOT_URLCONF = "ragapp.urls"
ASGI_APPLICATION = "ragapp.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.context_processors.site",
            ],
            "libraries": {"ragapp_ui": "ragapp.templatetags.ragapp_ui"},
        },
    },
]
# These look for Django's middleware by name; ours are subclasses (ragapp.middleware.inline).
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]

# --- Database -------------------------------------------------------------------------------------
# `default` is the application's role: it owns nothing and cannot bypass row security.
# `owner` owns the tables: only `migrate` uses it, and it exists only where its URL is given. No
# other process needs that URL, and none should have it (docs/operations.md).
DATABASE_POOL_SIZE: int = env.int("DATABASE_POOL_SIZE", 20)
# The web server sets it (ragapp.asgi); workers and commands leave it.
PROCESS_KIND: str = env.str("PROCESS_KIND", "background", validate=OneOf(["web", "background"]))
# Seconds. Somebody waits for a request; tasks and commands may take longer, and migrations (the
# owner) as long as they need. The role has limits of its own (launcher/services/roles.sql).
DATABASE_STATEMENT_TIMEOUT_S: int = env.int("DATABASE_STATEMENT_TIMEOUT_S", 20)
DATABASE_LOCK_TIMEOUT_S: int = env.int("DATABASE_LOCK_TIMEOUT_S", 10)
DATABASE_IDLE_TRANSACTION_TIMEOUT_S: int = env.int("DATABASE_IDLE_TRANSACTION_TIMEOUT_S", 60)
DATABASE_TASK_TIMEOUT_S: int = env.int("DATABASE_TASK_TIMEOUT_S", 900)


def _timeouts() -> str:
    """The limits of this kind of process, as a parameter of the connection."""
    of_requests = (
        DATABASE_STATEMENT_TIMEOUT_S,
        DATABASE_LOCK_TIMEOUT_S,
        DATABASE_IDLE_TRANSACTION_TIMEOUT_S,
    )
    limits_s = of_requests if PROCESS_KIND == "web" else (DATABASE_TASK_TIMEOUT_S,) * 3
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return " ".join(f"-c {name}={limit_s}s" for name, limit_s in zip(names, limits_s, strict=True))


def _database(url: str, *, pool_size: int, timeouts: str = "") -> dict[str, Any]:
    # Health checks: after a restart of the server, no dead connection leaves the pool.
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_health_checks=True))
    # Background threads of one process share the pool; a streaming answer holds no connection.
    pool = {"min_size": 0, "max_size": pool_size, "timeout": 10} if pool_size else False
    options = database.get("OPTIONS", {})
    if timeouts:
        # The operator's own parameters, which come last, win.
        options["options"] = f"{timeouts} {options.get('options', '')}".strip()
    database["OPTIONS"] = options | {"pool": pool}
    return database


DATABASE_URL: str = env.str("DATABASE_URL")
DATABASE_OWNER_URL: str = env.str("DATABASE_OWNER_URL", "")
DATABASES = {"default": _database(DATABASE_URL, pool_size=DATABASE_POOL_SIZE, timeouts=_timeouts())}
if DATABASE_OWNER_URL:
    DATABASES["owner"] = _database(DATABASE_OWNER_URL, pool_size=0)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache ----------------------------------------------------------------------------------------
# What processes share and may lose: rate limits, providers' public keys.
CACHE_URL: str = env.str("CACHE_URL", "")
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "ragapp.cache.PatientRedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Accounts -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.PasswordBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
# ``people.usernames``: one spelling, in which allauth looks as well.
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.passwords.LoginForm",
    "change_password": "accounts.forms.passwords.ChangePasswordForm",
    "reauthenticate": "accounts.forms.passwords.ReauthenticateForm",
    "reset_password": "accounts.forms.passwords.ResetPasswordForm",
}
ACCOUNT_SESSION_REMEMBER = False
# Counted in the cache that all processes share. A whole university may be behind one address.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # accounts.logins.attempts: of a name from one address, from everywhere, from a known browser.
    "login_failed": "30/m/ip,5/5m/key",
    "login_failed_name": "50/h/key",
    "login_failed_known": "5/5m/key",
    "reset_password": "20/m/ip,5/m/key,10/h/key",
    "federated_login": "600/m/ip",
    "federated_login_start": "300/m/ip",
    "discovery": "1200/m/ip",
    "invitation": "60/m/ip",
    # Whoever adds people learns which names and addresses have an account.
    "person_search": "20/m/user,200/d/user",
    "member_import": "6/m/user,40/d/user",
}
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "activate_totp": "accounts.forms.second_factors.ActivateAppForm",
    "add_webauthn": "accounts.forms.second_factors.AddKeyForm",
    "authenticate": "accounts.forms.second_factors.CodeForm",
    "authenticate_webauthn": "accounts.forms.second_factors.KeyForm",
    "login_webauthn": "accounts.forms.second_factors.PasskeyLoginForm",
    "reauthenticate": "accounts.forms.second_factors.ConfirmCodeForm",
    "reauthenticate_webauthn": "accounts.forms.second_factors.ConfirmKeyForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# Operators see the whole deployment; in production a password alone should not be enough for that.
REQUIRE_OPERATOR_MFA: bool = env.bool("REQUIRE_OPERATOR_MFA", False)
ACCOUNT_LOGOUT_ON_GET = False
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
# An e-mail address from elsewhere proves nothing: accounts are never joined by it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
# Of a request to an OpenID Connect provider, while somebody waits.
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "ragapp@localhost")
# Without a mail server nothing is sent, and pages say whom to ask instead.
EMAIL_HOST: str = env.str("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
EMAIL_PORT: int = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", False)

# --- SAML -----------------------------------------------------------------------------------------
# `./manage saml check` says what is missing (docs/sso.md).
SAML_KEYS_DIR: Path = env.path("SAML_KEYS_DIR", DATA_DIR / "saml")
# "" is the address of our metadata, SITE_URL/saml/metadata.
SAML_ENTITY_ID: str = env.str("SAML_ENTITY_ID", "")
SAML_ORGANISATION_NAME: str = env.str("SAML_ORGANISATION_NAME", SITE_NAME)
SAML_ORGANISATION_URL: str = env.str("SAML_ORGANISATION_URL", SITE_URL)
SAML_TECHNICAL_CONTACT: str = env.str("SAML_TECHNICAL_CONTACT", "")
SAML_SECURITY_CONTACT: str = env.str("SAML_SECURITY_CONTACT", "")
SAML_PRIVACY_URL: str = env.str("SAML_PRIVACY_URL", "")
SAML_LOGO_URL: str = env.str("SAML_LOGO_URL", "")

# --- Languages ------------------------------------------------------------------------------------
LANGUAGE_CODE: str = env.str("LANGUAGE_CODE", "fr")
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
USE_I18N = True
FORMAT_MODULE_PATH = "ragapp.formats"
TIME_ZONE: str = env.str("TIME_ZONE", "Europe/Paris")
USE_TZ = True

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = env.path("MEDIA_ROOT", DATA_DIR / "files")
STORAGES = {
    "default": {"BACKEND": "ingestion.storage.RegularFileStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "ragapp.static_files.ManifestStaticFilesStorage"
    },
}
SERVESTATIC_MAX_AGE = 3600
# Uploads are streamed to disk past 1 MiB; the body of any other request stays small.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 << 20
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MAX_UPLOAD_BYTES: int = env.int("MAX_UPLOAD_BYTES", 200 << 20)

# --- Life of instances ----------------------------------------------------------------------------
# Days in which the deletion of an instance can be cancelled; 0 deletes at once.
DELETION_GRACE_DAYS: int = env.int("DELETION_GRACE_DAYS", 30, validate=validate.Range(min=0))

# Days after which what an institution said of a person no longer lets them in anywhere by rule,
# unless they have logged in there again.
IDENTITY_DAYS: int = env.int("IDENTITY_DAYS", 180, validate=validate.Range(min=1))

# --- Audit log ------------------------------------------------------------------------------------
# The end of the chain of hashes over the audit log, outside the database: by it truncation is seen.
AUDIT_CHECKPOINT_FILE: Path = env.path("AUDIT_CHECKPOINT_FILE", DATA_DIR / "audit-checkpoint.json")

# --- Content security -----------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

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
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600, "socket_keepalive": True}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "reconcile-documents": {"task": "ingestion.tasks.reconcile", "schedule": 10.0},
    "delete-orphaned-files": {
        "task": "ingestion.tasks.delete_orphaned_files",
        "schedule": 3600.0,
    },
    "refresh-metadata": {"task": "accounts.tasks.refresh_feeds", "schedule": 3600.0},
    "refresh-oidc": {"task": "accounts.tasks.refresh_oidc_providers", "schedule": 3600.0},
    "forget-logins": {"task": "accounts.tasks.forget_expired", "schedule": 600.0},
    "end-sessions": {"task": "accounts.tasks.end_unfounded_sessions", "schedule": 60.0},
    "forget-identities": {"task": "instances.tasks.forget_old_identities", "schedule": 3600.0},
    "end-memberships": {"task": "instances.tasks.end_memberships", "schedule": 300.0},
    "reconcile-answers": {"task": "chat.tasks.reconcile", "schedule": 30.0},
    "delete-instances": {"task": "administration.tasks.delete_due_instances", "schedule": 60.0},
    "seal-audit-log": {"task": "instances.tasks.seal_audit_log", "schedule": 30.0},
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
# Parse nothing where the kernel lacks a protection of the process that reads uploaded files.
SANDBOX_REQUIRED: bool = env.bool("SANDBOX_REQUIRED", False)

# Workers of the whole deployment: one instance takes all but one of either (ingestion.turns).
PARSE_SLOTS: int = env.int("PARSE_SLOTS", 2, validate=validate.Range(min=1))
EMBED_SLOTS: int = env.int("EMBED_SLOTS", 3, validate=validate.Range(min=1))
# Documents tried again at one click, and those of an instance that may wait to be.
RETRIES_AT_ONCE: int = env.int("RETRIES_AT_ONCE", 100, validate=validate.Range(min=1))
RETRIES_WAITING: int = env.int("RETRIES_WAITING", 200, validate=validate.Range(min=1))

# Tokens of the embedding model in a passage (docs/decisions/004-chunking.md).
CHUNK_TOKENS: int = env.int("CHUNK_TOKENS", 256)

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

# --- Models ---------------------------------------------------------------------------------------
MODELS_DIR: Path = env.path("MODELS_DIR", DATA_DIR / "models")
EMBEDDING_BASE_URL: str = env.str("EMBEDDING_BASE_URL", "http://127.0.0.1:8010/v1")
EMBEDDING_API_KEY: str = env.str("EMBEDDING_API_KEY", "")
EMBEDDING_MODEL: str = env.str("EMBEDDING_MODEL", "intfloat/multilingual-e5-small")
EMBEDDING_DIMENSIONS: int | None = env.int("EMBEDDING_DIMENSIONS", None)
EMBEDDING_QUERY_PREFIX: str = env.str("EMBEDDING_QUERY_PREFIX", "query: ")
EMBEDDING_PASSAGE_PREFIX: str = env.str("EMBEDDING_PASSAGE_PREFIX", "passage: ")
EMBEDDING_TIMEOUT_S: float = env.float("EMBEDDING_TIMEOUT_S", 60.0)
RERANK_BASE_URL: str = env.str("RERANK_BASE_URL", "")
RERANK_API_KEY: str = env.str("RERANK_API_KEY", "")
RERANK_MODEL: str = env.str("RERANK_MODEL", "")

# One OpenAI-compatible LLM; without it answers are extracts (no generation).
LLM_BASE_URL: str = env.str("LLM_BASE_URL", "")
LLM_API_KEY: str = env.str("LLM_API_KEY", "")
LLM_MODEL: str = env.str("LLM_MODEL", "")
LLM_LABEL: str = env.str("LLM_LABEL", "")
LLM_CONTEXT_WINDOW: int = env.int("LLM_CONTEXT_WINDOW", 8192)
LLM_MAX_TOKENS: int = env.int("LLM_MAX_TOKENS", 1024)
LLM_TEMPERATURE: float = env.float("LLM_TEMPERATURE", 0.2)
LLM_FIRST_BYTE_TIMEOUT_S: float = env.float("LLM_FIRST_BYTE_TIMEOUT_S", 120.0)
LLM_READ_TIMEOUT_S: float = env.float("LLM_READ_TIMEOUT_S", 60.0)
# Answers that one web process has under way at the model; others wait in turn (decision 016).
LLM_MAX_CONCURRENCY: int = env.int("LLM_MAX_CONCURRENCY", 64, validate=validate.Range(min=1))
LLM_DESCRIPTION: str = env.str("LLM_DESCRIPTION", "")
LLM_PRIORITY_SCHEME: str = env.str(
    "LLM_PRIORITY_SCHEME", "none", validate=OneOf(["none", "vllm", "aristote"])
)
LLM_PRIORITY: int = env.int("LLM_PRIORITY", 0)
# One vLLM prefix cache an instance, so that no tenant can tell what another asked.
LLM_CACHE_SALT: bool = env.bool("LLM_CACHE_SALT", False)

# --- Measurement ----------------------------------------------------------------------------------
# Parameters, in billions, for the modelled footprint (EcoLogits).
LLM_ACTIVE_PARAMETERS_B: float = env.float("LLM_ACTIVE_PARAMETERS_B", 24.0)
LLM_TOTAL_PARAMETERS_B: float = env.float("LLM_TOTAL_PARAMETERS_B", LLM_ACTIVE_PARAMETERS_B)
LLM_PUE: float = env.float("LLM_PUE", 1.3)
LLM_WUE: float = env.float("LLM_WUE", 0.0)
ELECTRICITY_ZONE: str = env.str("ELECTRICITY_ZONE", "FRA")
CPU_WATTS_PER_CORE: float = env.float("CPU_WATTS_PER_CORE", 5.0)

# --- Logging --------------------------------------------------------------------------------------
LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO")
LOGGING_CONFIG = "ragapp.logging.configure"
# No handler but one, no format but one: records cannot be forged (ragapp.logging).
_TO_ROOT: dict[str, Any] = {"handlers": [], "propagate": True}
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "ragapp.logging.SiteFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(correlation_id)s] %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # They bring handlers of their own.
        "django": _TO_ROOT,
        "django.server": _TO_ROOT,
        "uvicorn": _TO_ROOT,
        "uvicorn.error": _TO_ROOT,
        # No access log: a proxy keeps one where it is wanted.
        "uvicorn.access": _TO_ROOT | {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "pypdf": {"level": "ERROR"},
        # pysaml2 logs what it reads, names included; accounts.saml says why a login was refused.
        "saml2": {"level": "CRITICAL"},
        "xmlschema": {"level": "WARNING"},
    },
}

setting_rules.check(globals())
