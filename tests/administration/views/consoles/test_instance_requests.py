"""Requests for instances, approved and refused."""

from instances.models import Instance, InstanceRequest
from tests.administration.views.consoles.conftest import url


def test_administrator_approves_and_refuses_requests(cast, organisation, browser):
    for name in ("History", "Geography"):
        InstanceRequest.objects.create(
            organisation=organisation, requested_by=cast.editor, name=name, purpose="Archives."
        )
    page = browser.get(url(organisation, "organisation_requests"))
    history, geography = page.context["waiting"]
    browser.post(url(organisation, "request_approve", history.pk))
    assert Instance.objects.get(name="History").owner == cast.editor
    browser.post(url(organisation, "request_refuse", geography.pk), {"answer": ""})
    assert InstanceRequest.objects.get(pk=geography.pk).status == "pending"
    browser.post(url(organisation, "request_refuse", geography.pk), {"answer": "Ask History."})
    browser.post(url(organisation, "request_approve", geography.pk))
    page = browser.get(url(organisation, "organisation_requests"))
    assert not page.context["waiting"]
    assert "Ask History." in page.text
    assert not Instance.objects.filter(name="Geography").exists()


def test_request_of_other_organisation_is_not_found(cast, organisation, browser):
    elsewhere = InstanceRequest.objects.create(
        organisation=cast.other_instance.organisation,
        requested_by=cast.editor,
        name="Optics",
        purpose="Lenses.",
    )
    assert browser.post(url(organisation, "request_approve", elsewhere.pk)).status_code == 404
