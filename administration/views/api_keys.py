"""Settings of an instance: API keys; administrators see and revoke all of them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.api_keys import ApiKeyForm
from instances.access import api_keys, second_factor
from instances.access.gates import instance_view
from instances.errors import KeyLimit, user_message
from instances.models import ApiKey, Membership


@require_safe
@instance_view("member")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the keys that the member may see, including revoked ones."""
    keys = list(api_keys.with_holder(_visible_keys(membership), settings.IDENTITY_DAYS))
    unconfirmed = {key.pk for key in keys if key.is_valid and api_keys.lacks_second_factor(key)}
    context = {
        "keys": keys,
        "unconfirmed": unconfirmed,
        "now": timezone.now(),
        "section": "keys",
    }
    return render(request, "administration/api_keys.html", context)


@require_http_methods(["GET", "POST"])
@instance_view("member")
def create(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Create an own key; it is shown only in this response."""
    form = ApiKeyForm(request.POST or None, membership=membership)
    context: dict[str, Any] = {"form": form, "section": "keys"}
    if form.is_valid():
        try:
            key, plaintext = api_keys.create_api_key(
                instance=membership.instance,
                name=form.cleaned_data["name"],
                scope=form.chosen_scope,
                created_by=membership.user,
                expires_at=form.expires_at(),
                proof=second_factor.proof_of(request),
                is_batch=form.cleaned_data["is_batch"],
            )
        except KeyLimit as error:
            form.add_error(None, user_message(error))
        else:
            context |= {"key": key, "plaintext": plaintext}
    response = render(request, "administration/api_keys_create.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@instance_view("member")
def confirm(request: HttpRequest, membership: Membership, key_id: int) -> HttpResponse:
    """Confirm an own key with the second factor of this session."""
    mine = ApiKey.objects.for_instance(membership.instance).filter(created_by=membership.user_id)
    key = get_object_or_404(mine.select_related("instance__organisation"), pk=key_id)
    back = reverse("administration:keys", args=[membership.instance.slug])
    proof = second_factor.proof_of(request)
    if proof is None:
        return redirect(f"{reverse('second_factor')}?{urlencode({'next': back})}")
    api_keys.confirm(key, proof=proof)
    messages.success(request, _("The key %s is confirmed.") % key.name)
    return redirect(back)


@require_POST
@instance_view("member")
def revoke(request: HttpRequest, membership: Membership, key_id: int) -> HttpResponse:
    """Revoke a key."""
    keys = _visible_keys(membership).select_related("instance__organisation")
    key = get_object_or_404(keys, pk=key_id)
    api_keys.revoke(key)
    messages.success(request, _("The key %s was revoked.") % key.name)
    return redirect("administration:keys", slug=membership.instance.slug)


def _visible_keys(membership: Membership) -> QuerySet[ApiKey]:
    """All keys of the instance for administrators, own keys for others."""
    keys = ApiKey.objects.for_instance(membership.instance)
    return keys if membership.may_administer else keys.filter(created_by=membership.user_id)
