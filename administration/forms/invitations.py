"""The form of a new invitation."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import DayField
from instances.models import (
    Invitation,
    Role,
)

GUEST_STAYS = timedelta(days=183)


class InvitationForm(forms.ModelForm):
    """A new invitation."""

    DAYS = [("1", _("1 day")), ("7", _("7 days")), ("30", _("30 days"))]

    valid_days = forms.ChoiceField(
        label=_("The link is valid for"), choices=DAYS, initial="7", required=True
    )
    access_until = DayField(
        label=_("Access until"),
        required=False,
        help_text=_("The last day; required for a guest, optional for others."),
    )

    class Meta:
        model = Invitation
        fields = ["note", "email", "role"]
        help_texts = {
            "note": _("A name or a word, so that you know this invitation again."),
            "email": _("If you enter one, the link is sent to it and not shown here."),
            "role": _(
                "A guest asks questions and reads the passages that answers cite, but cannot "
                "open documents. A member also reads documents, an editor also adds and deletes "
                "them."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True
        self.initial["access_until"] = timezone.localdate() + GUEST_STAYS
        if not settings.EMAIL_HOST:
            del self.fields["email"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("role") == Role.GUEST and not cleaned.get("access_until"):
            self.add_error("access_until", _("Enter the end of the guest's access."))
        return cleaned

    def expires_at(self) -> datetime:
        """The time at which the link expires."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["valid_days"]))
