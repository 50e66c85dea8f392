"""Forms by which instances are requested, and requests refused."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.models import InstanceRequest, Organisation


class RequestForm(forms.ModelForm):
    """A request for an instance."""

    class Meta:
        model = InstanceRequest
        fields = [
            "name",
            "organisation",
            "purpose",
            "expected_members",
            "sensitivity",
            "language",
        ]
        widgets = {"purpose": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "name": _("What its members will look for, such as “Research support”."),
            "purpose": _("What it is for, and who will use it, in a sentence or two."),
            "expected_members": _("A rough number is enough."),
            "sensitivity": _("The most sensitive documents that it will contain."),
            "language": _("The language of the documents, mainly."),
        }

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in organisations])
        field.empty_label = _("Choose an organisation")
        if len(organisations) == 1:
            # There is no choice; the hidden field is validated like a visible one.
            field.initial, field.widget = organisations[0].pk, forms.HiddenInput()


class PersonalForm(forms.Form):
    """The organisation of a personal instance."""

    organisation = forms.ModelChoiceField(queryset=Organisation.objects.none())

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in organisations])


class AnswerForm(forms.Form):
    """The reason of a refusal, shown to the requester."""

    answer = forms.CharField(
        label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
