"""Each dialog of a page has a button that opens it."""

import re

import pytest

from tests.site_map import ALL_PAGES, values_inside

PAGES = {page.name: page for page in ALL_PAGES}
DIALOG = re.compile(r'<dialog [^>]*\bid="([^"]+)"')
OPENER = re.compile(r'\bcommand="show-modal"\s+commandfor="([^"]+)"')


@pytest.mark.parametrize(
    "name",
    [
        "administration:site_backend",
        "administration:site_model",
        "operation:feed",
        "operation:identity_provider",
        "operation:login_rules",
        "operation:oidc_provider",
        "operation:user_account",
    ],
)
def test_each_dialog_is_opened_by_a_button(cast, console, name):
    page = console.get(PAGES[name].path(values_inside(cast))).text
    dialogs = set(DIALOG.findall(page))
    assert dialogs
    assert dialogs == set(OPENER.findall(page))
