"""Several conversations as one ZIP file, a file each. Runs inside ``tenant(instance)``."""

from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone

from chat.exports.formats import ExportFormat, exported, file_name
from chat.models import Conversation


def conversations_as_zip(
    conversations: Sequence[Conversation], chosen: ExportFormat, *, cited_only: bool
) -> bytes:
    """Return the archive; the names of its files begin with their day. ``cited_only``: guests."""
    archive = BytesIO()
    names: set[str] = set()
    with ZipFile(archive, "w", ZIP_DEFLATED) as written:
        for conversation in conversations:
            name = _unused(file_name(conversation, chosen.suffix), conversation, names)
            written.writestr(name, exported(conversation, chosen, cited_only=cited_only))
    return archive.getvalue()


def _unused(name: str, conversation: Conversation, names: set[str]) -> str:
    """Return the name with the day, and with the id where another file has it already."""
    day = timezone.localdate(conversation.updated_at).isoformat()
    dated = f"{day} {name}"
    if dated in names:
        dated = f"{day} {conversation.pk} {name}"
    names.add(dated)
    return dated
