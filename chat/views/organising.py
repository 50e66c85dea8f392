"""Put conversations in order: one from its menu, or several from their list."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chat.forms import OrganiseForm
from chat.organising import changes
from chat.posted_forms import Refusal, is_from_script, read_form
from instances.access.gates import instance_view
from instances.models import Membership
from web.next_page import next_page

# In the session: the last change, ``[instance, fields before]``.
_UNDO = "organised_conversations"
# The tag of a message with a button that undoes what it says.
UNDOABLE = "undoable"


@require_POST
@instance_view("guest")
def organise(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Do an action with conversations; the answer to a script is what was done, in words."""
    form = read_form(OrganiseForm, request)
    if isinstance(form, Refusal):
        return _refused(request, membership, form)
    action, chosen = form.cleaned_data["action"], form.cleaned_data["conversation"]
    before = changes.organise(membership, action, chosen)
    request.session[_UNDO] = [membership.instance_id, before]
    text = changes.sentence_of(action, len(before))
    if is_from_script(request):
        return JsonResponse({"message": text})
    messages.success(request, text, extra_tags=UNDOABLE)
    slug = membership.instance.slug
    page = reverse("chat:all_conversations", args=[slug])
    if len(chosen) == 1:
        page = reverse("chat:conversation", args=[slug, chosen[0]])
    return HttpResponseRedirect(next_page(request, page), status=303)


@require_POST
@instance_view("guest")
def undo(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Undo the last change of the person's conversations in this browser."""
    instance_id, before = request.session.pop(_UNDO, (None, {}))
    is_done = instance_id == membership.instance_id and changes.undo(membership, before) > 0
    text = _("Undone") if is_done else _("There is nothing left to undo.")
    if is_from_script(request):
        return JsonResponse({"message": text})
    messages.add_message(request, messages.SUCCESS if is_done else messages.WARNING, text)
    page = reverse("chat:all_conversations", args=[membership.instance.slug])
    return HttpResponseRedirect(next_page(request, page), status=303)


def _refused(request: HttpRequest, membership: Membership, refusal: Refusal) -> HttpResponse:
    if is_from_script(request):
        return refusal.as_json()
    messages.warning(request, refusal.message)
    page = reverse("chat:all_conversations", args=[membership.instance.slug])
    return redirect(next_page(request, page))
