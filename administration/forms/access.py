"""Forms of the access page: access rules, and the second factor."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.models import (
    AccessRule,
    Affiliation,
    Instance,
    Organisation,
)

# Attributes in which institutions send groups and entitlements.
KNOWN_ATTRIBUTES = (
    "isMemberOf",
    "eduPersonEntitlement",
    "supannEntiteAffectation",
    "supannEtablissement",
    "eduPersonAssurance",
)


_BETWEEN = re.compile(r"[\s,;]+")


class SecondFactorForm(forms.ModelForm):
    """Which members need a second factor."""

    class Meta:
        model = Instance
        fields = ["second_factor"]
        widgets = {"second_factor": forms.RadioSelect}
        help_texts = {
            "second_factor": _(
                "A code from a phone or a security key, in addition to the password; or a second "
                "factor confirmed by the person's institution."
            ),
        }


class RuleForm(forms.ModelForm):
    """An access rule; each filter that is set narrows it."""

    organisation_ids = forms.TypedMultipleChoiceField(
        label=_("Organisations"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    affiliations = forms.MultipleChoiceField(
        label=_("Affiliations"),
        choices=Affiliation.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "The person's status according to the institution; one of the ticked ones is enough. "
            "“Member” includes students. If none is ticked, everyone matches, including "
            "students."
        ),
    )
    scopes = forms.CharField(
        label=_("Scopes"),
        required=False,
        help_text=_("Only people of these domains, such as univ-x.fr; several with commas."),
    )
    attribute = forms.CharField(
        label=_("Group or entitlement: attribute"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "known-attributes", "autocomplete": "off"}),
        help_text=_("Such as isMemberOf or eduPersonEntitlement, if the institution sends it."),
    )
    values = forms.CharField(
        label=_("Group or entitlement: values"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line; the person needs one of them."),
    )

    class Meta:
        model = AccessRule
        fields = [
            "audience",
            "organisation_ids",
            "federation",
            "affiliations",
            "scopes",
            "attribute",
            "values",
            "role",
        ]
        widgets = {
            "audience": forms.RadioSelect,
            "federation": forms.TextInput(attrs={"list": "known-federations"}),
        }
        help_texts = {
            "federation": _("Its registration authority, such as https://federation.renater.fr/"),
            "role": _("A rule cannot grant the role of administrator."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        self.fields["audience"].choices = AccessRule.Audience.choices  # type: ignore[attr-defined]
        self.initial["audience"] = rule.audience or AccessRule.Audience.ORGANISATION
        organisations = Organisation.objects.filter(is_enabled=True).values_list("pk", "name")
        self.fields["organisation_ids"].choices = list(organisations)  # type: ignore[attr-defined]
        self.initial["scopes"] = ", ".join(rule.scopes)
        for name, values in list(rule.required.items())[:1]:
            self.initial["attribute"], self.initial["values"] = name, "\n".join(values)

    def clean_scopes(self) -> list[str]:
        words = _BETWEEN.split(self.cleaned_data["scopes"].lower())
        return sorted({word.removeprefix("@") for word in words if word})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        audience = cleaned.get("audience")
        if audience != AccessRule.Audience.ORGANISATIONS:
            cleaned["organisation_ids"] = []
        elif not cleaned.get("organisation_ids"):
            self.add_error("organisation_ids", _("Tick at least one organisation."))
        if audience != AccessRule.Audience.FEDERATION:
            cleaned["federation"] = ""
        elif not cleaned.get("federation"):
            self.add_error("federation", _("Enter the federation."))
        attribute = cleaned.get("attribute", "").strip()
        values = [line.strip() for line in cleaned.get("values", "").splitlines() if line.strip()]
        if attribute and not values:
            self.add_error("values", _("Give at least one value of this attribute."))
        elif values and not attribute:
            self.add_error("attribute", _("Enter the attribute of these values."))
        self.instance.required = {attribute: values} if attribute else {}
        return cleaned
