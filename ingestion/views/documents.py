"""The list of documents, its live updates, and the picker of documents for a question."""

import asyncio
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ingestion.documents import queries
from ingestion.documents.browser_strings import document_strings, upload_context
from ingestion.documents.groups import (
    FoundGroups,
    Group,
    find_folders,
    find_tags,
    folder_documents,
    tag_totals,
    tagged_documents,
)
from ingestion.documents.kinds import KINDS, kind_of
from ingestion.documents.list_events import document_events, stamp
from ingestion.documents.list_links import (
    heading_links,
    number_links,
    page_links,
    query_string,
    state_links,
)
from ingestion.documents.sensitivity import level_choices
from ingestion.forms import DocumentFilterForm, GroupForm
from instances.access.gates import aenter, instance_view
from instances.models import Membership
from instances.quotas import room_of
from usage.admission import LimitReached, admit_stream, held
from web.server_sent_events import stream_response


@require_safe
@instance_view()
def document_list(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The documents of the instance, filtered, sorted and paginated."""
    pulse = queries.pulse(membership.instance)
    chosen = DocumentFilterForm(request.GET).chosen()
    listing = queries.list_documents(membership.instance, chosen)
    chosen = listing.filter
    context = {
        "listing": listing,
        "nothing_yet": pulse.count == 0,
        "states": state_links(listing),
        "headings": heading_links(chosen),
        "pages": page_links(listing),
        "numbers": number_links(listing),
        "kinds": KINDS,
        "levels": level_choices(membership.instance),
        "tags": tag_totals(membership.instance),
        "events_query": query_string(chosen, page=chosen.page, since=stamp(pulse.latest)),
        "strings": document_strings(),
        **upload_context(),
        "room": room_of(membership.instance),
    }
    return render(request, "ingestion/document_list.html", context)


@require_safe
@login_required
async def events(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Server-sent events that keep the list, or the status of one document, up to date."""
    membership = await aenter(request, slug)
    try:
        admission = await asyncio.to_thread(admit_stream, user_id=membership.user_id)
    except LimitReached as error:
        return HttpResponse(
            error.message, status=429, headers={"Retry-After": str(error.retry_after_s)}
        )
    chosen = DocumentFilterForm(request.GET).chosen()
    since = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    changes = document_events(membership, chosen, since=since, language=get_language() or "")
    return stream_response(changes, during=held(admission))


@require_safe
@instance_view()
def picker(request: HttpRequest, membership: Membership) -> JsonResponse:
    """The ready documents and the folders found by ``q``, to restrict a question to some."""
    chosen = DocumentFilterForm(request.GET).chosen()
    found, total = queries.pick_documents(membership.instance, chosen.query, chosen.page)
    documents = [
        {
            "id": str(document.pk),
            "title": document.display_title,
            "name": document.name,
            "folder": document.folder,
            "icon": kind_of(document.media_type).icon,
            "pages": document.pages,
            "url": reverse("documents:detail", args=[membership.instance.slug, document.pk]),
        }
        for document in found
    ]
    data = {"documents": documents, "total": total}
    if chosen.page == 1:
        data["folders"] = _groups(find_folders(membership.instance, chosen.query))
        data["tags"] = _groups(find_tags(membership.instance, chosen.query))
    return JsonResponse(data)


@require_safe
@instance_view()
def picked_group(request: HttpRequest, membership: Membership) -> JsonResponse:
    """The ready documents in ``folder`` and below it, or with ``tag``."""
    form = GroupForm(request.GET)
    if not form.is_valid():
        raise Http404
    if folder := form.cleaned_data["folder"]:
        ids = folder_documents(membership.instance, folder)
    else:
        ids = tagged_documents(membership.instance, form.cleaned_data["tag"])
    return JsonResponse({"ids": ids})


def _groups(found: FoundGroups) -> dict[str, Any]:
    others = ngettext(
        "%(n)s other: search for its name.", "%(n)s others: search by name.", found.n_others
    )
    return {
        "shown": [
            {"name": group.name, "note": _note(group), "is_too_large": group.is_too_large}
            for group in found.shown
        ],
        "others": others % {"n": found.n_others} if found.n_others else "",
    }


def _note(group: Group) -> str:
    if group.is_too_large:
        return _("%(n)s documents: too many for one question, choose fewer.") % {"n": group.total}
    return ngettext("%(n)s document", "%(n)s documents", group.total) % {"n": group.total}
