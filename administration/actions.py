"""Run an administrative action from a view and show its outcome."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from instances.errors import InstanceError, user_message


def run_and_report(request: HttpRequest, action: Callable[[], object], success: str) -> None:
    """Run ``action``, then add a message: ``success``, or why the action was refused.

    Errors other than InstanceError propagate.
    """
    try:
        action()
        messages.success(request, success)
    except InstanceError as error:
        messages.error(request, user_message(error))
