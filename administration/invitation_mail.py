"""An invitation by mail, in the language of its instance.

Sent at once and not by a task: the token in its link is kept nowhere, in no queue either.
"""

from django.utils import translation

from instances.models import Invitation
from web.mails import send_mail


def send_invitation(invitation: Invitation, link: str) -> None:
    """Send ``link`` to the invitation's address. Raises SMTPException or OSError."""
    with translation.override(invitation.instance.language):
        send_mail("invitation", {"invitation": invitation, "link": link}, to=invitation.email)
