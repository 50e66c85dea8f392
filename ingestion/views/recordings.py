"""The captions of a recording."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ingestion.parsing.media_types import RECORDINGS, VTT
from ingestion.transcription.parts import transcript_of
from ingestion.views.changes import get_readable_document
from instances.access.gates import instance_view
from instances.models import Membership


@require_safe
@instance_view()
def captions(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """What is said in a recording, so far, as WebVTT."""
    shown = get_readable_document(membership, document_id)
    if shown.media_type not in RECORDINGS:
        raise Http404
    return HttpResponse(
        transcript_of(shown).as_vtt(),
        content_type=f"{VTT}; charset=utf-8",
        headers={"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"},
    )
