"""The rows of the jobs, in the order in which they were requested."""

from collections.abc import Callable

from inference.models import ServerJob

State, Reason = ServerJob.State, ServerJob.Reason
Reconciled = Callable[[Callable[[], object]], None]


def states() -> list[str]:
    return [job.state for job in ServerJob.objects.order_by("pk")]


def jobs() -> list[ServerJob]:
    return list(ServerJob.objects.select_related("template").order_by("pk"))
