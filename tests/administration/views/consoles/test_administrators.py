"""The administrators of an organisation."""

from tests.adding_members import find_and_add
from tests.administration.views.consoles.conftest import actions, url
from tests.factories import (
    UserFactory,
)


def test_last_administrator_is_removed_by_operators_only(
    cast, organisation, browser, administrator, client_for
):
    path = url(organisation, "organisation_administrators")
    assert browser.post(path, {"identifier": "nobody"}).context["form"].errors
    assert find_and_add(browser, path, {"identifier": "dean"}).context["form"].errors
    find_and_add(browser, path, {"identifier": "owner"})
    assert client_for(cast.owner).get(path).status_code == 200
    mine = organisation.administrators.get(user=administrator)
    theirs = organisation.administrators.get(user=cast.owner)
    assert browser.post(url(organisation, "administrator_remove", mine.pk)).url == "/"
    assert browser.get(path).status_code == 404
    owner = client_for(cast.owner)
    owner.post(url(organisation, "administrator_remove", theirs.pk))
    assert organisation.administrators.get().user == cast.owner
    operator = client_for(UserFactory(is_staff=True))
    operator.post(url(organisation, "administrator_remove", theirs.pk))
    assert not organisation.administrators.exists()
    assert [one for one in actions(organisation) if one != "people.searched"] == [
        "administrator.added",
        "administrator.removed",
        "administrator.removed",
    ]
