"""The page that follows a form, from its parameter ``next``."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

_MAX_CHARS = 2000


def next_page(request: HttpRequest, default: str = "/") -> str:
    """Return the path that ``next`` names; ``default`` when it is not a path of this site.

    A word without a slash is refused: ``redirect`` would take it for the name of a view.
    """
    target = request.POST.get("next") or request.GET.get("next", "")
    is_ours = target.startswith("/") and len(target) <= _MAX_CHARS
    if is_ours and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return default
