"""Add, retry and cancel documents in the browser, and make an older version current again."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ingestion import uploads, versions
from ingestion.documents import queries, sensitivity
from ingestion.documents.browser_strings import document_strings, upload_limit
from ingestion.error_messages import UPLOAD_STATUS, user_message
from ingestion.errors import FileTooLarge, IngestionError
from ingestion.forms import UploadForm
from ingestion.models import Document
from instances.access.gates import instance_view
from instances.errors import InstanceError
from instances.errors import user_message as refusal
from instances.models import Membership
from web.json_errors import json_error
from web.next_page import next_page


@sensitive_post_parameters("password")
@require_POST
@instance_view(role=Membership.Role.EDITOR)
def upload(request: HttpRequest, membership: Membership) -> JsonResponse:
    """Store a file, or a new version of ``replaces``; 201 if its bytes are new, else 200."""
    form = UploadForm(request.POST, request.FILES)
    if "sensitivity" in form.errors:
        return json_error(400, "invalid", unknown_level())
    if not form.is_valid():
        return json_error(400, "invalid", _("No file was received. Choose it again."))
    given = form.cleaned_data
    file = {
        "name": given["file"].name,
        "content": given["file"],
        "user": membership.user,
        "password": given["password"],
    }
    try:
        if given["replaces"]:
            replaced = get_document(membership, given["replaces"])
            document, created = versions.add_version(replaced, **file)
        else:
            document, created = uploads.store_upload(
                instance=membership.instance,
                folder=given["folder"],
                sensitivity=sensitivity.own_level(membership.instance, given["sensitivity"]),
                **file,
            )
    except FileTooLarge as error:
        text = document_strings()["tooLarge"].format(limit=upload_limit())
        return json_error(413, error.code, text)
    except IngestionError as error:
        return json_error(UPLOAD_STATUS.get(error.code, 422), error.code, user_message(error.code))
    except InstanceError as error:
        return json_error(403, error.code, refusal(error))
    data = {
        "id": str(document.pk),
        "created": created,
        "title": document.display_title,
        "status": document.status,
        "url": reverse("documents:detail", args=[membership.instance.slug, document.pk]),
    }
    return JsonResponse(data, status=201 if created else 200)


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def retry(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Restart a failed document."""
    document = get_document(membership, document_id)
    is_refused = document.status == Document.Status.FAILED and not uploads.retry([document])
    return done(request, membership, not_restarted() if is_refused else "")


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def cancel(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Cancel a document in progress."""
    uploads.cancel(get_document(membership, document_id))
    return done(request, membership)


@require_POST
@instance_view(role=Membership.Role.EDITOR)
def restore(request: HttpRequest, membership: Membership, document_id: UUID) -> HttpResponse:
    """Make a replaced version the current one again."""
    version = get_document(membership, document_id)
    if not version.is_superseded:
        raise Http404
    versions.restore(version)
    text = _("Answers use this version again.")
    if version.status != Document.Status.READY:
        text = _("This version is being prepared again. Answers use it as soon as it is ready.")
    return done(request, membership, text)


def unknown_level() -> str:
    """Return the message about a sensitivity that does not exist."""
    return _("Choose one of the levels of sensitivity.")


def not_restarted() -> str:
    """Return the message about documents that were not restarted."""
    return _(
        "Many documents of this instance are already waiting for another attempt. Retry the "
        "others when these have been processed."
    )


def get_document(membership: Membership, document_id: UUID) -> Document:
    """Return a document of the instance, inside ``tenant()``; raises Http404."""
    documents = queries.find_documents(membership.instance, [document_id])
    if not documents:
        raise Http404
    return documents[0]


def get_readable_document(membership: Membership, document_id: UUID) -> Document:
    """Return a document of the instance, or what the person has attached; raises Http404."""
    found = Document.with_attachments.for_instance(membership.instance)
    document: Document | None = found.readable_by(membership.user).filter(pk=document_id).first()
    if document is None:
        raise Http404
    return document


def done(
    request: HttpRequest, membership: Membership, text: str = "", level: int = messages.SUCCESS
) -> HttpResponse:
    """Answer a script with the message in JSON, and redirect a form to the page it came from."""
    if not request.accepts("text/html"):
        return JsonResponse({"message": text})
    if text:
        messages.add_message(request, level, text)
    return redirect(return_url(request, membership))


def return_url(request: HttpRequest, membership: Membership) -> str:
    """Return the page to redirect to: the form's ``next`` if it is a safe URL, or the list."""
    return next_page(request, reverse("documents:list", args=[membership.instance.slug]))
