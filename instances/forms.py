"""The forms of home and settings."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from instances.models import ApiKey, Instance, Membership, Organisation

EXTRACTIVE = "extractive"


class OrganisationForm(forms.ModelForm):
    """A new organisation."""

    class Meta:
        model = Organisation
        fields = ["name"]
        help_texts = {"name": _("A university, a school, a laboratory…")}


class GeneralForm(forms.ModelForm):
    """What an instance is called and how it looks."""

    own_accent = forms.BooleanField(
        label=_("Use a colour of our own"),
        required=False,
        help_text=_("It is darkened or lightened where needed, so that text stays legible."),
    )

    class Meta:
        model = Instance
        fields = [
            "name",
            "description",
            "welcome_text",
            "language",
            "own_accent",
            "accent_colour",
        ]
        widgets = {
            "welcome_text": forms.Textarea(attrs={"rows": 4}),
            "accent_colour": forms.TextInput(attrs={"type": "color"}),
        }
        help_texts = {
            "description": _("One sentence, shown under the name."),
            "welcome_text": _("Shown to whoever opens a new conversation."),
            "language": _("The language of the documents, mainly."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["own_accent"] = bool(self.instance.accent_colour)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("own_accent"):
            cleaned["accent_colour"] = ""
        return cleaned


class AnswersForm(forms.ModelForm):
    """How an instance answers."""

    model_id = forms.ChoiceField(label=_("Model"), required=False)

    class Meta:
        model = Instance
        fields = ["model_id", "instructions", "strictness", "top_k"]
        widgets = {"instructions": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "instructions": _(
                "Added to what the model is told: tone, vocabulary, whom to refer people to."
            ),
            "strictness": _("How relevant a passage must be before an answer is drawn from it."),
            "top_k": _("Between 1 and 20. More passages cost more time and energy."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model_id"] = forms.ChoiceField(
            label=_("Model"), required=False, choices=model_choices(self.instance.model_id)
        )


def model_choices(chosen: str) -> list[tuple[str, Any]]:
    """The models of the deployment; ``chosen`` is kept even when it is no longer offered."""
    choices: list[tuple[str, Any]] = [
        ("", _("The one this site recommends")),
        (EXTRACTIVE, _("Extracts, without generative AI")),
    ]
    if settings.LLM_MODEL:
        choices.append((settings.LLM_MODEL, settings.LLM_LABEL or settings.LLM_MODEL))
    if chosen not in dict(choices):
        choices.append((chosen, _("%(model)s (no longer offered)") % {"model": chosen}))
    return choices


class MemberForm(forms.Form):
    """Somebody who has an account."""

    identifier = forms.CharField(label=_("User name or e-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


class LocalMemberForm(forms.Form):
    """Somebody who has no account yet."""

    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    username = forms.CharField(
        label=_("User name"), max_length=150, validators=[UnicodeUsernameValidator()]
    )
    email = forms.EmailField(label=_("E-mail address"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


class ApiKeyForm(forms.ModelForm):
    """A new API key."""

    LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year")), ("", _("Never"))]

    lifetime_days = forms.ChoiceField(
        label=_("Expires after"), choices=LIFETIMES, required=False, initial="90"
    )

    class Meta:
        model = ApiKey
        fields = ["name", "scope"]
        help_texts = {"name": _("The program that will use it, such as “Library website”.")}

    def expires_at(self) -> Any:
        """When the key ends, or None for never."""
        days = self.cleaned_data["lifetime_days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
