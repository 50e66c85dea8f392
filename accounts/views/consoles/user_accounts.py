"""Pages of operators: the accounts of all people.

Operators change their own account in their profile: here it can only be viewed.
"""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.consoles.user_accounts import EraseForm, UserAccountForm, UserAccountsForm
from accounts.users.account_changes import change_account
from accounts.users.account_facts import describe_account
from accounts.users.account_search import find_accounts
from accounts.users.activation import disable_account, enable_account
from accounts.users.erasure import (
    StillResponsible,
    erase_person,
    preview_erasure,
    require_successors,
)
from accounts.users.reset_link import send_reset_link
from accounts.users.second_factor_reset import reset_second_factors
from accounts.users.takeover import issue_password
from instances.access.administration import operator_view
from instances.account_control import confirm_independence
from instances.errors import InstanceError, LastOperator, user_message
from instances.members.memberships import create_local_account
from people.models import HAS_PASSWORD, User
from people.requests import logged_in_user

ROWS_PER_PAGE = 50
SECTION = {"section": "user_accounts"}


@require_safe
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the accounts; searched, filtered, paginated."""
    form = UserAccountsForm(request.GET)
    chosen = form.chosen()
    found = Paginator(find_accounts(**chosen), ROWS_PER_PAGE)
    context = SECTION | {
        "page": found.get_page(form.cleaned_data.get("page")),
        "chosen": chosen,
        "kinds": [
            ("active", _("Enabled")),
            ("disabled", _("Disabled")),
            ("unused", _("Never logged in")),
            ("password", _("With a password of this site")),
            ("institution", _("Of an institution")),
            ("controlled", _("Also accessible to another person")),
            ("operators", _("Operators")),
        ],
    }
    return render(request, "accounts/consoles/user_accounts.html", context)


@require_safe
@operator_view
def page(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show an account and what can be done with it."""
    return _page(request, get_object_or_404(User, pk=person_id))


@require_http_methods(["GET", "POST"])
@operator_view
def add(request: HttpRequest) -> HttpResponse:
    """Create an account, and show its one-time password once."""
    form = UserAccountForm(request.POST or None)
    if form.is_valid():
        try:
            person, issued = create_local_account(
                **form.cleaned_data, created_by=logged_in_user(request)
            )
        except InstanceError as error:
            form.add_error(None, user_message(error))
        else:
            response = _page(request, person, issued=issued, is_new=True)
            response["Cache-Control"] = "no-store"
            return response
    context = SECTION | {"form": form, "person": None}
    return render(request, "accounts/consoles/user_accounts_edit.html", context)


@require_http_methods(["GET", "POST"])
@operator_view
def change(request: HttpRequest, person_id: int) -> HttpResponse:
    """Change the user name, the names or the address of another person."""
    person = _other_person(request, person_id)
    former_email = person.email
    form = UserAccountForm(request.POST or None, instance=person)
    if form.is_valid():
        try:
            change_account(
                person,
                fields=form.changed_data,
                former_email=former_email,
                by=logged_in_user(request),
            )
        except InstanceError as error:
            form.add_error(None, user_message(error))
        else:
            messages.success(request, _("The account of %s is changed.") % person.display_name)
            return redirect("operation:user_account", person.pk)
    shown = get_object_or_404(User, pk=person_id)
    context = SECTION | {"form": form, "person": shown}
    return render(request, "accounts/consoles/user_accounts_edit.html", context)


@require_POST
@operator_view
def switch(request: HttpRequest, person_id: int) -> HttpResponse:
    """Enable an account, or disable it and end its sessions."""
    person = _other_person(request, person_id)
    try:
        if request.POST.get("is_active") == "yes":
            enable_account(person)
            messages.success(request, _("The account of %s is enabled.") % person)
        else:
            disable_account(person)
            messages.success(request, _("The account of %s is disabled.") % person)
    except LastOperator as error:
        messages.error(request, user_message(error))
    return redirect("operation:user_account", person.pk)


@require_POST
@operator_view
def password(request: HttpRequest, person_id: int) -> HttpResponse:
    """Set a one-time password, and show it once."""
    person = _other_person(request, person_id, with_password=True)
    issued = issue_password(person, by=logged_in_user(request))
    response = _page(request, person, issued=issued)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@operator_view
def reset_link(request: HttpRequest, person_id: int) -> HttpResponse:
    """Send the person a link to choose a new password."""
    person = _other_person(request, person_id, with_password=True)
    if person.is_active and person.email and settings.EMAIL_HOST:
        send_reset_link(request, person)
        messages.success(request, _("A link was sent to %s.") % person.email)
    else:
        messages.error(request, _("No link can be sent: there is no address or no mail server."))
    return redirect("operation:user_account", person.pk)


@require_POST
@operator_view
def second_factors(request: HttpRequest, person_id: int) -> HttpResponse:
    """Delete all second factors of a person who has lost them."""
    person = _other_person(request, person_id)
    number = reset_second_factors(person)
    text = ngettext("%s second factor was deleted.", "%s second factors were deleted.", number)
    messages.success(request, text % number)
    return redirect("operation:user_account", person.pk)


@require_POST
@operator_view
def confirm(request: HttpRequest, person_id: int) -> HttpResponse:
    """Confirm that only its person uses an account, which others created or invited."""
    person = _other_person(request, person_id)
    try:
        confirm_independence(person, by=logged_in_user(request))
    except InstanceError as error:
        messages.error(request, user_message(error))
    else:
        messages.success(request, _("Only %s uses this account.") % person)
    return redirect("operation:user_account", person.pk)


@require_http_methods(["GET", "POST"])
@operator_view
def erase(request: HttpRequest, person_id: int) -> HttpResponse:
    """Erase a person, after a confirmation, unless something would have no administrator."""
    person = _other_person(request, person_id)
    form = EraseForm(request.POST or None, person=person)
    responsible = None
    try:
        require_successors(person)
        if form.is_valid():
            erase_person(person)
            messages.success(request, _("%s was erased.") % person)
            return redirect("operation:user_accounts")
    except StillResponsible as error:
        responsible = error
    context = SECTION | {
        "person": person,
        "form": form,
        "preview": preview_erasure(person),
        "responsible": responsible,
    }
    return render(request, "accounts/consoles/user_accounts_erase.html", context)


def _other_person(request: HttpRequest, person_id: int, *, with_password: bool = False) -> User:
    people = User.objects.exclude(pk=logged_in_user(request).pk)
    if with_password:
        people = people.filter(HAS_PASSWORD)
    return get_object_or_404(people, pk=person_id)


def _page(
    request: HttpRequest, person: User, *, issued: str = "", is_new: bool = False
) -> HttpResponse:
    context = SECTION | {
        "person": person,
        "is_new": is_new,
        "facts": describe_account(person),
        "issued": issued,
    }
    return render(request, "accounts/consoles/user_account.html", context)
