"""The console of an organisation neither shows nor changes tenant content."""

import pytest

from administration.lifecycle.contents import tenant_models
from chat.models import Citation, Conversation, Message
from ingestion.models import Chunk, Document
from instances.models import Membership
from instances.tenancy import administering
from tests.administration.views.consoles.conftest import url
from tests.all_factories import FACTORIES
from tests.factories import ConversationFactory, DocumentFactory, MessageFactory

# What an administrator of the organisation may see of an instance: who may do what in it.
RIGHTS = {"AccessRule", "ApiKey", "Invitation", "Membership"}


def test_organisation_administrator_cannot_read_tenant_content(cast, organisation):
    for model in tenant_models():
        FACTORIES[model](instance=cast.instance)
    with administering(organisation):
        seen = {model.__name__ for model in tenant_models() if model._base_manager.exists()}
    assert seen == RIGHTS


def test_console_pages_show_no_tenant_content(cast, organisation, browser):
    secret = "Licenciement de M. Untel"
    document = DocumentFactory(instance=cast.instance, name=f"{secret}.pdf")
    conversation = ConversationFactory(instance=cast.instance, title=secret)
    MessageFactory(instance=cast.instance, conversation=conversation, content=secret)
    for name in ("organisation", "organisation_people", "organisation_audit"):
        assert secret not in browser.get(url(organisation, name)).text
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert secret not in page.text
    for path in (
        "",
        "documents/",
        f"documents/{document.pk}/",
        f"c/{conversation.pk}/",
        "settings/members/",
    ):
        assert browser.get(f"/i/law/{path}").status_code == 404


@pytest.mark.parametrize("model", [Document, Chunk, Conversation, Message, Citation])
def test_organisation_administrator_cannot_change_tenant_content(cast, organisation, model):
    row = FACTORIES[model](instance=cast.instance)
    with administering(organisation):
        assert model._base_manager.filter(pk=row.pk).delete()[0] == 0
        assert model._base_manager.filter(pk=row.pk).update(instance=cast.instance) == 0


def test_organisation_administrator_cannot_reach_other_organisation(cast, organisation):
    with administering(organisation):
        assert not Membership.objects.filter(instance=cast.other_instance).exists()
        assert not Membership.objects.filter(instance=cast.other_instance).update(role="guest")
