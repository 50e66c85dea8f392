"""An invitation by mail, in the language of its instance.

Sent at once and not by a task: the token in its link is kept nowhere, in no queue either.
"""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from instances.models import Invitation


def send_invitation(invitation: Invitation, link: str) -> None:
    """Send ``link`` to the invitation's address. Raises SMTPException or OSError."""
    with translation.override(invitation.instance.language):
        text = render_to_string(
            "instances/mail/invitation.txt",
            {"invitation": invitation, "link": link, "SITE_NAME": settings.SITE_NAME},
        )
    subject, _newline, body = text.strip().partition("\n")
    EmailMessage(subject=subject, body=body.strip() + "\n", to=[invitation.email]).send()
