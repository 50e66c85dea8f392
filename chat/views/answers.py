"""Asking, and following the answer: async, as answers run in this event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from chat import running
from chat.answering import Question
from chat.confidentiality.question_guard import QuestionGuard, QuestionHeld
from chat.conversations.attachments import attachment_ids
from chat.conversations.first_answers import frugal_step
from chat.conversations.temporary import OnlyTemporary, require_continuable
from chat.conversations.turns import (
    Asked,
    UnknownDocument,
    ask,
    edit_question,
    get_message,
    history_before,
    regenerate,
)
from chat.expected_usage import expected_of
from chat.following import events_response
from chat.forms import AskForm, EditForm, RegenerateForm
from chat.models import Message
from chat.posted_forms import Refusal, is_from_script, read_form
from inference.catalogue import choose_first_model
from inference.fair_turns import Asker, turns_at
from instances.access.gates import as_member, require_role
from instances.models import Instance, Membership
from people.requests import alogged_in_user
from usage.admission import (
    Admission,
    LimitReached,
    RequestRefused,
    admit_question,
    admit_stream,
    held,
    person_name,
)
from usage.quotas.charging import reserve
from usage.quotas.subjects import QuotaHolder
from web.server_sent_events import SentAs, ServerSentEvent, log_response

_UNKNOWN_DOCUMENT = _("One of the chosen documents is no longer here. Remove it, then ask again.")
_EVENT_STREAM = "text/event-stream"
_LONGEST_EVENT_ID = 9
# Half of the threads that query the database (instances.tenancy).
_STORED_AT_ONCE = 4


@require_POST
@login_required
async def ask_question(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask in a conversation, or start one."""

    def begin(membership: Membership, data: dict[str, Any], model_id: str) -> Asked:
        if data["document_ids"]:
            # Guests may not know which documents there are.
            require_role(membership, Membership.Role.MEMBER)
        return ask(
            instance=membership.instance,
            user=membership.user,
            question=data["question"],
            model_id=model_id,
            conversation_id=data["conversation"],
            document_ids=data["document_ids"],
            attachments_only=data["attachments_only"],
            is_temporary=data["temporary"],
        )

    return await _begin(request, slug, AskForm, begin)


@require_POST
@login_required
async def edit(request: HttpRequest, slug: str, message_id: UUID) -> HttpResponseBase:
    """Ask an earlier question again in other words."""

    def begin(membership: Membership, data: dict[str, Any], model_id: str) -> Asked:
        question = get_message(membership.instance, membership.user, message_id)
        if question.role != Message.Role.USER:
            raise Http404
        return edit_question(question, data["question"], model_id=model_id)

    return await _begin(request, slug, EditForm, begin)


@require_POST
@login_required
async def regenerate_answer(request: HttpRequest, slug: str, message_id: UUID) -> HttpResponseBase:
    """Answer a question again, perhaps by another model."""

    def begin(membership: Membership, _data: dict[str, Any], model_id: str) -> Asked:
        return regenerate(
            get_message(membership.instance, membership.user, message_id), model_id=model_id
        )

    return await _begin(request, slug, RegenerateForm, begin, is_anew=True)


@require_POST
@login_required
async def stop(request: HttpRequest, slug: str, message_id: UUID) -> HttpResponse:
    """Stop an answer; its text is kept."""
    instance, answer = await as_member(request, slug, _own_message, message_id)
    await running.stop(instance, answer)
    return HttpResponse(status=204)


@require_GET
@login_required
async def events(request: HttpRequest, slug: str, message_id: UUID) -> HttpResponseBase:
    """The events of an answer after ``Last-Event-ID``, for a page that connects again."""
    user = await alogged_in_user(request)
    answer = running.find_running(message_id)
    if answer is not None and answer.user_id == user.pk and answer.question.instance.slug == slug:
        # The person who asked may follow, without a query. The events in memory were converted for
        # them; if they are deleted meanwhile, only what is cited is shown.
        instance, cited_only = answer.question.instance, True
    else:
        instance, cited_only = await as_member(request, slug, _instance_of_answer, message_id)
    try:
        admission = await asyncio.to_thread(admit_stream, user_id=user.pk)
    except LimitReached as error:
        return Refusal.of_limit(error).as_json()
    # ``after`` is for a page that has read the first events from the response to its question.
    last = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    is_number = last.isdecimal() and len(last) <= _LONGEST_EVENT_ID
    seen = int(last) if is_number else 0
    return events_response(
        instance, message_id, seen, cited_only=cited_only, during=held(admission)
    )


