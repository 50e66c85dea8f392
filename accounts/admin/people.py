"""Accounts, for operators."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.forms import AccountForm, IssuePasswordForm, NewAccountForm
from accounts.users.activation import disable_account, enable_account
from accounts.users.erasure import StillResponsible, erase_person, require_successors
from accounts.users.takeover import record_address_change
from instances import audit
from instances.account_control import confirm_independence, record_control
from instances.errors import InstanceError, user_message
from instances.models import AccountControl
from instances.organisations.operators import operators
from people.models import User
from people.requests import logged_in_user
from web.search_words import LimitedSearchAdmin

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(LimitedSearchAdmin, DjangoUserAdmin):
    """Accounts. Memberships of instances are managed in each instance."""

    form = AccountForm
    add_form = NewAccountForm
    change_password_form = IssuePasswordForm
    actions = ["confirm_own"]
    list_display = ["username", "email", "first_name", "last_name", "is_staff", "is_active"]
    list_filter = ["is_staff", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password", "must_change_password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email", "language", "theme"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    filter_horizontal = []
    # Operators are added and removed in the console, which keeps the last one.
    readonly_fields = [
        *("is_staff", "is_superuser", "last_login", "date_joined"),
        # A person whose password was set by another must always change it.
        "must_change_password",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Return the read-only fields; the last operator cannot be disabled."""
        fields = super().get_readonly_fields(request, obj)
        is_last = obj is not None and list(operators()[:2]) == [obj]
        return [*fields, "is_active"] if is_last else fields

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        audit.record(audit.Action.USER_CREATED, target=obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Log the names of the changed fields, without their values."""
        fields = [name for part in message for name in part.get("changed", {}).get("fields", ())]
        audit.record(audit.Action.USER_CHANGED, target=obj, fields=fields)
        return super().log_change(request, obj, message)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if "email" in form.changed_data:
            obj.is_found_by_email = True
        if not change:
            obj.must_change_password = obj.has_usable_password()
        super().save_model(request, obj, form, change)
        operator = logged_in_user(request)
        if not change:
            created = AccountControl.Reason.CREATED
            record_control(account=obj, controller=operator, reason=created)
        elif "email" in form.changed_data and obj.pk != operator.pk:
            record_address_change(obj, former=form.initial["email"], by=operator)
        if change and "is_active" in form.changed_data:
            (enable_account if obj.is_active else disable_account)(obj)

    @admin.action(description=_("Confirm that only its person uses the account"))
    def confirm_own(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End the control of the people who created or invited the account or set its password."""
        for user in queryset:
            try:
                confirm_independence(user, by=logged_in_user(request))
            except InstanceError as error:
                messages.error(request, f"{user}: {user_message(error)}")
            else:
                messages.success(request, _("Only %s uses this account.") % user)

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> Any:
        """Forbid the deletion if something would have no administrator left, and list it."""
        related, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        return related, counts, missing_permissions, [*protected, *_orphaned_by(objs)]

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erase_person(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            erase_person(user)


def _orphaned_by(users: Iterable[User]) -> list[str]:
    """Return the names of what would have no administrator left."""
    orphaned = []
    for user in users:
        try:
            require_successors(user)
        except StillResponsible as error:
            orphaned += [str(instance) for instance in error.instances]
            if error.last_operator:
                orphaned.append(str(_("This site: it would have no operator left.")))
    return orphaned
