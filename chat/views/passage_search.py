"""The page *Search*: async, as no database connection is held while the query is embedded."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.answers.error_messages import user_message
from chat.confidentiality.withholding import SEARCH_NOT_CLEARED
from chat.forms import FILTERS, PassageSearchForm
from chat.posted_forms import Refusal
from chat.search.found_documents import MAX_PASSAGES, group_by_document
from inference.errors import InferenceError, NotCleared
from ingestion.documents.groups import find_folders, tag_totals
from ingestion.documents.metadata import categories
from ingestion.models import Document
from instances.access.gates import as_member, require_role
from instances.models import Membership, Role
from retrieval.filters.choosing import ChosenDocuments, choose_documents
from retrieval.filters.wording import cut_words, filter_data, filter_words
from retrieval.measured_requests import measured_search
from retrieval.results import SearchResult
from usage.admission import RequestRefused
from usage.quotas.subjects import QuotaHolder

PAGE_SIZE = 10


@require_safe
@login_required
async def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Passages for ``?q=``, grouped by document, of the documents that the filters choose."""
    form = PassageSearchForm(request.GET)
    membership, chosen = await as_member(request, slug, _prepared, form)
    found = await _search(membership, form, chosen)
    return await as_member(request, slug, _page, request, form, chosen, found)


async def _search(
    membership: Membership, form: PassageSearchForm, chosen: ChosenDocuments | None
) -> SearchResult | Refusal | None:
    """Return what was found, why nothing was searched, or None without a query or documents."""
    if not form.query or (chosen is not None and not chosen.ids):
        return None
    try:
        found, _admitted = await measured_search(
            QuotaHolder(instance=membership.instance, user=membership.user),
            form.query,
            top_k=MAX_PASSAGES,
            document_ids=chosen.ids if chosen else (),
            may_filter=chosen is None and not form.cleaned_data["all"],
        )
    except RequestRefused as error:
        return Refusal.of_limit(error)
    except NotCleared as error:
        return Refusal(403, error.code, user_message(SEARCH_NOT_CLEARED))
    except InferenceError as error:
        return Refusal(503, error.code, user_message("search_unavailable"))
    return found


def _prepared(
    membership: Membership, form: PassageSearchForm
) -> tuple[Membership, ChosenDocuments | None]:
    # Guests may not know which documents there are.
    require_role(membership, Role.MEMBER)
    if not form.query:
        return membership, None
    return membership, choose_documents(membership.instance, form.chosen())


def _page(
    membership: Membership,
    request: HttpRequest,
    form: PassageSearchForm,
    chosen: ChosenDocuments | None,
    found: SearchResult | Refusal | None,
) -> HttpResponse:
    require_role(membership, Role.MEMBER)
    instance = membership.instance
    ready = Document.objects.for_instance(instance).filter(status=Document.Status.READY)
    context: dict[str, Any] = {
        "form": form,
        "query": form.query,
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "has_documents": ready.exists(),
        "suggestions": {
            "folder": [group.name for group in find_folders(instance, "").shown],
            "tag": [tag for tag, _n in tag_totals(instance)],
            "kind": categories(instance),
        },
    }
    if isinstance(found, Refusal):
        context["problem"] = found.message
    elif found is not None:
        results = group_by_document(instance, form.query, found)
        context |= {
            "results": results,
            "page": Paginator(results.documents, PAGE_SIZE).get_page(request.GET.get("page")),
            "unknown_words": found.unknown_words,
            "applied": filter_words(filter_data(found.filter)),
            "cut": cut_words(chosen) if chosen else "",
        }
    response = render(request, "chat/passage_search.html", context)
    if isinstance(found, Refusal):
        response.status_code = found.status
        if found.retry_after_s is not None:
            response["Retry-After"] = str(found.retry_after_s)
    return response
