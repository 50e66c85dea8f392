"""The search index of an instance: another one is built, compared, and takes its place.

The estimate is async: no database connection is held while some passages are embedded.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from administration.forms.search_index import SearchIndexForm
from evaluation.held_changes.differences import compared_runs
from evaluation.held_changes.indexes import comparison_of
from inference.embedding.offered import offered_embedding
from inference.errors import InferenceError, InputTooLong, ModelNotFound, NotCleared
from ingestion.error_messages import user_message
from ingestion.indexing.generations import SearchIndex, active_index, search_index
from ingestion.models import IndexGeneration
from ingestion.reindexing import starting
from ingestion.reindexing.estimates import Estimate, measure, sample_of
from ingestion.reindexing.progress import failed_documents, kept_index, progress_of
from ingestion.reindexing.switching import NotInStep, switch
from instances.access.gates import as_member, instance_view, require_role
from instances.models import Instance, Membership, Role


@require_safe
@instance_view("admin")
def page(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The index that answers, the one that is built, and the form of another."""
    return _page(membership, request, {"form": SearchIndexForm(membership.instance)})


@require_POST
@login_required
async def estimate(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what another index will take, before it is started."""

    def prepare(membership: Membership) -> tuple[SearchIndexForm, Any, Any]:
        require_role(membership, Role.ADMIN)
        form = SearchIndexForm(membership.instance, request.POST)
        present = active_index(membership.instance)
        sample = sample_of(membership.instance) if form.is_valid() else None
        return form, sample, present

    form, sample, present = await as_member(request, slug, prepare)
    context: dict[str, Any] = {"form": form}
    if sample is not None:
        index = SearchIndex(
            present.generation + 1,
            form.cleaned_data["embedding_model"],
            form.cleaned_data["chunk_tokens"],
        )
        if (index.embedding_model, index.chunk_tokens) == (
            present.embedding_model,
            present.chunk_tokens,
        ):
            form.add_error(None, _refusal(starting.SAME))
        else:
            context |= await _measured(sample, index)
    return await as_member(request, slug, _page, request, context)


async def _measured(sample: Any, index: SearchIndex) -> dict[str, Estimate | str]:
    try:
        return {"estimate": await measure(sample, index)}
    except NotCleared:
        return {
            "problem": _(
                "The server of this model may not receive some of the documents: they are too "
                "sensitive. Choose another model, or ask the operators of this site."
            )
        }
    except InputTooLong:
        return {
            "problem": _(
                "The passages are too long for this model. Choose fewer tokens in a passage."
            )
        }
    except InferenceError:
        return {"problem": _("This model does not answer at the moment. Try again shortly.")}


@require_POST
@instance_view("admin")
def start(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Begin to build another index."""
    form = SearchIndexForm(membership.instance, request.POST)
    if not form.is_valid():
        return _page(membership, request, {"form": form})

    def begin() -> None:
        starting.start(
            instance=membership.instance,
            embedding_model=form.cleaned_data["embedding_model"],
            chunk_tokens=form.chosen_tokens,
            switches_itself=form.cleaned_data["switches_itself"],
            user=membership.user,
        )
        messages.success(
            request, _("The new index is being prepared. The present one answers until then.")
        )

    return _act(request, membership, begin)


@require_POST
@instance_view("admin")
def cancel(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Stop building, or discard what was built."""
    starting.cancel(membership.instance)
    messages.success(request, _("Cancelled. The present index answers as before."))
    return _redirect(membership)


@require_POST
@instance_view("admin")
def use(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Let the index that is complete answer, whatever the golden questions say."""
    generation = starting.unfinished(membership.instance)

    def begin() -> None:
        if generation is None:
            raise NotInStep
        switch(membership.instance_id, generation.number)
        messages.success(request, _("The new index answers now."))

    return _act(request, membership, begin)


@require_POST
@instance_view("admin")
def go_back(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Return to the index before."""

    def begin() -> None:
        if starting.go_back(membership.instance, membership.user):
            messages.success(request, _("The earlier index answers again."))
        else:
            messages.success(
                request,
                _("New documents are being prepared; then the earlier index answers."),
            )

    return _act(request, membership, begin)


@require_safe
@instance_view("admin")
def progress(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The progress of the index that is built, as JSON."""
    generation = starting.unfinished(membership.instance)
    if generation is None or generation.status != IndexGeneration.Status.BUILDING:
        return JsonResponse({"asked": 0, "total": 0, "is_unfinished": False})
    found = progress_of(generation)
    return JsonResponse(
        {"asked": found.done + found.failed, "total": found.total, "is_unfinished": True}
    )


def _act(request: HttpRequest, membership: Membership, begin: Callable[[], None]) -> HttpResponse:
    """Do what a button asks for, or say why not; then show the page."""
    try:
        begin()
    except starting.ReindexingRefused as error:
        messages.error(request, _refusal(error.code))
    except ModelNotFound:
        messages.error(
            request, _("The operators of this site no longer offer the model of this index.")
        )
    except (NotInStep, OperationalError):
        messages.info(
            request,
            _("Documents are being added to the index at this moment. Try again in a minute."),
        )
    return _redirect(membership)


def _redirect(membership: Membership) -> HttpResponse:
    return redirect("administration:search_index", slug=membership.instance.slug)


def _refusal(code: str) -> str:
    return {
        starting.SAME: _("This is the index that answers now: choose another model or size."),
        starting.UNDER_WAY: _("Another index is being prepared: wait for it, or cancel it."),
        starting.NOTHING_KEPT: _("The earlier index is no longer kept."),
    }[code]


def _page(membership: Membership, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    require_role(membership, Role.ADMIN)
    instance = membership.instance
    generation = starting.unfinished(instance)
    kept = kept_index(instance)
    context |= {
        "section": "search_index",
        "membership": membership,
        "instance": instance,
        "present": _described(active_index(instance)),
        "kept": kept,
        "kept_index": _described(search_index(kept)) if kept else None,
    }
    if generation is not None:
        context |= _of_generation(instance, generation)
    return render(request, "administration/search_index.html", context)


def _of_generation(instance: Instance, generation: IndexGeneration) -> dict[str, Any]:
    comparison = comparison_of(generation)
    return {
        "generation": generation,
        "next": _described(search_index(generation)),
        "progress": progress_of(generation),
        "failures": [
            (document, user_message(code)) for document, code in failed_documents(generation)
        ],
        "problem": user_message(generation.error_code) if generation.error_code else "",
        "comparison": comparison,
        "compared": compared_runs(instance, [comparison.before, comparison.after])
        if comparison
        else None,
    }


def _described(index: SearchIndex) -> tuple[str, int]:
    """Return the label of the model of an index, and the tokens of a passage."""
    try:
        return offered_embedding(index.embedding_model).label, index.chunk_tokens
    except InferenceError:
        return index.embedding_model, index.chunk_tokens
