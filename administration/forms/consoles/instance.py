"""Forms of the console page of one instance."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import GigabytesField
from instances.models import Instance, Membership, Role


class QuotaForm(forms.ModelForm):
    """The limits of one instance, and the account to which its usage is charged."""

    max_stored_bytes = GigabytesField(
        label=_("Storage at most (GB)"), help_text=_("Empty: the organisation's settings apply.")
    )

    class Meta:
        model = Instance
        fields = ["max_documents", "max_stored_bytes", "cost_centre"]
        help_texts = {
            "max_documents": _("Empty: the organisation's settings apply."),
            "cost_centre": _("The account to which usage is charged. Empty: the organisation's."),
        }


class SuspensionForm(forms.Form):
    """The reason of a suspension, shown to the members."""

    reason = forms.CharField(label=_("Reason, shown to its members"), max_length=300)


class OwnerForm(forms.Form):
    """The member who becomes the owner."""

    member = forms.ModelChoiceField(queryset=Membership.objects.none())

    def __init__(self, *args: Any, members: QuerySet[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["member"]
        field.queryset = members.exclude(role=Role.GUEST)
