"""Conversations: a tree of messages, of which one branch is selected.

Editing a question or regenerating an answer adds a sibling; no message is overwritten.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ingestion.models import Chunk, Document
from instances.models import InstanceOwnedModel, Sensitivity
from usage.models import AnswerStatus

_MAX_TITLE_CHARS = 80


class ConversationFolder(InstanceOwnedModel):
    """A name under which a person puts conversations of an instance."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "instance", "user", Lower("name"), name="one_conversation_folder_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Conversation(InstanceOwnedModel):
    """One person's thread of questions and answers in one instance."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(_("title"), max_length=200)
    # The model chosen for the last question.
    model = models.CharField(max_length=200, blank=True)
    # Whether files were ever attached, which its answers may quote: nobody else may read these.
    has_attachments = models.BooleanField(default=False, db_default=False)
    # Listed first.
    is_pinned = models.BooleanField(default=False, db_default=False)
    # Not listed until its person restores or continues it.
    is_archived = models.BooleanField(default=False, db_default=False)
    # When a temporary conversation is erased (``chat.conversations.temporary``); it is in no list.
    temporary_until = models.DateTimeField(null=True)
    folder = models.ForeignKey(
        ConversationFolder, null=True, on_delete=models.SET_NULL, related_name="conversations"
    )
    # The last message of the selected branch.
    leaf = models.ForeignKey("Message", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["instance", "user", "is_archived", "-is_pinned", "-updated_at"],
                name="conversation_listed",
            ),
            # For the reconciler, which looks at all instances at once.
            models.Index(
                fields=["temporary_until"],
                name="conversation_temporary",
                condition=models.Q(temporary_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_temporary(self) -> bool:
        """Whether nothing of it is kept."""
        return self.temporary_until is not None

    @staticmethod
    def title_of(text: str) -> str:
        """Return the beginning of a text as a title: one line, cut between words."""
        line = " ".join(text.split())
        if len(line) <= _MAX_TITLE_CHARS:
            return line
        return line[:_MAX_TITLE_CHARS].rsplit(" ", 1)[0] + "…"


class Message(InstanceOwnedModel):
    """A question, or the answer to its parent."""

    class Role(models.TextChoices):
        USER = "user", _("Question")
        ASSISTANT = "assistant", _("Answer")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    role = models.CharField(max_length=10, choices=Role)
    status = models.CharField(max_length=15, choices=AnswerStatus, default=AnswerStatus.COMPLETE)
    content = models.TextField(blank=True)
    # Questions: the documents that they are restricted to; empty means all.
    document_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    # Of the passages and turns that an answer was made from; "": that of the instance.
    sensitivity = models.CharField(max_length=10, choices=Sensitivity, blank=True, default="")
    # Answers only, from here on.
    reasoning = models.TextField(blank=True)
    model = models.CharField(max_length=200, blank=True)
    # The self-contained question that was searched for.
    search_query = models.TextField(blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    # ``chat.answers.verification``; null when its sentences were not checked.
    verification = models.JSONField(null=True)
    # ``retrieval.filters.wording``; null when the question named no documents.
    filters = models.JSONField(null=True)
    # The answer that this one repeats (``chat.answers.reuse``).
    repeats = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    # Set by another process than the one that runs the answer. The status changes at its end.
    stop_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["conversation", "created_at"]),
            # For the reconciler, which looks at all instances at once.
            models.Index(
                fields=["updated_at"],
                name="message_being_written",
                condition=models.Q(status="streaming"),
            ),
        ]

    def __str__(self) -> str:
        return self.content[:60]


class SharedConversation(InstanceOwnedModel):
    """A link by which members of the instance read a branch (``chat.conversations.sharing``)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, related_name="shared"
    )
    # The last message that readers see.
    leaf = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    shared_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.pk)


class ReusableAnswer(InstanceOwnedModel):
    """An answer that is given again to who asks the same (``chat.answers.reuse``)."""

    # Of the model and its prompt: SHA-256 in hexadecimal.
    digest = models.CharField(max_length=64)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "digest"], name="one_answer_per_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} for {self.digest}"


class Citation(InstanceOwnedModel):
    """A passage given to an answer under a number: a copy, kept when the document is deleted."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    number = models.PositiveSmallIntegerField()
    document = models.ForeignKey(Document, null=True, on_delete=models.SET_NULL, related_name="+")
    chunk = models.ForeignKey(Chunk, null=True, on_delete=models.SET_NULL, related_name="+")
    document_name = models.CharField(max_length=255)
    # Empty for a document without a title of its own.
    document_title = models.CharField(max_length=500, blank=True)
    unit = models.CharField(max_length=10, choices=Document.Unit, default=Document.Unit.PAGE)
    heading = models.CharField(max_length=500, blank=True)
    page_start = models.PositiveIntegerField()
    page_end = models.PositiveIntegerField()
    page_label = models.CharField(max_length=200, blank=True)
    # "" for a passage on one page.
    page_end_label = models.CharField(max_length=200, blank=True, default="", db_default="")
    char_start = models.PositiveIntegerField()
    char_end = models.PositiveIntegerField()
    text = models.TextField()
    # The words of the passage that support the answer, verbatim.
    quote = models.TextField(blank=True)
    score = models.FloatField()
    # Whether the answer cites it, as [number].
    used = models.BooleanField(default=False)
    # Whether it was found, but not sent to the model (docs/decisions/029-sensitivity.md).
    is_withheld = models.BooleanField(default=False)
    # Titles of the other documents that say the same (retrieval.duplicates.folding).
    copies = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="one_citation_per_number"),
        ]

    def __str__(self) -> str:
        return f"[{self.number}] {self.document_name}"

    @property
    def display_title(self) -> str:
        """What readers see first: the title of the document, or else its file name."""
        return self.document_title or self.document_name


class Feedback(InstanceOwnedModel):
    """A reader's rating of an answer."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="feedback")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    helpful = models.BooleanField()
    comment = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return "helpful" if self.helpful else "not helpful"
