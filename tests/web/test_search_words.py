"""Ten thousand words in every text parameter of every URL cost no more than a few of them.

The parameters are not listed here: each page is asked, and what it reads of its query or form is
noted and sent.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from chat.models import Message
from instances.models import Charter, Instance, Membership
from instances.tenancy import tenant
from tests import factories
from tests.cast import Cast, make_cast
from tests.isolation.recording import Recorder
from tests.site_map import ALL_PAGES, Page, values_inside
from web.search_words import MAX_CHARS, MAX_WORDS, search_text, search_words

WORDS = " ".join(f"w{n}" for n in range(10_000))
# No page of the site comes near: the longest statement selects every column of a few tables.
MAX_SQL_CHARS = 15_000
MAX_PARAMETERS = 300
MAX_STATEMENTS = 120
# Logs the reader out, or sends the browser elsewhere at once.
LEFT_OUT = ("account_logout", "saml:logout", "admin:logout")
# A page reads one parameter only when another is there.
ROUNDS = 3


def pages() -> list[Page]:
    return [
        page
        for page in ALL_PAGES
        if page.name and "(?P" not in page.route and page.name not in LEFT_OUT
    ]


@contextmanager
def noted_parameters(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names that a request reads of its query and its form."""
    names: set[str] = set()

    def noting(method: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(self: QueryDict, name: Any, *args: Any) -> Any:
            names.add(name)
            return method(self, name, *args)

        return wrapper

    with monkeypatch.context() as patch:
        for method in ("__getitem__", "get", "getlist", "__contains__"):
            patch.setattr(QueryDict, method, noting(getattr(QueryDict, method)))
        yield names


@pytest.fixture
def inside(transactional_db: None) -> Iterator[tuple[Cast, dict[str, object], Recorder]]:
    cast = make_cast()
    recorder = Recorder()
    with recorder.installed():
        yield cast, values_inside(cast), recorder


def nobody(_cast: Cast) -> None:
    return None


def guest(cast: Cast) -> Any:
    return factories.MembershipFactory(instance=cast.instance, role=Membership.Role.GUEST).user


def member(cast: Cast) -> Any:
    return cast.teammate


def administrator(cast: Cast) -> Any:
    """Of the instance, of its organisation and of the site, who may open every page."""
    cast.owner.is_staff = cast.owner.is_superuser = True
    cast.owner.save()
    organisation = cast.instance.organisation
    factories.OrganisationAdministratorFactory(organisation=organisation, user=cast.owner)
    return cast.owner


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "reader", [nobody, guest, member, administrator], ids=lambda reader: reader.__name__
)
def test_no_parameter_of_any_page_makes_a_large_query(inside, monkeypatch, reader, method):
    cast, values, recorder = inside
    person = reader(cast)
    searched = 0
    for page in pages():
        Instance.objects.update(status=Instance.Status.ACTIVE)
        Charter.objects.update(is_current=False)
        client = Client(raise_request_exception=False)
        if person is not None:
            client.force_login(person)
        sent: dict[str, str] = {"q": WORDS}
        for _round in range(ROUNDS):
            recorder.statements.clear()
            with noted_parameters(monkeypatch) as names, recorder.at(page.name):
                answer = getattr(client, method)(page.path(values), sent)
                if answer.streaming:
                    answer.close()
            assert answer.status_code != 500, page.name
            assert len(recorder.statements) <= MAX_STATEMENTS, page.name
            for statement in recorder.statements:
                assert len(statement.sql) <= MAX_SQL_CHARS, (page.name, statement.sql[:500])
                assert len(statement.params or ()) <= MAX_PARAMETERS, page.name
            searched += "q" in names
            if names <= sent.keys():
                break
            sent |= dict.fromkeys(names, WORDS)
    if method == "get" and reader is not nobody:
        assert searched >= 2


def test_search_uses_the_first_words_of_the_first_characters() -> None:
    assert search_words(WORDS) == [f"w{n}" for n in range(MAX_WORDS)]
    assert search_words(f"{'a' * 300} b") == ["a" * MAX_CHARS]
    assert search_text(" a\0b ") == "a b"


def test_long_search_finds_by_its_first_words(inside, client_for) -> None:
    cast, _values, _recorder = inside
    conversation = factories.ConversationFactory(
        instance=cast.instance, user=cast.teammate, title="w0 w1 w2 w3 w4 w5"
    )
    with tenant(cast.instance):
        Message.objects.all().delete()
    page = client_for(cast.teammate).get(f"/i/{cast.instance.slug}/search/", {"q": WORDS[:150]})
    assert str(conversation.pk) in page.content.decode()
