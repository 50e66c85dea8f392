"""Changes of job templates, each audited."""

from typing import Any

from django.db import transaction

from inference.models import JobTemplate, ServerJob
from instances import audit
from instances.audit.changes import changes_of

_AUDITED = (
    *("command_prefix", "script", "model_path", "partition", "overflow_partition"),
    *("overflow_waiting", "waiting_per_job", "min_jobs", "max_jobs"),
    *("wall_minutes", "start_minutes", "idle_minutes", "networks", "site_url"),
)


def save_template(template: JobTemplate) -> None:
    """Create a template, or save its changes; they apply to the jobs that are started from now."""
    with transaction.atomic():
        if template.pk is None:
            template.save()
            audit.record(audit.Action.JOB_TEMPLATE_ADDED, target=template)
            return
        changes: dict[str, Any] = changes_of(template, _AUDITED)
        if changes:
            template.save(update_fields=[*changes, "updated_at"])
            audit.record(audit.Action.JOB_TEMPLATE_CHANGED, target=template, **changes)


def delete_template(template: JobTemplate) -> bool:
    """Delete a template without active jobs; return whether it was deleted.

    A job whose row is gone could not be stopped any more.
    """
    with transaction.atomic():
        locked = JobTemplate.objects.select_for_update().get(pk=template.pk)
        if locked.jobs.active().exists():
            return False
        audit.record(audit.Action.JOB_TEMPLATE_REMOVED, target=template)
        locked.delete()
    return True


def has_active_jobs(backend_id: int) -> bool:
    """Whether jobs of a backend have not ended, so that it cannot be removed yet."""
    return ServerJob.objects.active().filter(template__backend=backend_id).exists()


def has_template(backend_id: int) -> bool:
    """Whether a backend has a job template."""
    return JobTemplate.objects.filter(backend=backend_id).exists()
