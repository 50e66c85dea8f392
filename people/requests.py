"""The logged-in user of a request, for views behind ``login_required`` or a gate."""

from django.http import Http404, HttpRequest

from people.models import User


def logged_in_user(request: HttpRequest) -> User:
    """The user of the request. Raises Http404 for an anonymous visitor, as gates do."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


async def alogged_in_user(request: HttpRequest) -> User:
    """The same for asynchronous views."""
    user = await request.auser()
    if not isinstance(user, User):
        raise Http404
    return user
