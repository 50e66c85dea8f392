"""The answers that an editor may review: their own, and those that the page of ratings lists."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404

from chat.models import Message
from instances.models import Membership
from usage.models import AnswerStatus


def reviewed_answer(membership: Membership, message_id: UUID) -> Message:
    """Return an answer with its question; raises Http404 for any that is not listed there.

    Conversations are private: an editor reads another person's question only if it was rated or
    found nothing; never of a temporary conversation or one with attachments. Runs inside
    ``tenant(instance)``.
    """
    listed = Q(feedback__isnull=False) | Q(status=AnswerStatus.NOTHING_FOUND)
    listed &= Q(conversation__has_attachments=False, conversation__temporary_until=None)
    answer = (
        Message.objects.for_instance(membership.instance)
        .filter(listed | Q(conversation__user=membership.user))
        .filter(pk=message_id, role=Message.Role.ASSISTANT, parent__isnull=False)
        .select_related("parent")
        .first()
    )
    if answer is None:
        raise Http404
    return answer


def question_of(answer: Message) -> str:
    """Return the self-contained question of an answer."""
    asked = answer.parent.content if answer.parent else ""
    return answer.search_query or asked
