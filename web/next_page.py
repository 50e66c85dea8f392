"""Where somebody goes on to, as ``next`` says in a form or a query."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

_MAX_CHARS = 2000


def next_page(request: HttpRequest, default: str = "/") -> str:
    """The page of this site that ``next`` names, as a path; ``default`` where it names no such.

    A word alone is no page: ``redirect`` would look for a view of that name, and fail.
    """
    target = request.POST.get("next") or request.GET.get("next", "")
    is_ours = target.startswith("/") and len(target) <= _MAX_CHARS
    if is_ours and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return default
