"""A page of a PDF file or an image as a picture, and where its words stand in it."""

from collections.abc import Awaitable, Callable
from dataclasses import astuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
)
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from inference.fair_turns import Asker
from ingestion.documents import page_pictures
from ingestion.errors import DocumentError
from ingestion.forms import PictureForm
from ingestion.models import Document
from ingestion.parsing.media_types import DRAWN
from ingestion.views.changes import get_readable_document
from instances.access.gates import aenter
from instances.models import Membership
from instances.tenancy import in_tenant
from usage.admission import person_name


@require_safe
@login_required
async def picture(
    request: HttpRequest, slug: str, document_id: UUID, number: int
) -> HttpResponseBase:
    """The page as a picture, of the least of ``WIDTHS`` that is not below ``?width=``."""

    async def draw(document: Document, asker: Asker) -> HttpResponse:
        drawn = await page_pictures.page_picture(document, number, width, asker)
        return HttpResponse(drawn, content_type=page_pictures.PICTURE_TYPE)

    width = PictureForm(request.GET).chosen_width()
    return await _cached(request, slug, document_id, f"{number}-{width}", draw)


@require_safe
@login_required
async def words(
    request: HttpRequest, slug: str, document_id: UUID, number: int
) -> HttpResponseBase:
    """The words of the page, each with its box in ``PARTS`` of the page."""

    async def place(document: Document, asker: Asker) -> HttpResponse:
        placed = await page_pictures.page_words(document, number, asker)
        data = {"ratio": placed.ratio, "words": [astuple(word) for word in placed.words]}
        return JsonResponse(data)

    return await _cached(request, slug, document_id, f"{number}-words", place)


async def _cached(
    request: HttpRequest,
    slug: str,
    document_id: UUID,
    part: str,
    make: Callable[[Document, Asker], Awaitable[HttpResponse]],
) -> HttpResponseBase:
    """Return what ``make`` does, or 304 when the browser has it; access is checked either way."""
    membership = await aenter(request, slug)
    document = await in_tenant(membership.instance, _drawn, membership, document_id)
    etag = f'"{document.sha256}-{part}-{page_pictures.VERSION}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers=headers)
    asker = Asker(membership.instance.pk, person_name(user_id=membership.user_id, key_id=None))
    try:
        response = await make(document, asker)
    except DocumentError as error:
        raise Http404 from error
    for name, value in headers.items():
        response[name] = value
    return response


def _drawn(membership: Membership, document_id: UUID) -> Document:
    document = get_readable_document(membership, document_id)
    if document.media_type not in DRAWN:
        raise Http404
    return document
