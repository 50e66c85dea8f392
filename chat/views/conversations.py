"""The conversation page, and the parts of it that scripts fetch."""

import json
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat.answers.reuse import forget
from chat.conversations.browser_strings import chat_strings
from chat.conversations.estimates import shown_estimates
from chat.conversations.finding import get_conversation
from chat.conversations.model_picker import picker_lines
from chat.conversations.pages import chosen_model, shown_turns
from chat.conversations.passages import show_passage
from chat.conversations.shown_attachments import attachments_context
from chat.conversations.temporary import stay
from chat.conversations.turns import get_message, select_branch
from chat.example_questions.follow_ups import follow_up_questions
from chat.example_questions.questions import example_questions
from chat.forms import AboutForm, FeedbackForm, PresenceForm
from chat.models import Conversation, Feedback, Message
from chat.posted_forms import Refusal, read_form
from inference.catalogue import model_on_demand
from ingestion.documents.browser_strings import document_strings, upload_context
from ingestion.models import Document
from ingestion.transcription.playing import player_of
from instances.access.gates import instance_view
from instances.models import Membership
from usage.quotas.shown import ShownQuota, shown_quotas
from usage.quotas.subjects import QuotaHolder


@require_safe
@instance_view("guest")
def new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """A page to start a conversation, on the documents ``?document=…`` if there are some."""
    return _page(request, membership, None)


