"""Mail from a template whose first line is the subject."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string


def send_mail(name: str, context: dict[str, Any], *, to: str) -> None:
    """Send templates/instances/mail/``name``.txt, in the active language.

    Raises SMTPException or OSError.
    """
    named = context | {"SITE_NAME": settings.SITE_NAME, "SITE_URL": settings.SITE_URL}
    text = render_to_string(f"instances/mail/{name}.txt", named)
    subject, _newline, body = text.strip().partition("\n")
    # It contains names that people wrote; a header with a line break is refused.
    one_line = " ".join(subject.split())
    EmailMessage(subject=one_line, body=body.strip() + "\n", to=[to]).send()
