"""Golden questions: those of which an instance knows what a good answer is."""

import hashlib
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from ingestion.models import Document, DocumentPage
from ingestion.places import Place, place_of
from instances.models import InstanceOwnedModel
from instances.models.base import InstanceQuerySet


def question_digest(text: str) -> str:
    """Return the SHA-256 of a question, in hexadecimal, whatever its capitals and spaces."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()


class GoldenQuestionQuerySet(InstanceQuerySet):
    """Reads of golden questions."""

    def with_documents(self) -> Self:
        """Each with its document, and as ``page_label`` the label of its page."""
        pages = DocumentPage.objects.filter(document=OuterRef("document"), number=OuterRef("page"))
        label = Subquery(pages.values("label")[:1])
        return self.select_related("document").annotate(page_label=label)


class GoldenQuestion(InstanceOwnedModel):
    """A question with the document, the page and the words of its answer, or to be refused."""

    question = models.TextField(_("question"), max_length=2000)
    digest = models.CharField(max_length=64, editable=False)
    must_be_refused = models.BooleanField(_("must be refused"), default=False)
    # ``document_name`` remains when the document is deleted, and finds one of the same name.
    document = models.ForeignKey(Document, null=True, on_delete=models.SET_NULL, related_name="+")
    document_name = models.CharField(_("expected document"), max_length=255, blank=True)
    page = models.PositiveIntegerField(
        _("expected page"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # One expression a line, of which all are expected.
    words = models.TextField(_("expected words"), max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = GoldenQuestionQuerySet.as_manager()  # type: ignore[misc]  # narrower than the base's

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "digest"], name="one_golden_question"),
            models.CheckConstraint(
                condition=Q(must_be_refused=False) | Q(document_name="", words=""),
                name="refused_or_expected",
                violation_error_message=_(
                    "A question to be refused has neither an expected document nor expected words."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.question[:60]

    @property
    def place(self) -> str:
        """The expected page in words, "" without one; of a row of ``with_documents()``."""
        if self.page is None:
            return ""
        title, unit = self.document_name, str(Document.Unit.PAGE)
        if self.document is not None:
            title, unit = self.document.display_title, self.document.unit
        label: str | None = getattr(self, "page_label", None)
        return place_of(Place(title, unit, self.page, self.page, label or ""))

    @property
    def phrases(self) -> list[str]:
        """The expected words, by line."""
        return [line.strip() for line in self.words.splitlines() if line.strip()]
