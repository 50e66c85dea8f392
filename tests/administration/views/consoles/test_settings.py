"""The settings of an organisation."""

from html import unescape

from instances.models import AuditEntry
from instances.tenancy import administering
from tests.administration.views.consoles.conftest import url


def test_changed_settings_are_audited_with_former_values(organisation, browser):
    form = {
        "name": "Université de Test",
        "creation_rule": "open",
        "idle_months": 6,
        "max_stored_bytes": "2",
        "personal_data_rule": "refuse",
    }
    refused = browser.post(
        url(organisation, "organisation_settings"), form | {"number_patterns": "étudiant: ("}
    )
    assert "This line is not valid: étudiant: (" in unescape(refused.text)
    form["number_patterns"] = r"étudiant: 2\d{7}"
    browser.post(url(organisation, "organisation_settings"), form)
    with administering(organisation):
        entry = AuditEntry.objects.get(action="organisation.changed")
    assert entry.detail["personal_data_rule"] == ["ask", "refuse"]
    assert entry.detail["creation_rule"] == ["approval", "open"]
    assert entry.detail["max_stored_bytes"] == [None, 2_000_000_000]
    assert entry.detail["allows_personal_instances"] == [True, False]
    page = browser.get(url(organisation, "organisation_audit")).text
    assert "After an administrator of the organisation has approved" in page
