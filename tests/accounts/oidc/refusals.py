"""Assertions about refused logins."""

from people.models import User
from tests.accounts.oidc.conftest import code_of


def refused(browser, response, code="refused"):
    """Assert that no session exists and that the page does not show the technical reason."""
    assert code_of(response) == code
    assert browser.person is None
    assert not User.objects.exists()
