"""A person's own data as an archive: complete, without secrets, and nobody else's."""

import io
import json
import re
import zipfile

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse

from accounts.users.erasure import references
from instances.access.api_keys import create_api_key
from instances.models import ApiKey, Membership
from instances.tenancy import tenant
from people.models import User
from tests import factories
from tests.all_factories import FACTORIES


def downloaded(client: Client) -> zipfile.ZipFile:
    response = client.post(reverse("data_export"))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"

    async def read() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    return zipfile.ZipFile(io.BytesIO(async_to_sync(read)()))


def texts_of(archive: zipfile.ZipFile) -> dict[str, str]:
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conversation(cast):
    law = {"instance": cast.instance}
    made = factories.ConversationFactory(user=cast.teammate, title="Horaires du guichet", **law)
    question = factories.MessageFactory(conversation=made, content="Quand ouvre-t-il ?", **law)
    answer = factories.MessageFactory(
        conversation=made, parent=question, role="assistant", content="À neuf heures [1].", **law
    )
    factories.CitationFactory(message=answer, document_name="horaires.pdf", used=True, **law)
    with tenant(cast.instance):
        made.leaf = answer
        made.save()
    return made


def test_page_says_what_the_archive_holds_before_sending_it(cast, client_for):
    client = client_for(cast.teammate)
    assert reverse("data_export") in client.get(reverse("profile")).text
    page = client.get(reverse("data_export"))
    assert page.status_code == 200
    assert "Download your data" in page.text


def test_anonymous_person_is_led_to_login(client, db):
    assert client.post(reverse("data_export")).url.startswith("/accounts/login/")


def test_conversations_are_readable_and_complete(cast, client_for, conversation):
    attached = factories.DocumentFactory(
        instance=cast.instance, conversation=conversation, name="dossier/note.txt"
    )
    with attached.file.open() as file:
        content = file.read()
    archive = downloaded(client_for(cast.teammate))
    texts = {name: archive.read(name) for name in archive.namelist()}
    (markdown,) = [name for name in texts if name.endswith(".md")]
    assert re.fullmatch(
        r"law/conversations/\d{4}-\d\d-\d\d-horaires-du-guichet-\w{8}\.md", markdown
    )
    assert "À neuf heures" in texts[markdown].decode()
    data = json.loads(texts[markdown.removesuffix(".md") + ".json"])
    assert data["messages"][0]["text"] == "Quand ouvre-t-il ?"
    assert texts[markdown.removesuffix(".md") + "/1-note.txt"] == content


def test_every_column_that_names_the_person_is_in_the_archive(cast, client_for):
    # Also where the person is no member.
    for reference in references():
        FACTORIES[reference.model](instance=cast.other_instance, **{reference.field: cast.teammate})
    names = downloaded(client_for(cast.teammate)).namelist()
    slug = cast.other_instance.slug
    for reference in references():
        assert f"{slug}/rows/{reference.name}.jsonl" in names


def test_many_rows_are_all_there(cast, client_for, monkeypatch):
    monkeypatch.setattr("ragapp.data_export.archive._BATCH", 2)
    for _ in range(5):
        factories.ApiKeyFactory(instance=cast.instance, created_by=cast.teammate)
    text = texts_of(downloaded(client_for(cast.teammate)))[
        "law/rows/instances.ApiKey.created_by.jsonl"
    ]
    assert len({json.loads(line)["id"] for line in text.splitlines()}) == 5


def test_other_people_are_not_in_it(cast, client_for, conversation):
    texts = texts_of(downloaded(client_for(cast.owner)))
    everything = "\n".join(texts.values())
    assert "Quand ouvre-t-il" not in everything
    assert cast.teammate.username not in everything
    assert cast.owner.username in texts["account.json"]


def test_secrets_are_left_out(cast, client_for):
    with tenant(cast.instance):
        create_api_key(instance=cast.instance, created_by=cast.owner, name="script", scope="read")
        digests = list(ApiKey.objects.values_list("digest", flat=True))
    user = User.objects.get(pk=cast.owner.pk)
    everything = "\n".join(texts_of(downloaded(client_for(cast.owner))).values())
    assert digests
    for secret in (*digests, user.password, user.session_salt, str(user.pseudonym)):
        assert not secret or secret not in everything


def test_what_a_guest_may_not_read_is_not_in_the_archive(cast, client_for, conversation):
    with tenant(cast.instance):
        Membership.objects.filter(user=cast.teammate).update(role="guest")
    factories.CitationFactory(
        instance=cast.instance, message=conversation.leaf, number=2, text="un passage jamais cité"
    )
    everything = "\n".join(texts_of(downloaded(client_for(cast.teammate))).values())
    assert "un passage jamais cité" not in everything
    assert "À neuf heures" in everything
