"""Pages of operators: OpenID Connect providers."""

from allauth.socialaccount.models import SocialApp
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.consoles.oidc_providers import OidcProviderForm
from accounts.models import LoginRule
from accounts.oidc import registration
from accounts.oidc.errors import ProviderUnreachable
from instances.access.administration import operator_view, operator_view_without_transaction
from instances.models import Organisation
from instances.tenancy import overseeing

SECTION = {"section": "logins", "part": "oidc_providers"}


@require_safe
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the providers."""
    found = registration.providers().prefetch_related("rules__organisation")
    context = SECTION | {"providers": found}
    return render(request, "accounts/consoles/oidc_providers.html", context)


@require_http_methods(["GET", "POST"])
@operator_view_without_transaction
def add(request: HttpRequest) -> HttpResponse:
    """Add a provider, after reading its discovery document."""
    form = OidcProviderForm(request.POST or None)
    if form.is_valid() and (app := _save(form)) is not None:
        messages.success(request, _("%s was added.") % app.name)
        return redirect("operation:oidc_provider", app.pk)
    return _edit(request, form)


@require_http_methods(["GET", "POST"])
@operator_view_without_transaction
def change(request: HttpRequest, oidc_provider_id: int) -> HttpResponse:
    """Change the configuration of a provider, after reading its discovery document again."""
    app = get_object_or_404(registration.providers(), pk=oidc_provider_id)
    form = OidcProviderForm(request.POST or None, app=app)
    if form.is_valid() and _save(form) is not None:
        messages.success(request, _("Saved."))
        return redirect("operation:oidc_provider", app.pk)
    return _edit(request, form, provider=app)


@require_safe
@operator_view
def page(request: HttpRequest, oidc_provider_id: int) -> HttpResponse:
    """Show a provider: the addresses to register there, its endpoints, its login rules."""
    return _page(request, get_object_or_404(registration.providers(), pk=oidc_provider_id))


@require_POST
@operator_view_without_transaction
def check(request: HttpRequest, oidc_provider_id: int) -> HttpResponse:
    """Read the discovery document and the keys of a provider, and show what is wrong."""
    app = get_object_or_404(registration.providers(), pk=oidc_provider_id)
    problems = list(registration.problems(app))
    with overseeing():
        return _page(request, app, is_checked=True, problems=problems)


@require_POST
@operator_view
def remove(request: HttpRequest, oidc_provider_id: int) -> HttpResponse:
    """Remove a provider with its login rules and the logins through it."""
    app = get_object_or_404(registration.providers(), pk=oidc_provider_id)
    registration.remove_provider(app)
    messages.success(request, _("%s was removed.") % app.name)
    return redirect("operation:oidc_providers")


def _save(form: OidcProviderForm) -> SocialApp | None:
    """Save a valid form; None, with an error of the form, if the provider does not answer."""
    try:
        return registration.add_provider(**form.configuration())
    except ProviderUnreachable as error:
        form.add_error("issuer", _("This provider cannot be used: %s.") % error)
    return None


def _edit(request: HttpRequest, form: OidcProviderForm, **context: object) -> HttpResponse:
    context = {**SECTION, "form": form, **context}
    with overseeing():
        return render(request, "accounts/consoles/oidc_providers_edit.html", context)


def _page(request: HttpRequest, app: SocialApp, **check_result: object) -> HttpResponse:
    context = SECTION | {
        "provider": app,
        "configuration": app.settings.get("configuration", {}),
        "callback_url": registration.callback_url(app.provider_id),
        "after_logout_url": registration.after_logout_url(),
        "login_url": registration.login_url(app.provider_id),
        "rules": LoginRule.objects.filter(oidc_provider=app).with_sources(),
        "organisations": Organisation.objects.all(),
    }
    return render(request, "accounts/consoles/oidc_provider.html", context | check_result)
