"""The forms of home and of requests."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.home import Shown
from instances.models import InstanceRequest, Organisation


class HomeForm(forms.Form):
    """What to show on the home page; whatever makes no sense counts as not given."""

    q = forms.CharField(required=False, max_length=100)
    archived = forms.BooleanField(required=False)
    page = forms.IntegerField(required=False, min_value=1)
    open = forms.IntegerField(required=False, min_value=1)

    def chosen(self) -> Shown:
        """The choice, with defaults."""
        self.is_valid()
        data = self.cleaned_data
        return Shown(
            search=data.get("q", ""),
            archived=data.get("archived", False),
            page=data.get("page") or 1,
            open_page=data.get("open") or 1,
        )


class RequestForm(forms.ModelForm):
    """A wish for an instance."""

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
            "sensitivity": _("The most sensitive documents that it will hold."),
            "language": _("The language of the documents, mainly."),
        }

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in organisations])
        if len(organisations) == 1:
            # Nothing to choose; a hidden field that is changed is judged like a chosen one.
            field.initial, field.widget = organisations[0].pk, forms.HiddenInput()


class PersonalForm(forms.Form):
    """Where to have an instance of one's own."""

    organisation = forms.ModelChoiceField(queryset=Organisation.objects.none())

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = Organisation.objects.filter(pk__in=[one.pk for one in organisations])
