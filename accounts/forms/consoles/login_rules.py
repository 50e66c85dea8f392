"""The form of a login rule."""

import re
from typing import Any

from allauth.socialaccount.models import SocialApp
from django import forms
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from accounts.models import IdentityProvider, LoginRule, MetadataFeed
from instances.models import Affiliation, Instance, Organisation

SOURCES = ("identity_provider", "feed", "oidc_provider")
_BETWEEN = re.compile(r"[\s,;]+")


class SourceForm(forms.Form):
    """The organisation of a new rule and, once chosen, its provider or feed."""

    organisation = forms.ModelChoiceField(Organisation.objects.all(), to_field_name="slug")
    identity_provider = forms.ModelChoiceField(IdentityProvider.objects.all(), required=False)
    feed = forms.ModelChoiceField(MetadataFeed.objects.all(), required=False)
    oidc_provider = forms.ModelChoiceField(SocialApp.objects.all(), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if len([name for name in SOURCES if cleaned.get(name)]) > 1:
            raise forms.ValidationError("a rule has one provider or feed")
        return cleaned

    def rule(self) -> LoginRule:
        """The new rule, not saved."""
        return LoginRule(**self.cleaned_data)


class LoginRuleForm(forms.ModelForm):
    """Whom a rule admits; its organisation and its provider or feed are fixed beforehand."""

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
    allowed_scopes = forms.CharField(
        label=_("Domains"),
        required=False,
        max_length=2000,
        help_text=_("Such as univ-x.fr; several with commas."),
    )
    required = forms.CharField(
        label=_("Required attributes"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "One value per line, such as “isMemberOf = law-staff”. A person needs one value of "
            "each attribute."
        ),
    )

    class Meta:
        model = LoginRule
        fields = ["instance", "affiliations", "allowed_scopes", "required", "require_mfa"]
        labels = {"instance": _("Only for one instance")}
        help_texts = {
            "require_mfa": _("It is requested from the provider, whose answer is checked."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule: LoginRule = self.instance
        instances: Any = self.fields["instance"]
        instances.empty_label = _("The whole organisation")
        instances.queryset = Instance.objects.filter(organisation=rule.organisation).order_by(
            "name"
        )
        affiliations: Any = self.fields["affiliations"]
        known = dict(Affiliation.choices)
        affiliations.choices = [
            *Affiliation.choices,
            *((name, name) for name in rule.affiliations if name not in known),
        ]
        self.initial["allowed_scopes"] = ", ".join(rule.allowed_scopes)
        self.initial["required"] = "\n".join(
            f"{name} = {value}" for name, values in rule.required.items() for value in values
        )
        scopes = self.fields["allowed_scopes"]
        if rule.oidc_provider is not None:
            scopes.help_text = _(
                "Such as univ-x.fr; several with commas. The provider declares none: without a "
                "domain, no identifier with a domain is accepted."
            )
        elif rule.identity_provider is not None and rule.identity_provider.scopes:
            # From metadata, and templates take help texts for HTML.
            declared = escape(", ".join(rule.identity_provider.scopes))
            scopes.help_text = _("Empty: those that it declares (%s).") % declared

    def clean_allowed_scopes(self) -> list[str]:
        words = _BETWEEN.split(self.cleaned_data["allowed_scopes"].lower())
        return sorted({word.removeprefix("@") for word in words if word})

    def clean_required(self) -> dict[str, list[str]]:
        """Return the attributes with their values."""
        required: dict[str, list[str]] = {}
        for line in self.cleaned_data["required"].splitlines():
            name, equals, value = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not (name and equals and value):
                raise forms.ValidationError(
                    _("Write each line as “attribute = value”: %(line)s"), params={"line": line}
                )
            required.setdefault(name, []).append(value)
        return required
