"""The form of a new API key."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from instances.models import (
    ApiKey,
    Membership,
)


class ApiKeyForm(forms.ModelForm):
    """A new API key."""

    LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year"))]

    lifetime_days = forms.ChoiceField(label=_("Expires after"), choices=LIFETIMES, initial="90")

    class Meta:
        model = ApiKey
        fields = ["name", "scope", "is_batch"]
        help_texts = {
            "name": _("The program that will use it, such as “Library website”."),
            "is_batch": _("When a model is busy, its questions come after those of people."),
        }

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not membership.may_edit:
            del self.fields["scope"]

    @property
    def chosen_scope(self) -> str:
        """The scope of the key; always ``chat`` for members who may not edit."""
        return str(self.cleaned_data.get("scope", ApiKey.Scope.CHAT))

    def expires_at(self) -> datetime:
        """The time at which the key expires."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["lifetime_days"]))
