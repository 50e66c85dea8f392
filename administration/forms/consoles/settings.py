"""The form of an organisation's settings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import GigabytesField
from inference.personal_data import names
from inference.personal_data.organisation_patterns import (
    MAX_PATTERNS,
    InvalidPattern,
    read_patterns,
)
from instances.models import Organisation


class OrganisationSettingsForm(forms.ModelForm):
    """An organisation's own rules."""

    max_stored_bytes = GigabytesField(
        label=_("Storage of an instance at most (GB)"),
        help_text=_("For each instance that has no limit of its own. Empty: no limit."),
    )

    class Meta:
        model = Organisation
        fields = [
            "name",
            "support_contact",
            "creation_rule",
            "allows_personal_instances",
            "max_instances",
            "max_documents",
            "max_stored_bytes",
            "idle_months",
            "conversation_days",
            "only_temporary",
            "cost_centre",
            "public_label",
            "internal_label",
            "restricted_label",
            "personal_data_rule",
            "guards_names",
            "number_patterns",
        ]
        widgets = {"number_patterns": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})}
        labels = {
            "creation_rule": _("How instances are created"),
            "allows_personal_instances": _("Everyone may have a personal instance"),
            "idle_months": _("Archive an instance after this many months without use"),
            "conversation_days": _("Delete conversations after this many days without use"),
            "only_temporary": _("Allow only temporary conversations"),
            "public_label": _("Your name of the level “public”"),
            "internal_label": _("Your name of the level “internal”"),
            "restricted_label": _("Your name of the level “restricted”"),
            "personal_data_rule": _("A question with personal data, to a model outside"),
            "guards_names": _("Names of persons are personal data, too"),
            "number_patterns": _("Numbers of the organisation that are personal data"),
        }
        help_texts = {
            "support_contact": _("An address or a page, shown to people who need help."),
            "max_instances": _("Personal ones included. Empty: no limit."),
            "max_documents": _("For each instance that has no limit of its own. Empty: no limit."),
            "idle_months": _("Its owners are notified beforehand. 0: never."),
            "conversation_days": _(
                "With their attachments, in all its instances; figures of usage remain. An "
                "instance may choose fewer days. Empty: they are kept until their authors delete "
                "them."
            ),
            "only_temporary": _(
                "In all its instances, nothing of them is kept. Past conversations can be read and "
                "exported, but not continued."
            ),
            "cost_centre": _("The account to which usage is charged, by default."),
            "personal_data_rule": _(
                "Outside: on a server of another organisation, or of none that is stated, unless "
                "it is on this machine. Looked for: social security, tax and identity numbers, "
                "IBAN, payment cards, telephone numbers, e-mail addresses, and the numbers below."
            ),
            "guards_names": _(
                "Given name and surname together, as a language model for French finds them: it "
                "misses some, and holds questions about authors and other public persons."
            ),
            "number_patterns": _(
                "One a line: name, colon, regular expression (RE2) of a whole number. Example: "
                "Student number: 2\\d{7}"
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not names.is_available():
            del self.fields["guards_names"]

    def clean_number_patterns(self) -> str:
        """Return the patterns; raises ValidationError for the first that is not valid."""
        text: str = self.cleaned_data["number_patterns"]
        try:
            read_patterns(text)
        except InvalidPattern as error:
            raise forms.ValidationError(
                _(
                    "This line is not valid: %(line)s. Write a name, a colon and a regular "
                    "expression (RE2) that does not match an empty text; %(n)s lines at most."
                ),
                params={"line": error.line[:100], "n": MAX_PATTERNS},
            ) from error
        return text
