"""Page of operators: this site as a SAML service provider."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.saml.certificates import readable_pem
from accounts.saml.keys import NAMES, key_pairs
from accounts.saml.service_provider import entity_id
from accounts.saml.setup_check import missing
from instances.access.administration import operator_view

# What each key pair does (``accounts.saml.keys``).
KEY_LABELS = {
    "current": _("Signs, and decrypts"),
    "next": _("Published, to sign later"),
    "previous": _("Former key, which still decrypts"),
}


@require_safe
@operator_view
def page(request: HttpRequest) -> HttpResponse:
    """Show the address of our metadata, our keys, and what the set-up lacks."""
    context = {
        "section": "logins",
        "part": "service_provider",
        "entity_id": entity_id(),
        "metadata_url": settings.SITE_URL + reverse("saml:metadata"),
        "missing": missing(),
        "keys": [
            (KEY_LABELS[name], readable_pem(pair.certificate.read_text()))
            for name in NAMES
            for pair in key_pairs((name,))
        ],
    }
    return render(request, "accounts/consoles/service_provider.html", context)
