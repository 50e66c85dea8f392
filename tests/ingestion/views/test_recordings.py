"""The captions of a recording, and its player: for members only."""

import pytest
from django.urls import reverse

from ingestion.parsing.media_types import MP3, TEXT
from tests.cast import make_cast
from tests.factories import DocumentFactory
from tests.ingestion.factories import TranscribedPartFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(db):
    return make_cast()


@pytest.fixture
def lecture(people):
    document = DocumentFactory(
        instance=people.instance,
        name="cours.mp3",
        media_type=MP3,
        language="fr",
        duration_s=75,
        transcribed_s=75,
    )
    TranscribedPartFactory(
        instance=people.instance, document=document, said=["Bonjour.", "a < b --> c & d"]
    )
    return document


def captions_of(document):
    return reverse("documents:captions", args=["law", document.pk])


@pytest.mark.parametrize("name", ["owner", "teammate"])
def test_member_reads_captions(client, people, lecture, name):
    client.force_login(getattr(people, name))
    response = client.get(captions_of(lecture))
    assert response["Content-Type"] == "text/vtt; charset=utf-8"
    assert response.content.decode() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nBonjour.\n\n"
        "00:00:01.000 --> 00:00:01.900\na &lt; b --&gt; c &amp; d\n"
    )


def test_stranger_gets_404(client, people, lecture):
    client.force_login(people.stranger)
    assert client.get(captions_of(lecture)).status_code == 404


def test_other_documents_have_no_captions(client, people):
    client.force_login(people.owner)
    text = DocumentFactory(instance=people.instance, name="note.txt", media_type=TEXT)
    assert client.get(captions_of(text)).status_code == 404


def test_page_has_a_player_and_its_policy_allows_it(client, people, lecture):
    client.force_login(people.teammate)
    response = client.get(reverse("documents:detail", args=["law", lecture.pk]))
    body = response.content.decode()
    assert f'src="{reverse("documents:file", args=["law", lecture.pk])}#t=0"' in body
    assert f'src="{captions_of(lecture)}"' in body
    assert "0:01:15" in body
    assert "media-src 'self'" in response["Content-Security-Policy"]
