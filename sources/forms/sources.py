"""The forms of a source: what all kinds have in common, the choice of a kind, the deletion."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ingestion.upload_names import clean_folder
from sources.editing import SourceSettings
from sources.interface import KindForm, SourceKind
from sources.models import Source


class CommonForm(forms.ModelForm):
    """What every source has."""

    class Meta:
        model = Source
        fields = ["name", "folder", "schedule", "grace_days"]
        help_texts = {
            "folder": _("The folder of its documents in the list."),
            "grace_days": _(
                "Documents whose originals are gone are deleted after so many days. 0: in the "
                "run that finds them gone."
            ),
        }

    def clean_folder(self) -> str:
        """Return the folder as it is stored."""
        return clean_folder(self.cleaned_data["folder"])


class SourceForms:
    """The common form of a source and that of its kind, on one page."""

    def __init__(
        self, kind: SourceKind, data: Mapping[str, Any] | None = None, source: Source | None = None
    ) -> None:
        self._source = source
        self.common = CommonForm(data, instance=source, prefix="source")
        initial = dict(source.options) if source else None
        self.of_kind: KindForm = kind.form(data, initial=initial, prefix="kind")
        if source is not None and source.encrypted_secrets:
            for name in self.of_kind.secret_fields:
                field = self.of_kind.fields[name]
                field.required = False
                field.help_text = _("Leave it empty to keep the one that is stored.")

    def is_valid(self) -> bool:
        """Whether both are filled in well."""
        are_valid = self.common.is_valid() & self.of_kind.is_valid()
        return are_valid and self._are_secrets_given()

    @property
    def problems(self) -> str:
        """What is wrong, in one text that names each field, for programs."""
        wrong = {**self.common.errors, **self.of_kind.errors}
        return " ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in wrong.items())

    @property
    def given(self) -> SourceSettings:
        """What was filled in."""
        cleaned = self.of_kind.cleaned_data
        secret = self.of_kind.secret_fields
        return SourceSettings(
            **self.common.cleaned_data,
            options={name: value for name, value in cleaned.items() if name not in secret},
            secrets={name: cleaned[name] for name in secret},
        )

    def _are_secrets_given(self) -> bool:
        """Whether the secrets are filled in again, where they would be sent to another place."""
        if self._source is None or not self._source.encrypted_secrets:
            return True
        before, now = self._source.options, self.of_kind.cleaned_data
        if all(before.get(name) == now.get(name) for name in self.of_kind.place_fields):
            return True
        missing = [name for name in self.of_kind.secret_fields if not now.get(name)]
        for name in missing:
            self.of_kind.add_error(
                name, _("The address has changed: fill in the password or key again.")
            )
        return not missing


class DeletionForm(forms.Form):
    """What happens to the documents of a source that is deleted."""

    documents = forms.ChoiceField(
        label=_("Its documents"),
        choices=[
            ("keep", _("Keep them as ordinary documents")),
            ("delete", _("Delete them, too")),
        ],
        initial="keep",
        widget=forms.RadioSelect,
    )

    @property
    def deletes_documents(self) -> bool:
        """Whether the documents are deleted."""
        return bool(self.cleaned_data["documents"] == "delete")
