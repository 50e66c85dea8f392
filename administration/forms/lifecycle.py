"""The forms of an instance's life cycle."""

from typing import Any

from django import forms
from django.db.models import Case, QuerySet, When
from django.utils.translation import gettext_lazy as _

from instances.models import Instance, Membership, Role

# Above this number only administrators are listed: sorting fifty thousand people by name is too
# slow, and any member can first be made an administrator.
CANDIDATES_SHOWN = 200


class TransferForm(forms.Form):
    """The new owner, chosen from the members."""

    member = forms.ModelChoiceField(
        label=_("New owner"),
        queryset=Membership.objects.none(),
        help_text=_(
            "The person becomes an administrator of the instance. A person who is not in the "
            "list must first be made an administrator."
        ),
    )

    def __init__(self, *args: Any, instance: Instance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["member"]
        field.queryset = candidates(instance)
        field.label_from_instance = lambda membership: (
            _("%(name)s (%(role)s)")
            % {
                "name": membership.user.display_name,
                "role": membership.get_role_display(),
            }
        )
        field.choices = [
            ("", "—"),
            *(
                (membership.pk, field.label_from_instance(membership))
                for membership in _shown(field.queryset)
            ),
        ]


def _shown(people: QuerySet[Membership]) -> QuerySet[Membership]:
    if people.order_by()[: CANDIDATES_SHOWN + 1].count() > CANDIDATES_SHOWN:
        people = people.filter(role=Role.ADMIN)
    return people[:CANDIDATES_SHOWN]


def candidates(instance: Instance) -> QuerySet[Membership]:
    """The members who may become the owner, without guests. Run inside the tenant."""
    is_administrator = Case(When(role=Role.ADMIN, then=0), default=1)
    return (
        Membership.objects.for_instance(instance)
        .current()
        .filter(user__is_active=True)
        .exclude(role=Role.GUEST)
        .exclude(user=instance.owner_id)
        .select_related("user")
        .order_by(is_administrator, "user__last_name", "user__first_name", "user__username")
    )


class DeleteInstanceForm(forms.Form):
    """The identifier of the instance, typed to confirm."""

    confirmation = forms.CharField(
        label=_("Identifier of the instance"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, instance: Instance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance = instance

    def clean_confirmation(self) -> str:
        confirmation: str = self.cleaned_data["confirmation"]
        if confirmation.strip() != self.instance.slug:
            raise forms.ValidationError(_("This is not the identifier shown above."))
        return confirmation
