"""Forms of the settings of an instance: general, and answers."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.held_changes.trying import open_change
from evaluation.tried_settings import TriedSettings, strictness_choices
from inference.catalogue import offered_models
from instances.models import Instance

MAX_EXAMPLES = 6
MAX_EXAMPLE_CHARS = 200


class LinesField(forms.CharField):
    """Short texts, one a line; its value is a list."""

    widget = forms.Textarea

    def __init__(self, *, max_lines: int, max_line_chars: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_lines, self.max_line_chars = max_lines, max_line_chars

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(value or [])

    def clean(self, value: Any) -> Any:
        """Return the lines that are not empty; raises ValidationError."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > self.max_lines:
            raise forms.ValidationError(_("%(n)s lines at most."), params={"n": self.max_lines})
        if any(len(line) > self.max_line_chars for line in lines):
            raise forms.ValidationError(
                _("A line has %(n)s characters at most."), params={"n": self.max_line_chars}
            )
        return lines


class GeneralForm(forms.ModelForm):
    """What an instance is called and how it looks."""

    example_questions = LinesField(
        label=_("Example questions"),
        required=False,
        max_lines=MAX_EXAMPLES,
        max_line_chars=MAX_EXAMPLE_CHARS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Offered in a new conversation: one a line, six at most. If empty, they are made from "
            "the headings of the documents."
        ),
    )
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
            "example_questions",
            "suggests_questions",
            "language",
            "conversation_days",
            "only_temporary",
            "own_accent",
            "accent_colour",
        ]
        labels = {
            "conversation_days": _("Delete conversations after this many days without use"),
            "only_temporary": _("Allow only temporary conversations"),
            "suggests_questions": _("Suggest questions under answers"),
        }
        widgets = {
            "welcome_text": forms.Textarea(attrs={"rows": 4}),
            "accent_colour": forms.TextInput(attrs={"type": "color"}),
        }
        help_texts = {
            "name": _("Its address stays the same when you change it."),
            "description": _("One sentence, shown under the name."),
            "welcome_text": _("Shown when a new conversation is opened."),
            "language": _("The language of the documents, mainly."),
            "suggests_questions": _(
                "Three at most, on other sections of the cited documents, made without a model."
            ),
            "only_temporary": _(
                "Nothing of them is kept. Past conversations can be read and exported, but not "
                "continued."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["own_accent"] = bool(self.instance.accent_colour)
        if self.instance.organisation.only_temporary:
            self.initial["only_temporary"] = True
            self.fields["only_temporary"].disabled = True
            self.fields["only_temporary"].help_text = _("Your organisation requires it.")
        longest = self.instance.organisation.conversation_days
        self.fields["conversation_days"].help_text = (
            _("With their attachments. Your organisation keeps them for %(n)s days at most.")
            % {"n": longest}
            if longest
            else _("With their attachments. Empty: they are kept until their authors delete them.")
        )

    def clean_only_temporary(self) -> bool:
        """Keep the instance's own choice while its organisation decides."""
        if self.fields["only_temporary"].disabled:
            return bool(self.instance.only_temporary)
        return bool(self.cleaned_data["only_temporary"])

    def clean_conversation_days(self) -> int | None:
        """Refuse to keep conversations for longer than the organisation does."""
        days: int | None = self.cleaned_data["conversation_days"]
        longest = self.instance.organisation.conversation_days
        if days and longest and days > longest:
            raise forms.ValidationError(
                _("Your organisation keeps them for %(n)s days at most."), params={"n": longest}
            )
        return days

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("own_accent"):
            cleaned["accent_colour"] = ""
        return cleaned


class AnswersForm(forms.ModelForm):
    """How an instance answers."""

    model_id = forms.ChoiceField(label=_("Model"), required=False)
    first_model_id = forms.ChoiceField(
        label=_("First answer"),
        required=False,
        help_text=_(
            "A frugal choice is extracts, or a smaller model. Under each answer, readers may then "
            "have the model above write one. Whoever chooses a model before asking gets that one."
        ),
    )

    class Meta:
        model = Instance
        fields = [
            "model_id",
            "first_model_id",
            "instructions",
            "strictness",
            "top_k",
            "reuses_answers",
        ]
        widgets = {"instructions": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "instructions": _(
                "Added to the instructions of the model: tone, vocabulary, contacts."
            ),
            "strictness": _("How relevant a passage must be before an answer is drawn from it."),
            "top_k": _("Between 1 and 20. More passages cost more time and energy."),
            "reuses_answers": _(
                "If the first question of a conversation was asked before, and the passages and "
                "the model have not changed, the earlier answer is shown again, with its date and "
                "without its author. Readers may have it written anew."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        strictness = cast(forms.ChoiceField, self.fields["strictness"])
        strictness.choices = strictness_choices(self.instance)
        defaults = {
            "model_id": _("Recommended by this site"),
            "first_model_id": _("Of the model above"),
        }
        for name, default in defaults.items():
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = model_choices(self.instance, getattr(self.instance, name), default)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        present = TriedSettings.of(self.instance).as_json()
        is_changed = any(cleaned.get(name, before) != before for name, before in present.items())
        if is_changed and open_change(self.instance) is not None:
            raise forms.ValidationError(
                _("Another change is being tried or held back. Decide it first.")
            )
        return cleaned


def model_choices(instance: Instance, chosen: str, default: Any) -> list[tuple[str, Any]]:
    """The models on offer; the chosen one is included even when it is no longer offered."""
    choices: list[tuple[str, Any]] = [
        ("", default),
        *((model.id, model.label) for model in offered_models(instance)),
    ]
    if chosen not in dict(choices):
        choices.append((chosen, _("%(model)s (no longer offered)") % {"model": chosen}))
    return choices
