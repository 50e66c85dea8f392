"""Celery tasks of uploads that are sent in pieces."""

from celery import shared_task

from ingestion.resumable import expiry


@shared_task(name="ingestion.resumable.tasks.finish_left_uploads", ignore_result=True, expires=60)
def finish_left_uploads() -> None:
    """Finish the uploads whose process was killed after their last byte."""
    expiry.finish_left_uploads()


@shared_task(
    name="ingestion.resumable.tasks.delete_expired_uploads", ignore_result=True, expires=600
)
def delete_expired_uploads() -> None:
    """Delete uploads of which nothing more has come, and pieces without an upload."""
    expiry.delete_expired_uploads()
    expiry.delete_left_pieces()
