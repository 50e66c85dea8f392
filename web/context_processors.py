"""Variables of every template."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and support contact, the request's correlation id and membership.

    ``membership`` and ``instance`` are None outside an instance.
    """
    membership = getattr(request, "membership", None)
    return {
        "membership": membership,
        "instance": membership.instance if membership else None,
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "SUPPORT_CONTACT": settings.SUPPORT_CONTACT,
        "MAIL_ENABLED": bool(settings.EMAIL_HOST),
        "correlation_id": getattr(request, "correlation_id", ""),
    }
