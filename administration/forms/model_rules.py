"""Which models an organisation or an instance allows."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.models import MAX_QUEUE_TURNS, ModelRules


class QueueTurnsForm(forms.Form):
    """How many turns an organisation has in the queues of the site's backends."""

    turns = forms.IntegerField(
        label=_("Turns in the queue"),
        min_value=1,
        max_value=MAX_QUEUE_TURNS,
        help_text=_(
            "At a busy backend of the site, for one turn of an organisation with 1. Operators only."
        ),
    )


class ModelRulesForm(forms.ModelForm):
    """``names`` are the models to choose from, by alias."""

    allowed = forms.MultipleChoiceField(
        label=_("Allowed models"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all. Extracts are always allowed."),
    )

    class Meta:
        model = ModelRules
        fields = ["allowed", "default", "max_tokens"]
        help_texts = {"max_tokens": _("Empty: no limit of its own.")}

    def __init__(self, *args: Any, names: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is allowed and no longer there is kept until somebody unticks it.
        known = {alias: alias for alias in self.instance.allowed} | dict(names)
        allowed: Any = self.fields["allowed"]
        allowed.choices = list(known.items())
        if self.instance.instance_id is not None:
            # An instance has a field of its own.
            del self.fields["default"]
        else:
            chosen = self.instance.default
            defaults = {"": _("The first of the list")} | ({chosen: chosen} if chosen else {})
            self.fields["default"] = forms.ChoiceField(
                label=_("Default model"),
                required=False,
                choices=list((defaults | dict(names)).items()),
            )
