"""Mail about a source that keeps failing, to its owner and to the administrators."""

from uuid import UUID

from django.conf import settings
from django.utils import translation

from instances.notifications import administrators_of
from instances.tenancy import tenant
from people.models import User
from sources.errors import explain
from sources.models import Source, SourceRun
from web.enqueueing import enqueue_on_commit
from web.mails import send_mail

SEND = "sources.tasks.send_failure_notice"


def failure_told(source: Source) -> None:
    """Have the mail sent to each of them. Runs inside ``tenant(instance)``."""
    if not settings.EMAIL_HOST:
        return
    people = {person.pk for person in administrators_of(source.instance)}
    if source.created_by_id is not None:
        people.add(source.created_by_id)
    for user_id in sorted(people):
        enqueue_on_commit(SEND, source.instance_id, str(source.pk), user_id)


def send_failure_notice(instance_id: int, source_id: UUID, user_id: int) -> None:
    """Send the mail to one person, unless source or person are gone, or it works again.

    Raises SMTPException, OSError.
    """
    with tenant(instance_id):
        source = (
            Source.objects.for_instance(instance_id)
            .select_related("instance")
            .filter(pk=source_id, failures__gt=0)
            .first()
        )
        runs = SourceRun.objects.for_instance(instance_id).filter(source=source_id)
        code = next(iter(runs.exclude(error_code="").values_list("error_code", flat=True)[:1]), "")
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if source is None or person is None or not person.notice_address:
        return
    with translation.override(person.language or settings.LANGUAGE_CODE):
        reason = explain(code) if code else ""
        about = {"about": source, "person": person, "reason": reason}
        send_mail("source_failing", about, to=person.notice_address)
