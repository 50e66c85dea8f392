"""Operators disable and enable an organisation.

Their other pages are in ``administration.views.consoles``.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.logins.withdrawal import disable_organisation, enable_organisation
from instances.access.administration import operator_view
from instances.models import Organisation


@require_POST
@operator_view
def switch(request: HttpRequest, organisation: str) -> HttpResponse:
    """Enable an organisation, or disable it and end the sessions of its rules."""
    found = get_object_or_404(Organisation, slug=organisation)
    if request.POST.get("is_enabled") == "yes":
        enable_organisation(found)
        messages.success(request, _("%s is enabled.") % found)
    else:
        ended = disable_organisation(found)
        text = ngettext(
            "%(name)s is disabled; %(n)s session ended.",
            "%(name)s is disabled; %(n)s sessions ended.",
            ended,
        )
        messages.success(request, text % {"name": found, "n": ended})
    return redirect("administration:organisation_settings", found.slug)
