"""Send a person the link to choose a new password, on an operator's request.

The operator does not see the link, so this gives no control over the account, unlike an issued
password (``accounts.users.takeover``).
"""

from allauth.account import app_settings
from allauth.account.forms import ResetPasswordForm
from allauth.utils import get_form_class
from django.http import HttpRequest

from instances import audit
from people.models import User


def send_reset_link(request: HttpRequest, user: User) -> None:
    """Send the link to the stored address of an active account with a password."""
    form_class = get_form_class(app_settings.FORMS, "reset_password", ResetPasswordForm)
    form = form_class({"email": user.email})
    if not form.is_valid():
        raise ValueError(f"no link can be sent to {user.username}")
    form.save(request)
    audit.record(audit.Action.RESET_LINK_SENT, target=user)
