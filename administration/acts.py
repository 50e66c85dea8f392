"""What a view of an administrative act has to say: that it was done, or why not."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from instances.errors import InstanceError, user_message


def do(request: HttpRequest, act: Callable[[], object], text: str) -> None:
    """Do ``act`` and tell the person ``text``, or the reason for which it was refused."""
    try:
        act()
        messages.success(request, text)
    except InstanceError as error:
        messages.error(request, user_message(error))
