"""Records what was not sent to a model server, as it is too sensitive."""

from instances.audit.log import Action, record
from instances.models import Instance
from instances.tenancy import in_tenant


async def record_refusal(
    instance: Instance, target: str, level: str, *, n_passages: int = 0
) -> None:
    """Record in the audit log what was not sent to ``target``, without content or names.

    ``level`` is its sensitivity.
    """
    await in_tenant(
        instance,
        record,
        Action.SENDING_REFUSED,
        instance=instance,
        target=target,
        sensitivity=level,
        passages=n_passages,
    )
