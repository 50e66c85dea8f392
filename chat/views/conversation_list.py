"""A person's conversations: listed, archived ones too, searched, renamed, deleted."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat.conversations.finding import get_conversation
from chat.conversations.turns import delete, rename
from chat.forms import RenameForm
from chat.models import Conversation
from chat.organising import listing
from chat.organising.folders import folders_of
from chat.posted_forms import Refusal, is_from_script, read_form
from ingestion.documents.queries import pick_documents
from instances.access.gates import instance_view
from instances.models import Membership
from web.search_words import search_text

SEARCH_RESULTS = 8
MORE_RESULTS = 40
_LONGEST_LIMIT = 5


@require_safe
@instance_view("guest")
def conversations(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The person's latest ``?limit=`` conversations by day, of those with the words of ``?q=``."""
    query, limit = _query(request), _limit(request, listing.LISTED)
    if query:
        shown = listing.listing_of(listing.search_conversations(membership, query), limit)
    else:
        shown = listing.recent_days(membership, limit)
    context = {"listing": shown, "query": query}
    return render(request, "chat/includes/conversation_groups.html", context)


@require_safe
@instance_view("guest")
def all_conversations(request: HttpRequest, membership: Membership) -> HttpResponse:
    """All the person's conversations, or those with the words of ``?q=``, archived ones too."""
    query = _query(request)
    if query:
        return list_page(
            request, membership, listing.search_conversations(membership, query), query
        )
    return list_page(request, membership, listing.listed_conversations(membership))


@require_safe
@instance_view("guest")
def archived_conversations(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The person's archived conversations, which the side bar does not list."""
    archived = listing.archived_conversations(membership)
    return list_page(request, membership, archived, shows_archived=True)


@require_safe
@instance_view("guest")
def search(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Conversations that contain the words of ``?q=``, and documents for those who may see them."""
    query, limit = _query(request), _limit(request, SEARCH_RESULTS)
    context: dict[str, Any] = {"query": query}
    if query:
        found = list(listing.search_conversations(membership, query)[: limit + 1])
        context |= {
            "conversations": listing.with_snippets(membership, found[:limit], query),
            "more": limit + MORE_RESULTS if len(found) > limit else None,
        }
    if query and membership.may_read_documents:
        context["documents"] = pick_documents(membership.instance, query)[0][:SEARCH_RESULTS]
    return render(request, "chat/includes/search_results.html", context)


@require_http_methods(["GET", "POST"])
@instance_view("guest")
def rename_conversation(
    request: HttpRequest, membership: Membership, conversation_id: UUID
) -> HttpResponse:
    """Rename a conversation, for the list's script or for its own page."""
    shown = get_conversation(membership.instance, membership.user, conversation_id)
    if request.method == "POST" and is_from_script(request):
        given = read_form(RenameForm, request)
        if isinstance(given, Refusal):
            return given.as_json()
        rename(shown, given.cleaned_data["title"])
        return HttpResponse(status=204)
    form = RenameForm(request.POST or None, initial={"title": shown.title})
    if form.is_valid():
        rename(shown, form.cleaned_data["title"])
        messages.success(request, _("Conversation renamed"))
        return redirect("chat:conversation", membership.instance.slug, shown.pk)
    context = {"conversation": shown, "form": form}
    return render(request, "chat/conversation_rename.html", context)


@require_http_methods(["GET", "POST"])
@instance_view("guest")
def delete_conversation(
    request: HttpRequest, membership: Membership, conversation_id: UUID
) -> HttpResponse:
    """Ask for confirmation (GET), or delete a conversation permanently (POST)."""
    shown = get_conversation(membership.instance, membership.user, conversation_id)
    if request.method != "POST":
        return render(request, "chat/conversation_delete.html", {"conversation": shown})
    delete(shown)
    if is_from_script(request):
        return HttpResponse(status=204)
    messages.success(request, _("Conversation deleted"))
    return redirect("chat:new", membership.instance.slug)


def list_page(
    request: HttpRequest,
    membership: Membership,
    conversations: QuerySet[Conversation],
    query: str = "",
    **context: Any,
) -> HttpResponse:
    """Return a page of conversations; ``context`` says which ones they are."""
    page = Paginator(conversations.select_related("folder"), listing.LISTED).get_page(
        request.GET.get("page")
    )
    found = listing.with_snippets(membership, list(page), query)
    context |= {"query": query, "page": page, "found": found, "folders": folders_of(membership)}
    return render(request, "chat/conversation_list.html", context)


def _query(request: HttpRequest) -> str:
    """Return the search text."""
    return search_text(request.GET.get("q", ""))


def _limit(request: HttpRequest, default: int) -> int:
    """Return how many conversations are asked for."""
    limit = request.GET.get("limit", "")
    is_number = limit.isdecimal() and len(limit) <= _LONGEST_LIMIT
    return max(int(limit), default) if is_number else default
