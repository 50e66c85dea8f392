"""Documents, and their pages as extracted.

The status of a document is ``queued → parsing → embedding → ready | failed``. It is stored here,
never only in the broker, so that the reconciler can restart the document after a crash.

A file that replaces another is a row of the same ``series``, its next version. The version before
is ``superseded`` at the instant at which it is ready (``ingestion.indexing.succession``). In an
instance that tries versions first, one that is prepared is ``held`` until it is decided on.

A file attached to a conversation is a row with that ``conversation``. It is its author's alone:
``Document.objects`` leaves it out, and its passages are in no statistics (decision 059).
"""

import re
import uuid
from collections.abc import Collection
from typing import Self, cast

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from ingestion.parse_warnings import ParseWarning, WarningCode
from instances.models import InstanceOwnedModel, InstanceQuerySet, Sensitivity
from people.models import User

MAX_TAGS, MAX_TAG_CHARS = 20, 50

# Titles that programs set by default: a file, an address, « Untitled »; also valid in PostgreSQL.
DEFAULT_TITLE = r"\.[a-z0-9]{2,5}$|^(untitled|sans titre|microsoft word|about:|file:|https?:)"


def stored_path(document: "Document", filename: str) -> str:
    """Return the name of a document's file in the storage; it does not contain the user's name."""
    return f"{document.instance_id}/{document.pk}"


# The name that ``stored_path`` returns.
_TEXT = models.TextField()
_FILE_IS_ITS_OWN = models.Q(
    file=Concat(
        Cast("instance", _TEXT), models.Value("/", _TEXT), Cast("id", _TEXT), output_field=_TEXT
    )
)


class DocumentQuerySet(InstanceQuerySet):
    """Reads of documents."""

    def listed(self) -> Self:
        """Documents without those that a newer version has replaced."""
        return self.exclude(status=Document.Status.SUPERSEDED)

    def of_series_of(self, document: "Document") -> Self:
        """All versions of a document."""
        return self.filter(instance=document.instance_id, series=document.series)

    def attached_to(self, documents: Collection["Document"]) -> Self:
        """The documents made of the files attached to documents, or embedded in them."""
        return self.filter(attached_to__in=[document.series for document in documents])

    def readable_by(self, user: User) -> Self:
        """The instance's documents, and what the person has attached to conversations."""
        return self.filter(models.Q(conversation=None) | models.Q(conversation__user=user))


_DocumentManager = models.Manager.from_queryset(DocumentQuerySet)


class SharedDocumentManager(_DocumentManager):
    """The documents of instances, without what people have attached to their conversations."""

    def get_queryset(self) -> DocumentQuerySet:
        """Leave out attachments, which only ``Document.with_attachments`` finds."""
        return cast(DocumentQuerySet, super().get_queryset().filter(conversation=None))


