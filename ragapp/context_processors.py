"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The site's name, its support contact, and the request's correlation id."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SUPPORT_CONTACT": settings.SUPPORT_CONTACT,
        "correlation_id": getattr(request, "correlation_id", ""),
    }
