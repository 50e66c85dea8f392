"""Pages of operators: SAML identity providers, from feeds or added one by one."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.consoles.identity_providers import IdentityProvidersForm, MetadataForm
from accounts.logins.changes import remove_source, save_source
from accounts.models import IdentityProvider, MetadataFeed
from accounts.saml.certificates import read_metadata
from accounts.saml.errors import SamlError
from accounts.saml.identity_providers import find_all, problems, rules_through
from accounts.saml.metadata.feeds import add_single_idp
from instances.access.administration import operator_view
from instances.models import Organisation

ROWS_PER_PAGE = 50
SECTION = {"section": "logins", "part": "identity_providers"}


@require_safe
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the IdPs; searched, filtered, paginated."""
    form = IdentityProvidersForm(request.GET)
    chosen = form.chosen()
    found = Paginator(find_all(**chosen), ROWS_PER_PAGE)
    context = SECTION | {
        "page": found.get_page(form.cleaned_data.get("page")),
        "chosen": chosen,
        "feeds": MetadataFeed.objects.all(),
        "kinds": [
            ("allowed", _("With a login rule")),
            ("usable", _("Usable")),
            ("unusable", _("Not usable")),
        ],
    }
    return render(request, "accounts/consoles/identity_providers.html", context)


@require_http_methods(["GET", "POST"])
@operator_view
def add(request: HttpRequest) -> HttpResponse:
    """Add an IdP that is in no feed, or replace its metadata."""
    form = MetadataForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            provider = add_single_idp(form.cleaned_data["metadata"])
        except SamlError as error:
            text = _("This file is not the metadata of one identity provider that can be added: %s")
            form.add_error("metadata", text % error)
        else:
            messages.success(request, _("%s was added.") % provider)
            return redirect("operation:identity_provider", provider.pk)
    context = SECTION | {"form": form}
    return render(request, "accounts/consoles/identity_providers_add.html", context)


@require_safe
@operator_view
def page(request: HttpRequest, identity_provider_id: int) -> HttpResponse:
    """Show an IdP: what prevents logins through it, its keys, its login rules."""
    known = IdentityProvider.objects.select_related("feed")
    provider = get_object_or_404(known, pk=identity_provider_id)
    certificates = read_metadata(provider.xml)
    context = SECTION | {
        "provider": provider,
        "problems": list(problems(provider, certificates)),
        "certificates": certificates,
        "rules": rules_through(provider).with_sources(),
        "login_url": settings.SITE_URL + reverse("saml:login", args=[provider.pk]),
        "organisations": Organisation.objects.all(),
    }
    return render(request, "accounts/consoles/identity_provider.html", context)


@require_POST
@operator_view
def switch(request: HttpRequest, identity_provider_id: int) -> HttpResponse:
    """Enable an IdP, or disable it and end its sessions."""
    provider = get_object_or_404(IdentityProvider, pk=identity_provider_id)
    provider.is_enabled = request.POST.get("is_enabled") == "yes"
    save_source(provider, fields=["is_enabled"])
    if provider.is_enabled:
        messages.success(request, _("%s is enabled.") % provider)
    else:
        text = _("%s is disabled; the sessions through it have ended.")
        messages.success(request, text % provider)
    return redirect("operation:identity_provider", provider.pk)


@require_POST
@operator_view
def remove(request: HttpRequest, identity_provider_id: int) -> HttpResponse:
    """Remove an IdP that is in no feed; one of a feed would return with its next refresh."""
    provider = get_object_or_404(IdentityProvider, pk=identity_provider_id, feed=None)
    remove_source(provider)
    messages.success(request, _("%s was removed.") % provider)
    return redirect("operation:identity_providers")
