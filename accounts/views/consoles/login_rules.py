"""Login rules: changed by operators, read by the administrators of their organisation."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.consoles.login_rules import LoginRuleForm, SourceForm
from accounts.logins.changes import remove_rule, save_rule
from accounts.models import LoginRule, MetadataFeed
from accounts.oidc.registration import providers
from accounts.saml.identity_providers import find_all
from instances.access.administration import operator_view, organisation_view
from instances.models import Organisation
from web.search_words import search_text

ROWS_PER_PAGE = 50
# Of the search for an IdP.
FOUND_AT_MOST = 20
SECTION = {"section": "logins", "part": "login_rules"}


@require_safe
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the login rules of all organisations."""
    rules = Paginator(LoginRule.objects.with_sources(), ROWS_PER_PAGE)
    context = SECTION | {
        "page": rules.get_page(request.GET.get("page")),
        "organisations": Organisation.objects.all(),
    }
    return render(request, "accounts/consoles/login_rules.html", context)


@require_safe
@organisation_view
def of_organisation(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """List the login rules of an organisation."""
    rules = LoginRule.objects.filter(organisation=organisation).with_sources()
    context = {"section": "login_rules", "rules": rules}
    return render(request, "accounts/consoles/login_rules_of_organisation.html", context)


@require_http_methods(["GET", "POST"])
@operator_view
def add(request: HttpRequest) -> HttpResponse:
    """Add a rule: first its organisation and its provider or feed, then whom it admits."""
    choice = SourceForm(request.POST or request.GET)
    if not choice.is_valid():
        return redirect("operation:login_rules")
    rule = choice.rule()
    if rule.source is None:
        return _choose_source(request, rule.organisation)
    form = LoginRuleForm(request.POST or None, instance=rule)
    if form.is_valid():
        save_rule(form.save(commit=False))
        messages.success(request, _("The login rule was added."))
        return redirect("operation:login_rules")
    context = SECTION | {"form": form, "rule": rule}
    return render(request, "accounts/consoles/login_rules_edit.html", context)


@require_http_methods(["GET", "POST"])
@operator_view
def change(request: HttpRequest, login_rule_id: int) -> HttpResponse:
    """Change whom a rule admits; its sessions end."""
    rule = get_object_or_404(LoginRule.objects.with_sources(), pk=login_rule_id)
    form = LoginRuleForm(request.POST or None, instance=rule)
    if form.is_valid():
        save_rule(form.save(commit=False))
        messages.success(request, _("Saved. The sessions of the former rule have ended."))
        return redirect("operation:login_rules")
    context = SECTION | {"form": form, "rule": rule}
    return render(request, "accounts/consoles/login_rules_edit.html", context)


@require_POST
@operator_view
def switch(request: HttpRequest, login_rule_id: int) -> HttpResponse:
    """Enable a rule, or disable it and end its sessions."""
    rule = get_object_or_404(LoginRule.objects.with_sources(), pk=login_rule_id)
    rule.is_enabled = request.POST.get("is_enabled") == "yes"
    save_rule(rule)
    text = _("The rule is enabled.") if rule.is_enabled else _("The rule is disabled.")
    messages.success(request, text)
    return redirect("operation:login_rules")


@require_POST
@operator_view
def remove(request: HttpRequest, login_rule_id: int) -> HttpResponse:
    """Remove a rule; its sessions end."""
    remove_rule(get_object_or_404(LoginRule, pk=login_rule_id))
    messages.success(request, _("The login rule was removed."))
    return redirect("operation:login_rules")


def _choose_source(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Offer the feeds, the OpenID Connect providers, and a search among the IdPs."""
    search = search_text(request.GET.get("q", ""))
    found = find_all(search, kind="usable")[:FOUND_AT_MOST] if search else []
    context = SECTION | {
        "organisation": organisation,
        "search": search,
        "found": found,
        "feeds": MetadataFeed.objects.all(),
        "oidc_providers": providers(),
    }
    return render(request, "accounts/consoles/login_rules_source.html", context)