class Document(InstanceOwnedModel):
    """A file uploaded to an instance."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        PARSING = "parsing", _("Reading")
        EMBEDDING = "embedding", _("Preparing")
        HELD = "held", _("Being tried")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        SUPERSEDED = "superseded", _("Replaced by a newer version")

    class Unit(models.TextChoices):
        PAGE = "page", _("page")
        SLIDE = "slide", _("slide")
        SHEET = "sheet", _("sheet")
        SECTION = "section", _("section")
        MESSAGE = "message", _("message")

    UNFINISHED = (Status.QUEUED, Status.PARSING, Status.EMBEDDING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=255)
    folder = models.CharField(_("folder"), max_length=500, blank=True)
    title = models.CharField(_("title"), max_length=500, blank=True)
    # Then the title in the file of the next version does not replace it.
    title_is_edited = models.BooleanField(default=False, db_default=False)
    # What people say of it.
    author = models.CharField(_("author"), max_length=200, blank=True, db_default="")
    category = models.CharField(_("kind of document"), max_length=60, blank=True, db_default="")
    dated = models.DateField(_("date of the document"), null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=MAX_TAG_CHARS), default=list, blank=True)
    # All versions of a document have the series of the first.
    series = models.UUIDField(default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    # To which it is attached, and with which it is deleted; NULL for a document of the instance.
    conversation = models.ForeignKey(
        "chat.Conversation",
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="attachments",
    )
    media_type = models.CharField(_("type"), max_length=120)
    # Above that of the instance only; "": that of the instance.
    sensitivity = models.CharField(
        _("sensitivity"), max_length=10, choices=Sensitivity, blank=True, default=""
    )
    size_bytes = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to=stored_path, max_length=200)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.QUEUED, db_index=True
    )
    # A code of ingestion.errors; its message is translated when it is shown.
    error_code = models.CharField(max_length=50, blank=True)
    # The ParseWarnings of its parser, each as {"code": …, "details": […]}.
    warnings = models.JSONField(default=list, blank=True)
    # Incremented at each (re)start, so that tasks of earlier attempts are recognised as stale.
    attempt = models.PositiveIntegerField(default=1)
    # Worker deaths in this attempt: a file that kills its worker fails instead of looping.
    interruptions = models.PositiveSmallIntegerField(default=0)
    # Retries since the last progress, after failures that were not the document's.
    retries = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=5, blank=True)
    unit = models.CharField(max_length=10, choices=Unit, default=Unit.PAGE)
    pages = models.PositiveIntegerField(default=0)
    # Of its pages: those that are images, and those of them that OCR has read.
    scanned_pages = models.PositiveIntegerField(default=0)
    recognised_pages = models.PositiveIntegerField(default=0)
    # Of a recording, in seconds: how long it is, and how much of it is transcribed.
    duration_s = models.PositiveIntegerField(default=0, db_default=0)
    transcribed_s = models.PositiveIntegerField(default=0, db_default=0)
    # The series of the document to which this one was attached, or in which it was embedded.
    attached_to = models.UUIDField(null=True, editable=False)
    # In how many files this one was: an archive, a message in it...
    nesting = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # The files in this one, of an archive or attached, that have become documents or were refused.
    unpacked_files = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    chunks = models.PositiveIntegerField(default=0)
    embedded_chunks = models.PositiveIntegerField(default=0)
    embedding_model = models.CharField(max_length=200, blank=True)
    # The index to which these chunks belong (ingestion.indexing.generations).
    index_generation = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    # Before others of its instance that wait, never before those of other instances.
    priority = models.PositiveSmallIntegerField(default=0, db_default=0)
    # The earliest time at which a worker may claim it; later than now after a failure.
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Heartbeat of the worker at work; NULL while the document waits in a queue.
    worker_seen_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SharedDocumentManager()  # type: ignore[misc]  # narrower than the base's
    with_attachments = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "sha256"],
                name="same_bytes_once",
                condition=models.Q(conversation=None),
            ),
            models.UniqueConstraint(
                fields=["conversation", "sha256"], name="same_bytes_attached_once"
            ),
            models.UniqueConstraint(fields=["series", "version"], name="one_document_per_version"),
            # Of no two versions are the passages found at the same time.
            models.UniqueConstraint(
                fields=["series"],
                name="one_ready_version",
                condition=models.Q(status="ready"),
            ),
            # A row cannot refer to the file of another document or instance.
            models.CheckConstraint(condition=_FILE_IS_ITS_OWN, name="file_is_its_own"),
        ]
        indexes = [
            models.Index(fields=["instance", "-created_at"]),
            models.Index(fields=["instance", "name"]),
            models.Index(fields=["instance", "status"]),
            models.Index(fields=["instance", "updated_at"]),
            models.Index(
                fields=["instance", "sensitivity"],
                name="document_by_own_sensitivity",
                condition=~models.Q(sensitivity=""),
            ),
            GinIndex(fields=["tags"], name="document_by_tag"),
            models.Index(
                fields=["attached_to"],
                name="document_attached_to",
                condition=models.Q(attached_to__isnull=False),
            ),
            # For the reconciler, which queries all instances.
            models.Index(
                fields=["embedding_model", "instance"],
                name="document_ready_by_model",
                condition=models.Q(status="ready"),
            ),
            # For ingestion.turns, which skips from one instance to the next.
            models.Index(
                fields=["instance", "-priority", "queued_at", "id"],
                name="document_turn_to_parse",
                condition=models.Q(status__in=["queued", "parsing"], worker_seen_at=None),
            ),
            models.Index(
                fields=["instance", "-priority", "queued_at", "id"],
                name="document_turn_to_embed",
                condition=models.Q(status="embedding", worker_seen_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_superseded(self) -> bool:
        """Whether a newer version has replaced it."""
        return self.status == self.Status.SUPERSEDED

    @property
    def is_attachment(self) -> bool:
        """Whether it is attached to a conversation."""
        return self.conversation_id is not None

    @property
    def level(self) -> Sensitivity:
        """Its sensitivity, which is at least that of its instance."""
        return Sensitivity.highest([self.instance.sensitivity, self.sensitivity])

    @property
    def proper_title(self) -> str:
        """The title; empty when there is none, or when a program set it by default."""
        return "" if re.search(DEFAULT_TITLE, self.title, re.IGNORECASE) else self.title

    @property
    def display_title(self) -> str:
        """What readers see first: the title, or else the file name."""
        return self.proper_title or self.name

    @property
    def parse_warnings(self) -> list[ParseWarning]:
        """What its parser left out, or found hidden."""
        return [
            ParseWarning(WarningCode(item["code"]), tuple(item["details"]))
            for item in self.warnings
        ]

    @property
    def processing_s(self) -> float | None:
        """Seconds from the start of parsing to the end, or None while unfinished."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class DocumentPage(InstanceOwnedModel):
    """The text of one page, slide, sheet or section, as extracted."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="page_set")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    # Of the words that OCR read, in percent; NULL where the file itself has the text.
    ocr_confidence = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="one_row_per_page"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} p. {self.number}"
