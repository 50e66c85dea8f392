"""The site: addresses, cookies, security headers, limits of requests, languages, static files."""

import os
from ipaddress import ip_network
from typing import Any
from urllib.parse import unquote

from csp.constants import NONCE, NONE, SELF
from environs import validate

from ragapp.settings.environment import BASE_DIR, DATA_DIR, env

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
SESSION_ENGINE = "people.session_store"
SESSION_SERIALIZER = "web.encryption.EncryptedSerializer"
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Processes ------------------------------------------------------------------------------------
# Each has an interpreter, which uses one processor.
WEB_PROCESSES: int = env.int(
    "WEB_PROCESSES", min(4, len(os.sched_getaffinity(0))), validate=validate.Range(min=1)
)

# --- Limits of requests ---------------------------------------------------------------------------
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

# --- Traces ---------------------------------------------------------------------------------------
# The collector of OpenTelemetry traces, without /v1/traces; "": no traces. Headers are NAME=VALUE,
# URL-encoded, as in OpenTelemetry's own variable of that name.
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")
_otlp_headers: dict[str, str] = env.dict("OTEL_EXPORTER_OTLP_HEADERS", {})
OTEL_EXPORTER_OTLP_HEADERS = {name: unquote(value) for name, value in _otlp_headers.items()}
TRACES_WITH_CONTENT: bool = env.bool("TRACES_WITH_CONTENT", False)

# --- Content security -----------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

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
# Uploaded files are in MEDIA_ROOT, or in a bucket of an S3-compatible server if one is named.
FILES_S3_BUCKET: str = env.str("FILES_S3_BUCKET", "")
_DIRECTORY = {"BACKEND": "ingestion.storage.RegularFileStorage"}
_BUCKET = {
    "BACKEND": "ingestion.storing.object_storage.ObjectStorage",
    "OPTIONS": {
        "bucket_name": FILES_S3_BUCKET,
        "endpoint_url": env.str("FILES_S3_ENDPOINT_URL", "") or None,
        "region_name": env.str("FILES_S3_REGION", "us-east-1"),
        "access_key": env.str("FILES_S3_ACCESS_KEY", ""),
        "secret_key": env.str("FILES_S3_SECRET_KEY", ""),
        "location": env.str("FILES_S3_PREFIX", ""),
    },
}
STORAGES = {
    "default": _BUCKET if FILES_S3_BUCKET else _DIRECTORY,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "web.static_files.ManifestStaticFilesStorage"
    },
}
SERVESTATIC_MAX_AGE = 3600
# Uploads are streamed to disk past 1 MiB; the body of any other request stays small.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 << 20
DATA_UPLOAD_MAX_NUMBER_FILES = 100
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MAX_UPLOAD_BYTES: int = env.int("MAX_UPLOAD_BYTES", 200_000_000)
# Of files that are sent in pieces (docs/decisions/052-resumable-uploads.md).
MAX_RESUMABLE_BYTES: int = env.int("MAX_RESUMABLE_BYTES", 2_000_000_000)
# Hours after which a file is deleted of which nothing more comes.
UPLOADS_KEPT_HOURS: int = env.int("UPLOADS_KEPT_HOURS", 48)
# What uploads leave free of the disk of the files.
STORAGE_RESERVE_BYTES: int = env.int("STORAGE_RESERVE_BYTES", 1_000_000_000)
