"""What Django loads: applications, middleware, templates."""

from typing import Any

from ragapp.settings.environment import BASE_DIR

INSTALLED_APPS = [
    "ragapp",
    "accounts",
    "evaluation",
    "chat",
    "retrieval",
    "sources",
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
    "ragapp.middleware.kept_forms.kept_forms",
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
        },
    },
]
# These look for Django's middleware by name; ours are subclasses (ragapp.middleware.inline).
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003"]
