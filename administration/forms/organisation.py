"""The forms of an organisation's console, and of the operators' pages."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from administration.console import SORTS
from instances.models import Instance, Membership, Organisation, Role

BYTES_PER_GB: Final = 1_000_000_000


class GigabytesField(forms.DecimalField):
    """A number of bytes, written in gigabytes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=Decimal("0.001"),
            max_value=Decimal(1_000_000),
            decimal_places=3,
            required=False,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        """Bytes from the model, as gigabytes; what somebody typed, as it is."""
        if isinstance(value, int):
            return (Decimal(value) / BYTES_PER_GB).quantize(Decimal("0.001")).normalize()
        return value

    def clean(self, value: Any) -> int | None:
        gigabytes: Decimal | None = super().clean(value)
        return None if gigabytes is None else int(gigabytes * BYTES_PER_GB)


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
        ]
        labels = {
            "creation_rule": _("How instances are created"),
            "allows_personal_instances": _("Everybody may have a personal instance"),
            "idle_months": _("Archive an instance after so many months without use"),
        }
        help_texts = {
            "support_contact": _("An address or a page, shown to whoever needs help."),
            "max_instances": _("Personal ones included. Empty: no limit."),
            "max_documents": _("For each instance that has no limit of its own. Empty: no limit."),
            "idle_months": _("Its owners are told beforehand. 0: never."),
        }


class QuotaForm(forms.ModelForm):
    """The limits of one instance."""

    max_stored_bytes = GigabytesField(
        label=_("Storage at most (GB)"), help_text=_("Empty: as the organisation's settings say.")
    )

    class Meta:
        model = Instance
        fields = ["max_documents", "max_stored_bytes"]
        help_texts = {"max_documents": _("Empty: as the organisation's settings say.")}


class PersonForm(forms.Form):
    """Somebody who has an account, by the whole user name or address.

    Sent twice: to see whom it means, then with ``person``, the number of the account that was
    shown, to confirm.
    """

    identifier = forms.CharField(label=_("User name or e-mail address"), max_length=254)

    def confirms(self, person: Any) -> bool:
        """Whether the form comes from the page that showed this very account."""
        return self.data.get("person") == str(person.pk)


class AnswerForm(forms.Form):
    """What to tell somebody whose request is refused."""

    answer = forms.CharField(
        label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class SuspensionForm(forms.Form):
    """Why an instance is suspended; its members read it."""

    reason = forms.CharField(label=_("Reason, which its members will read"), max_length=300)


class OwnerForm(forms.Form):
    """Who is to own an instance."""

    member = forms.ModelChoiceField(queryset=Membership.objects.none())

    def __init__(self, *args: Any, members: QuerySet[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["member"]
        field.queryset = members.exclude(role=Role.GUEST)


class SearchForm(forms.Form):
    """Words to look for; whatever makes no sense counts as not given."""

    q = forms.CharField(required=False, max_length=100)

    def words(self) -> str:
        """What was asked for."""
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))


class InstancesForm(forms.Form):
    """Which of the instances to show; whatever makes no sense counts as not given."""

    q = forms.CharField(required=False, max_length=100)
    status = forms.ChoiceField(required=False, choices=[("", ""), *Instance.Status.choices])
    sort = forms.ChoiceField(required=False, choices=[(name, name) for name in SORTS])
    page = forms.IntegerField(required=False, min_value=1)

    def chosen(self) -> dict[str, str]:
        """``search``, ``status`` and ``sort`` for ``console.instances_of``."""
        self.is_valid()
        data = self.cleaned_data
        return {
            "search": data.get("q", ""),
            "status": data.get("status", ""),
            "sort": data.get("sort") or "name",
        }


class PeopleForm(forms.Form):
    """Whom to look for, and after whom the page begins."""

    q = forms.CharField(required=False, max_length=100)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def chosen(self) -> dict[str, Any]:
        """``search`` and ``after`` for ``console.people_of``."""
        self.is_valid()
        data = self.cleaned_data
        return {"search": data.get("q", ""), "after": data.get("after") or 0}
