"""A test question, through the line of every answer; its cost is recorded as an evaluation."""

from uuid import uuid4

from chat.answering import Question
from evaluation.runs.asking import ask as ask_to_the_end
from evaluation.runs.asking import record
from inference.catalogue import choose_model
from inference.llm.connections import close_shared_client
from instances.models import Instance
from instances.tenancy import in_tenant
from ragapp.doctor.findings import Finding, failed, ok
from usage.models import AnswerStatus
from usage.recording import Requester

_TEXT = "Que contiennent ces documents ?"


async def ask(instance: Instance) -> Finding:
    """Return whether a question is answered in ``instance``, by which model, in what time."""
    part = f"question in {instance.slug}"
    model = await in_tenant(instance, choose_model, instance)
    answer = await ask_to_the_end(
        Question(instance=instance, text=_TEXT, model=model, may_fall_back=False)
    )
    await close_shared_client()
    requester = Requester(instance_id=instance.pk, user_id=None)
    await in_tenant(instance, record, answer, request_id=uuid4(), requester=requester)
    if answer.status == AnswerStatus.FAILED:
        advice = "Read the lines above, then the log of the web server."
        return failed(part, f"{model.id} did not answer ({answer.error_code})", advice)
    found_nothing = answer.status == AnswerStatus.NOTHING_FOUND
    kind = "refused for want of passages" if found_nothing else "answered"
    return ok(part, f"{kind} by {model.id} in {answer.total_ms / 1000:.1f} s")
