"""The form of an organisation's settings."""

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import GigabytesField
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
            "cost_centre",
        ]
        labels = {
            "creation_rule": _("How instances are created"),
            "allows_personal_instances": _("Everyone may have a personal instance"),
            "idle_months": _("Archive an instance after this many months without use"),
        }
        help_texts = {
            "support_contact": _("An address or a page, shown to people who need help."),
            "max_instances": _("Personal ones included. Empty: no limit."),
            "max_documents": _("For each instance that has no limit of its own. Empty: no limit."),
            "idle_months": _("Its owners are notified beforehand. 0: never."),
            "cost_centre": _("The account to which usage is charged, by default."),
        }
