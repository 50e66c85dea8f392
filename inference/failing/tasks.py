"""Celery tasks of backends."""

from smtplib import SMTPException

from celery import shared_task

from inference.failing import retired_ids


@shared_task(name="inference.failing.tasks.tell_of_retired_ids", ignore_result=True, expires=300)
def tell_of_retired_ids() -> None:
    """Tell operators, or administrators of their organisation, of ids that are no longer served."""
    retired_ids.tell_of_retired_ids()


@shared_task(
    name=retired_ids.SEND,
    autoretry_for=(SMTPException, OSError),
    retry_backoff=30,
    retry_jitter=True,
    max_retries=6,
)
def send_retired_id_notice(model_id: int, user_id: int) -> None:
    """Send the mail about one model to one person."""
    retired_ids.send_retired_id_notice(model_id, user_id)
