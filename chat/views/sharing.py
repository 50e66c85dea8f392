"""A conversation shared with the members of its instance: its author's page and its readers'."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.conversations.browser_strings import chat_strings
from chat.conversations.finding import get_conversation
from chat.conversations.sharing import (
    NotShareable,
    continue_shared,
    get_shared,
    share,
    shared_answer,
    shared_of,
    shared_turns,
    stop_sharing,
)
from chat.views.conversations import passage_page
from instances.access.gates import instance_view
from instances.models import Membership


@require_http_methods(["GET", "POST"])
@instance_view("guest")
def manage(request: HttpRequest, membership: Membership, conversation_id: UUID) -> HttpResponse:
    """Share one's conversation as it is now, or stop (POST with ``stop``)."""
    conversation = get_conversation(membership.instance, membership.user, conversation_id)
    if request.method == "POST":
        if "stop" in request.POST:
            stop_sharing(conversation)
            messages.success(request, _("The conversation is no longer shared"))
        else:
            try:
                share(conversation)
            except NotShareable as refusal:
                messages.warning(request, str(refusal))
            else:
                messages.success(request, _("Conversation shared as it is now"))
        return redirect("chat:share", membership.instance.slug, conversation.pk)
    shared, link = shared_of(conversation), ""
    if shared is not None:
        path = reverse("chat:shared", args=[membership.instance.slug, shared.pk])
        link = request.build_absolute_uri(path)
    context = {
        "conversation": conversation,
        "shared": shared,
        "link": link,
        "is_outdated": shared is not None and shared.leaf_id != conversation.leaf_id,
    }
    return render(request, "chat/sharing.html", context)


@require_safe
@instance_view("guest")
def shared(request: HttpRequest, membership: Membership, link_id: UUID) -> HttpResponse:
    """A conversation that a member has shared, to read."""
    shared = get_shared(membership, link_id)
    context = {
        "shared": shared,
        "base": reverse("chat:shared", args=[membership.instance.slug, shared.pk]),
        "turns": shared_turns(shared, cited_only=not membership.may_read_documents),
        "strings": chat_strings(),
    }
    return render(request, "chat/shared.html", context)


@require_safe
@instance_view("guest")
def citation(
    request: HttpRequest, membership: Membership, link_id: UUID, message_id: UUID, number: int
) -> HttpResponse:
    """A passage that a shared answer cites, for the panel next to it."""
    answer = shared_answer(get_shared(membership, link_id), message_id)
    return passage_page(request, membership, answer, number)


@require_POST
@instance_view("guest")
def continue_conversation(
    request: HttpRequest, membership: Membership, link_id: UUID
) -> HttpResponse:
    """Copy a shared conversation into one of the reader's own, and open it."""
    own = continue_shared(get_shared(membership, link_id), membership)
    return redirect("chat:conversation", membership.instance.slug, own.pk)
