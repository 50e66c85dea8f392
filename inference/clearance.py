"""Whether a model server may receive what is sent to it (docs/decisions/029-sensitivity.md).

Everything that is sent to a model server carries its sensitivity, and passes ``check_clearance``:
messages in ``ChatBackend.request_body``, questions and passages in the clients of embedding and
rerank servers.
"""

from collections.abc import Iterable

from inference.errors import NotCleared
from instances.models.sensitivity import Sensitivity


def check_clearance(receiver: str, clearance: Sensitivity, levels: Iterable[str]) -> None:
    """Raise NotCleared if a server cleared for ``clearance`` may not receive these levels."""
    needed = Sensitivity.highest(levels)
    if not clearance.covers(needed):
        message = f"{receiver} may receive {clearance.value} documents, not {needed.value}"
        raise NotCleared(message, level=needed.value)
