"""Forms of golden questions: one, and many from a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.golden.collection import MAX_QUESTIONS, has_room
from evaluation.golden.importing import MAX_CHARS, InvalidLine, set_document
from evaluation.models import GoldenQuestion, question_digest
from ingestion.models import Document
from instances.models import Instance

# Offered while the name of the expected document is typed.
_MAX_OFFERED = 200


class GoldenQuestionForm(forms.ModelForm):
    """A golden question of an instance."""

    class Meta:
        model = GoldenQuestion
        fields = ["question", "must_be_refused", "document_name", "page", "words"]
        widgets = {
            "question": forms.Textarea(attrs={"rows": 2}),
            "words": forms.Textarea(attrs={"rows": 3}),
            "document_name": forms.TextInput(
                attrs={"list": "documents-offered", "autocomplete": "off"}
            ),
        }
        help_texts = {
            "must_be_refused": _("The documents do not answer it. Leave the fields below empty."),
            "document_name": _("Its name or its title, as in the list of documents."),
            "words": _(
                "Words that the passages and the answer must have: one expression a line, all of "
                "them are expected. Capitals and accents do not count."
            ),
        }

    def __init__(self, instance_of: Instance, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.instance.instance = instance_of

    @property
    def offered_documents(self) -> list[Document]:
        """Documents to choose from, by their names, which are what the form keeps."""
        documents = Document.objects.for_instance(self.instance.instance).listed()
        return list(documents.only("name", "title").order_by("name")[:_MAX_OFFERED])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        golden: GoldenQuestion = self.instance
        has_expectation = bool(cleaned.get("document_name") or cleaned.get("words"))
        # The constraint of the model refuses both.
        if not cleaned.get("must_be_refused") and not has_expectation:
            raise forms.ValidationError(
                _("Give the expected document or words, or say that the question is to be refused.")
            )
        if cleaned.get("page") and not cleaned.get("document_name"):
            self.add_error("page", _("A page is expected, but no document."))
        self._clean_question(golden, cleaned.get("question") or "")
        return cleaned

    def _clean_question(self, golden: GoldenQuestion, text: str) -> None:
        golden.digest = question_digest(text)
        questions = GoldenQuestion.objects.for_instance(golden.instance).exclude(pk=golden.pk)
        if questions.filter(digest=golden.digest).exists():
            self.add_error("question", _("This question is already a golden question."))
        if golden.pk is None and not has_room(golden.instance):
            message = _("An instance has %(n)s golden questions at most.")
            raise forms.ValidationError(message, params={"n": MAX_QUESTIONS})

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # it is Django's, and not in its stubs
        golden: GoldenQuestion = self.instance
        page, golden.page, golden.document = golden.page, None, None
        if golden.document_name and not self.errors:
            try:
                set_document(golden, golden.document_name, str(page or ""))
            except InvalidLine as error:
                self.add_error("document_name", str(error))


class GoldenImportForm(forms.Form):
    """A CSV of golden questions."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        help_text=_(
            "The first line names the columns: question, document, page, words, refuse. In words, "
            "a bar ( | ) separates expressions. In refuse, an x says that the documents do not "
            "answer."
        ),
    )

    def clean_file(self) -> str:
        """Return the text of the file."""
        file = self.cleaned_data["file"]
        if file.size > MAX_CHARS:
            raise forms.ValidationError(_("The file is too large."))
        try:
            text: str = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("This file is not UTF-8 text.")) from error
        return text
