"""The forms about who may enter an instance: members, invitations, access rules, keys."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from administration.forms.organisation import PersonForm
from instances.models import (
    AccessRule,
    Affiliation,
    ApiKey,
    Instance,
    Invitation,
    Membership,
    Organisation,
    Role,
)
from people.usernames import clean_chosen_username, validate_not_an_address

GUEST_STAYS = timedelta(days=183)
# Attributes by which institutions say what somebody is entitled to, or in which group.
KNOWN_ATTRIBUTES = (
    "isMemberOf",
    "eduPersonEntitlement",
    "supannEntiteAffectation",
    "supannEtablissement",
    "eduPersonAssurance",
)
_BETWEEN = re.compile(r"[\s,;]+")


class DayField(forms.DateField):
    """A day to come; its value is the end of that day."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> datetime | None:
        day: date | None = super().clean(value)
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("Choose a day to come."))
        return timezone.make_aware(datetime.combine(day, time.max))

    def widget_attrs(self, widget: Any) -> Any:
        """Let browsers offer no day that is past."""
        return super().widget_attrs(widget) | {"min": timezone.localdate().isoformat()}


def until_field() -> DayField:
    """When a membership ends, if it does."""
    return DayField(
        label=_("Access until"),
        required=False,
        help_text=_("The last day, or nothing for as long as nobody ends it."),
    )


class MemberForm(PersonForm):
    """Somebody who has an account, and what they may do."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)
    expires_at = until_field()


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class EndForm(forms.Form):
    """Another end for a membership."""

    expires_at = until_field()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if membership.expires_at is not None:
            self.initial["expires_at"] = timezone.localdate(membership.expires_at)


class LocalMemberForm(forms.Form):
    """Somebody who has no account yet."""

    first_name = forms.CharField(
        label=_("First name"), max_length=150, validators=[validate_not_an_address]
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, validators=[validate_not_an_address]
    )
    username = forms.CharField(
        label=_("User name"), max_length=150, validators=[UnicodeUsernameValidator()]
    )
    email = forms.EmailField(label=_("E-mail address"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)
    expires_at = until_field()

    def clean_username(self) -> str:
        """No user name may look like an address: members are added by either."""
        return clean_chosen_username(str(self.cleaned_data["username"]))


class InvitationForm(forms.ModelForm):
    """A new invitation."""

    DAYS = [("1", _("1 day")), ("7", _("7 days")), ("30", _("30 days"))]

    valid_days = forms.ChoiceField(
        label=_("The link is valid for"), choices=DAYS, initial="7", required=True
    )
    access_until = DayField(
        label=_("Access until"),
        required=False,
        help_text=_("The last day. A guest needs one; others may have none."),
    )

    class Meta:
        model = Invitation
        fields = ["note", "email", "role"]
        help_texts = {
            "note": _("A name or a word, so that you know this invitation again."),
            "email": _("If you give one, the link is sent there and not shown here."),
            "role": _(
                "A guest asks questions and reads the passages that answers cite, and opens no "
                "document. A member also reads documents, an editor also adds and deletes them."
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
            self.add_error("access_until", _("Say until when the guest may come."))
        return cleaned

    def expires_at(self) -> datetime:
        """When the link ends."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["valid_days"]))


class SecondFactorForm(forms.ModelForm):
    """Of whom the instance asks a second factor."""

    class Meta:
        model = Instance
        fields = ["second_factor"]
        widgets = {"second_factor": forms.RadioSelect}
        help_texts = {
            "second_factor": _(
                "A code from a telephone or a security key, besides the password; or the same "
                "proof from the person's institution."
            ),
        }


class RuleForm(forms.ModelForm):
    """An access rule; each filter that is filled in narrows it."""

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
            "What the institution says that the person is; one of those ticked is enough. "
            "“Member” includes students. With none ticked anybody enters, students too."
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
        help_text=_("One a line; the person needs one of them."),
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
            "role": _("Nobody becomes an administrator by a rule."),
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
            self.add_error("federation", _("Name the federation."))
        attribute = cleaned.get("attribute", "").strip()
        values = [line.strip() for line in cleaned.get("values", "").splitlines() if line.strip()]
        if attribute and not values:
            self.add_error("values", _("Give at least one value of this attribute."))
        elif values and not attribute:
            self.add_error("attribute", _("Say of which attribute these are the values."))
        self.instance.required = {attribute: values} if attribute else {}
        return cleaned


class ApiKeyForm(forms.ModelForm):
    """A new API key."""

    LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("1 year"))]

    lifetime_days = forms.ChoiceField(label=_("Expires after"), choices=LIFETIMES, initial="90")

    class Meta:
        model = ApiKey
        fields = ["name", "scope"]
        help_texts = {"name": _("The program that will use it, such as “Library website”.")}

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not membership.may_edit:
            del self.fields["scope"]

    @property
    def chosen_scope(self) -> str:
        """What the key may do; to ask is all there is for whoever may not edit."""
        return str(self.cleaned_data.get("scope", ApiKey.Scope.CHAT))

    def expires_at(self) -> datetime:
        """When the key ends."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["lifetime_days"]))