@require_POST
@instance_view()
def about(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Start a conversation on the documents selected in their list."""
    form = AboutForm({"document": request.POST.getlist("document")})
    if not form.is_valid():
        for error in form.errors["document"]:
            messages.warning(request, str(error))
        return redirect("documents:list", slug=membership.instance.slug)
    chosen = form.cleaned_data["document"]
    start = reverse("chat:new", args=[membership.instance.slug])
    return redirect(f"{start}?{urlencode({'document': chosen}, doseq=True)}")


@require_safe
@instance_view("guest")
def conversation(
    request: HttpRequest, membership: Membership, conversation_id: UUID
) -> HttpResponse:
    """A conversation, on the branch last shown."""
    shown = get_conversation(membership.instance, membership.user, conversation_id)
    stay(shown)
    return _page(request, membership, shown)


@require_POST
@instance_view("guest")
def presence(request: HttpRequest, membership: Membership, conversation_id: UUID) -> HttpResponse:
    """The page of a temporary conversation is open, or was left: its erasure is near."""
    shown = get_conversation(membership.instance, membership.user, conversation_id)
    form = read_form(PresenceForm, request)
    if isinstance(form, Refusal):
        return form.as_json()
    stay(shown, has_left=form.cleaned_data["left"])
    return HttpResponse(status=204)


def _page(request: HttpRequest, membership: Membership, shown: Conversation | None) -> HttpResponse:
    instance, cited_only = membership.instance, not membership.may_read_documents
    about = AboutForm({"document": request.GET.getlist("document")})
    restriction = [] if cited_only or not about.is_valid() else about.cleaned_data["document"]
    documents = Document.objects.for_instance(instance)
    ready = documents.filter(status=Document.Status.READY)
    has_documents = ready.exists()
    restricted_to = list(ready.filter(pk__in=restriction).order_by("name")) if restriction else []
    turns = shown_turns(shown, cited_only=cited_only) if shown else []
    context = {
        "conversation": shown,
        "turns": turns,
        "follow_ups": _follow_ups(membership, turns[-1].message if turns else None),
        "models": picker_lines(instance),
        "model": chosen_model(instance, shown),
        "on_demand": model_on_demand(instance),
        "estimates": shown_estimates(instance),
        "has_documents": has_documents,
        "n_in_preparation": 0
        if has_documents
        else documents.filter(status__in=Document.UNFINISHED).count(),
        "restriction": json.dumps(
            [
                {
                    "id": str(document.pk),
                    "ids": [str(document.pk)],
                    "title": document.display_title,
                }
                for document in restricted_to
            ]
        ),
        "restricted_to": restricted_to,
        "quotas": _quotas(membership),
        "examples": [] if shown else example_questions(membership),
        "is_temporary": shown.is_temporary if shown else instance.allows_only_temporary,
        "is_closed": bool(shown and instance.allows_only_temporary and not shown.is_temporary),
        "strings": chat_strings(),
    }
    if not cited_only:
        context |= attachments_context(shown)
    if membership.may_edit:
        # Files dropped on the page are uploaded.
        context |= {"strings": document_strings() | chat_strings(), **upload_context()}
    return render(request, "chat/conversation.html", context)


@require_safe
@instance_view("guest")
def quotas(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What is used of the person's quotas, for the line above the composer."""
    return render(request, "chat/includes/quotas.html", {"quotas": _quotas(membership)})


@require_safe
@instance_view("guest")
def follow_ups(request: HttpRequest, membership: Membership, message_id: UUID) -> HttpResponse:
    """Questions to go on with under an answer, for a page that has just received it."""
    answer = _answer(membership, message_id)
    context = {
        "conversation": answer.conversation,
        "follow_ups": _follow_ups(membership, answer),
        "model": chosen_model(membership.instance, answer.conversation),
    }
    return render(request, "chat/includes/follow_ups.html", context)


@require_POST
@instance_view("guest")
def select(request: HttpRequest, membership: Membership, message_id: UUID) -> HttpResponse:
    """Show another version of a question or of an answer."""
    message = get_message(membership.instance, membership.user, message_id)
    select_branch(message)
    return redirect(
        "chat:conversation",
        slug=membership.instance.slug,
        conversation_id=message.conversation_id,
    )


@require_POST
@instance_view("guest")
def feedback(request: HttpRequest, membership: Membership, message_id: UUID) -> HttpResponse:
    """Save the person's rating of an answer, or remove it."""
    answer = _answer(membership, message_id)
    form = read_form(FeedbackForm, request)
    if isinstance(form, Refusal):
        return form.as_json()
    if form.cleaned_data["helpful"] is None:
        Feedback.objects.for_instance(membership.instance).filter(message=answer).delete()
        return HttpResponse(status=204)
    Feedback.objects.update_or_create(
        message=answer,
        instance=membership.instance,
        defaults={"user_id": membership.user_id, **form.cleaned_data},
    )
    if not form.cleaned_data["helpful"]:
        forget(answer)
    return HttpResponse(status=204)


@require_safe
@instance_view("guest")
def citation(
    request: HttpRequest, membership: Membership, message_id: UUID, number: int
) -> HttpResponse:
    """A cited passage in its context, for the panel next to the answer."""
    return passage_page(request, membership, _answer(membership, message_id), number)


def passage_page(
    request: HttpRequest, membership: Membership, answer: Message, number: int
) -> HttpResponse:
    """Return a passage of an answer that the member may read; raises Http404 for no such number."""
    passage = show_passage(answer, number, cited_only=not membership.may_read_documents)
    if passage is None:
        raise Http404
    document, player = passage.citation.document, None
    if document is not None and membership.may_read_documents:
        player = player_of(document, passage.page, passage.quote)
    context = {"passage": passage, "document": document, "player": player}
    return render(request, "chat/includes/passage.html", context)


def _follow_ups(membership: Membership, answer: Message | None) -> list[str]:
    """Return questions to go on with; guests are shown no headings of documents."""
    is_wanted = membership.instance.suggests_questions and membership.may_read_documents
    if answer is None or not is_wanted or membership.instance.is_archived:
        return []
    return follow_up_questions(answer)


def _quotas(membership: Membership) -> list[ShownQuota]:
    return shown_quotas(QuotaHolder(instance=membership.instance, user=membership.user))


def _answer(membership: Membership, message_id: UUID) -> Message:
    message = get_message(membership.instance, membership.user, message_id)
    if message.role != Message.Role.ASSISTANT:
        raise Http404
    return message