async def _begin(
    request: HttpRequest,
    slug: str,
    form_class: type[Form],
    begin: Callable[[Membership, dict[str, Any], str], Asked],
    *,
    is_anew: bool = False,
) -> HttpResponseBase:
    """Store the question, and start its answer, which no earlier one replaces if it ``is_anew``.

    ``begin(membership, data, model_id)`` stores it, from the data of the form. Scripts receive the
    events of the answer if they accept them, otherwise JSON that says where they are; a browser
    without scripts is redirected to the conversation.
    """
    asked = await _start(request, slug, form_class, begin, is_anew=is_anew)
    if isinstance(asked, Refusal):
        if is_from_script(request):
            return asked.as_json()
        return await as_member(request, slug, asked.as_page, request)
    url = reverse("chat:conversation", args=[slug, asked.conversation.pk])
    if not is_from_script(request):
        return HttpResponseRedirect(url, status=303)
    data = {
        "conversation_id": asked.conversation.pk,
        "question_id": asked.question.pk,
        "question": asked.question.content,
        "answer_id": asked.answer.pk,
        "title": asked.conversation.title,
        "conversation_url": url,
        "events_url": reverse("chat:events", args=[slug, asked.answer.pk]),
    }
    answer = running.find_running(asked.answer.pk)
    if answer is not None and _EVENT_STREAM in request.headers.get("Accept", ""):
        with suppress(LimitReached):
            user = await alogged_in_user(request)
            admission = await asyncio.to_thread(admit_stream, user_id=user.pk)
            sent_as = SentAs(first=[ServerSentEvent(data, "asked")])
            return log_response(answer, sent_as=sent_as, during=held(admission))
    return JsonResponse(data, status=201)


async def _start(
    request: HttpRequest,
    slug: str,
    form_class: type[Form],
    begin: Callable[[Membership, dict[str, Any], str], Asked],
    *,
    is_anew: bool,
) -> Asked | Refusal:
    """Store the question and start its answer; a question over a limit is not stored."""
    user = await alogged_in_user(request)
    person = person_name(user_id=user.pk, key_id=None)

    def store(membership: Membership) -> tuple[Asked, Question, Admission] | Refusal:
        form = read_form(form_class, request)
        if isinstance(form, Refusal):
            return form
        data = form.cleaned_data
        model = choose_first_model(membership.instance, data["model"])
        guard = QuestionGuard(membership.instance, model)
        admission = admit_question(instance_id=membership.instance_id, user_id=user.pk)
        with admission.released_on_error():
            asked, text = _store_guarded(membership, data, guard, begin)
            history = guard.guarded_history(history_before(asked.question, membership.instance))
            question = Question(
                instance=membership.instance,
                text=text,
                model=model,
                history=history,
                document_ids=tuple(asked.question.document_ids),
                attached=attachment_ids(asked.conversation),
                person=person,
                may_read_documents=membership.may_read_documents,
                may_be_reused=not history and _is_reusable(membership, asked),
                is_anew=is_anew,
                may_filter=not data.get("all_documents", False),
                frugal_step=frugal_step(asked, model, is_anew=is_anew),
            )
            # Last, as it locks counters until the transaction ends.
            holder = QuotaHolder(instance=membership.instance, user=user)
            reserve(holder, asked.answer.pk, expected_of(question))
        return asked, question, admission

    try:
        # People take turns, as their instances are not known yet.
        async with turns_at("questions", places=_STORED_AT_ONCE).turn(Asker(person=person)):
            stored = await as_member(request, slug, store)
    except RequestRefused as error:
        return Refusal.of_limit(error)
    except QuestionHeld as held:
        return Refusal.of_held(held)
    except OnlyTemporary:
        return Refusal.of_only_temporary()
    except UnknownDocument:
        return Refusal(400, "unknown_document", str(_UNKNOWN_DOCUMENT))
    if isinstance(stored, Refusal):
        return stored
    asked, question, admission = stored
    running.start(answer=asked.answer, question=question, user=user, admission=admission)
    return asked


def _store_guarded(
    membership: Membership,
    data: dict[str, Any],
    guard: QuestionGuard,
    begin: Callable[[Membership, dict[str, Any], str], Asked],
) -> tuple[Asked, str]:
    """Store the question, and return it with the text that may be sent.

    Raises QuestionHeld or OnlyTemporary.
    """
    decision = data["personal_data"]
    is_written = "question" in data
    if is_written:
        data = data | {"question": guard.guarded(data["question"], decision)}
    asked = begin(membership, data, guard.model.id)
    require_continuable(membership.instance, asked.conversation)
    if is_written:
        return asked, asked.question.content
    # The question of another answer may have been asked to a model inside.
    return asked, guard.guarded(asked.question.content, decision)


def _is_reusable(membership: Membership, asked: Asked) -> bool:
    """Whether the answer may be given again to others, and may be one that others were given."""
    return membership.instance.reuses_answers and not asked.conversation.is_temporary


def _own_message(membership: Membership, message_id: UUID) -> tuple[Instance, Message]:
    return membership.instance, get_message(membership.instance, membership.user, message_id)


def _instance_of_answer(membership: Membership, message_id: UUID) -> tuple[Instance, bool]:
    """Return the instance of an answer, and whether only its citations may be shown."""
    instance, message = _own_message(membership, message_id)
    if message.role != Message.Role.ASSISTANT:
        raise Http404
    return instance, not membership.may_read_documents
