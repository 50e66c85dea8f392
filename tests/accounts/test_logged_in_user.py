"""The logged-in user of a request."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest

from people.models import User
from people.requests import alogged_in_user, logged_in_user

either = pytest.mark.parametrize(
    "find", [logged_in_user, async_to_sync(alogged_in_user)], ids=["sync", "async"]
)


def request_of(user):
    async def auser():
        return user

    request = HttpRequest()
    request.user, request.auser = user, auser
    return request


@either
def test_user_is_returned(find):
    user = User(username="ada")
    assert find(request_of(user)) is user


@either
def test_anonymous_visitor_gets_404(find):
    with pytest.raises(Http404):
        find(request_of(AnonymousUser()))
