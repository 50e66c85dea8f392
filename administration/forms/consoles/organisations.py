"""The form by which operators create an organisation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.models import Organisation


class OrganisationForm(forms.ModelForm):
    """A new organisation."""

    class Meta:
        model = Organisation
        fields = ["name"]
        help_texts = {"name": _("A university, a school, a laboratory…")}
