"""The logins of the user's account, and the page that requires a second factor."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.logins.confirmation import confirm_url
from accounts.logins.linking import LastLogin, begin_linking, recently_authenticated, unlink
from accounts.models import IdentityProvider
from accounts.saml.allauth_provider import SamlProvider
from instances.access.second_factor import has_second_factor
from people.requests import logged_in_user
from web.next_page import next_page


@require_GET
@login_required
def logins(request: HttpRequest) -> HttpResponse:
    """The user's logins, and those that can be added."""
    accounts = list(SocialAccount.objects.filter(user=logged_in_user(request)).order_by("pk"))
    context = {
        "logins": [_shown(request, account) for account in accounts],
        "providers": get_adapter(request).list_providers(request),
        "is_confirmed": recently_authenticated(request),
        "confirm_url": confirm_url(request, then=reverse("logins")),
    }
    return render(request, "accounts/logins.html", context)


@require_POST
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Redirect to a provider to add its login to the account."""
    wanted = request.POST.get("provider", "")
    providers = get_adapter(request).list_providers(request)
    provider = next((each for each in providers if each.sub_id == wanted), None)
    if provider is None:
        raise Http404
    if not recently_authenticated(request):
        return redirect("logins")
    begin_linking(request)
    # Not a redirect: the content security policy forbids forms that lead to another site.
    context = {"url": provider.get_login_url(request), "provider": provider}
    return render(request, "accounts/add_login.html", context)


@require_POST
@login_required
def remove(request: HttpRequest, account_id: int) -> HttpResponse:
    """Remove a login from the account."""
    account = get_object_or_404(SocialAccount, pk=account_id, user=logged_in_user(request))
    if not recently_authenticated(request):
        return redirect("logins")
    try:
        unlink(account)
    except LastLogin:
        messages.error(request, _("This is your only login method: add another one first."))
    else:
        messages.success(request, _("This login method was removed."))
    return redirect("logins")


@require_GET
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Require a second factor: enter it, set one up, or continue."""
    target = next_page(request)
    if has_second_factor(request):
        return redirect(target)
    context = {
        "is_set_up": is_mfa_enabled(request.user),
        "by_institution": SocialAccount.objects.filter(user=logged_in_user(request)).exists(),
        "confirm_url": f"{reverse('mfa_reauthenticate')}?{urlencode({'next': target})}",
    }
    return render(request, "accounts/second_factor.html", context)


def _shown(request: HttpRequest, account: SocialAccount) -> dict[str, Any]:
    """Return what the page shows of a login: the person's name and the institution."""
    provider = account.get_provider(request)
    name = provider.name
    if provider.id == SamlProvider.id:
        issuer = account.extra_data.get("issuer", "")
        row = IdentityProvider.objects.filter(entity_id=issuer).defer("xml").first()
        name = row.name_in(request.LANGUAGE_CODE) if row and request.LANGUAGE_CODE else issuer
    return {
        "pk": account.pk,
        "name": name,
        "identity": provider.wrap_account(account).to_str(),
        "last_login": account.last_login,
    }
