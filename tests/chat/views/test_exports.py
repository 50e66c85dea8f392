"""Files of a conversation, for its owner, a teammate and a stranger, and for guests."""

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from django.urls import reverse
from pypdf import PdfReader

from chat.models import Conversation, Message
from ingestion.parsing.document import page_text
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import (
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    MembershipFactory,
    MessageFactory,
)
from tests.ingestion.reading import read

ANSWER = r"""## Durée

Vingt-cinq jours [1], **soit cinq semaines** [1, 2]. Voir `table[1]` et [9].

- un *congé* [2]
  1. de droit

| Grade | Jours |
|---|---|
| A_B | 25 [1] |

```
#set page(fill: red) [1]
```

<script>alert(1)</script> #panic("no") \ " $x$ [lien](https://example.org/)
"""
FORMATS = ["docx", "pdf", "markdown", "bibtex", "csl", "json"]


@pytest.fixture
def conversation(cast: Cast) -> Conversation:
    """The teammate's conversation, with two sources; one has an author and a date."""
    instance = cast.instance
    conversation = ConversationFactory(
        instance=instance, user=cast.teammate, title="Congés & repos #1"
    )
    question = MessageFactory(
        instance=instance, conversation=conversation, content="Combien de *jours* ?\nEt quand ?"
    )
    answers = [
        MessageFactory(
            instance=instance,
            conversation=conversation,
            parent=question,
            role=Message.Role.ASSISTANT,
            content=text,
        )
        for text in ("Ancienne réponse.", ANSWER)
    ]
    rules = DocumentFactory(
        instance=instance,
        name="reglement_2024.pdf",
        author="Direction des {RH}",
        dated="2024-03-01",
    )
    for number, document, quote in ((1, rules, "25 jours"), (2, None, "")):
        CitationFactory(
            instance=instance,
            message=answers[1],
            number=number,
            document=document,
            document_name=document.name if document else "note.pdf",
            document_title="Règlement_des congés" if document else "",
            quote=quote,
            page_start=3,
            page_end=3,
            used=True,
        )
    CitationFactory(instance=instance, message=answers[1], number=3, text="Jamais cité.")
    with tenant(instance):
        conversation.leaf = answers[1]
        conversation.save()
    return conversation


def url(conversation: Conversation, name: str = "") -> str:
    arguments = [conversation.instance.slug, conversation.pk, *([name] if name else [])]
    return reverse("chat:export" if name else "chat:exports", args=arguments)


def written(client_for: Any, conversation: Conversation, name: str) -> bytes:
    response = client_for(conversation.user).get(url(conversation, name))
    assert response.status_code == 200
    return response.content


@pytest.mark.parametrize("name", ["", *FORMATS, "zip"])
def test_only_its_owner_may_export_a_conversation(
    client_for: Any, cast: Cast, conversation: Conversation, name: str
) -> None:
    address = url(conversation, name)
    for other in (cast.owner, cast.stranger):
        assert client_for(other).get(address).status_code == 404
    mine = client_for(cast.teammate).get(address)
    assert mine.status_code == (404 if name == "zip" else 200)
    if name in FORMATS:
        assert "attachment; filename=" in mine["Content-Disposition"]
        assert "conges-repos-1" in mine["Content-Disposition"]


def test_page_links_every_format(client_for: Any, conversation: Conversation) -> None:
    page = client_for(conversation.user).get(url(conversation)).content.decode()
    for name in FORMATS:
        assert url(conversation, name) in page


def test_markdown_has_the_shown_branch_with_footnotes(
    client_for: Any, conversation: Conversation
) -> None:
    text = written(client_for, conversation, "markdown").decode()
    assert "Ancienne réponse" not in text
    assert "Vingt-cinq jours[^1], **soit cinq semaines**[^1][^2]. Voir `table[1]` et [9]." in text
    assert "#set page(fill: red) [1]" in text
    assert r"Combien de \*jours\* ?" in text
    (first,) = re.findall(r"^\[\^1\]: (.*)$", text, re.MULTILINE)
    assert first == "Règlement_des congés, reglement_2024.pdf, page 3: “25 jours”"
    assert "Jamais cité" not in text


def test_block_of_code_that_was_not_ended_does_not_take_the_notes(
    client_for: Any, conversation: Conversation
) -> None:
    with tenant(conversation.instance):
        Message.objects.filter(pk=conversation.leaf_id).update(content="Ainsi [1] :\n\n```\nx = 1")
    assert "```\nx = 1\n```\n" in written(client_for, conversation, "markdown").decode()


def test_word_file_has_styles_and_footnotes(
    client_for: Any, conversation: Conversation, tmp_path: Path
) -> None:
    content = written(client_for, conversation, "docx")
    document = docx.Document(BytesIO(content))
    styles = {one.text: one.style.name for one in document.paragraphs if one.style}
    assert styles["Congés & repos #1"] == "Heading 1"
    assert styles["Durée"] == "Heading 3"
    assert styles["un congé"] == "List Bullet"
    assert styles["de droit"] == "List Number 2"
    assert [cell.text for cell in document.tables[0].rows[1].cells] == ["A_B", "25"]
    # What reads Word files in our own line finds the notes, too.
    path = tmp_path / "conges.docx"
    path.write_bytes(content)
    text = "\n".join(page_text(page) for page in read(path).pages)
    assert "reglement_2024.pdf, page 3: “25 jours”" in text


def test_pdf_is_tagged_and_has_no_markup_of_the_answer(
    client_for: Any, conversation: Conversation
) -> None:
    reader = PdfReader(BytesIO(written(client_for, conversation, "pdf")))
    text = "\n".join(page.extract_text() for page in reader.pages)
    for words in (
        "Congés & repos #1",
        "#set page(fill: red) [1]",
        '#panic("no")',
        "reglement_2024",
    ):
        assert words in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Congés & repos #1"


def test_bibliographies_name_each_document_once(
    client_for: Any, conversation: Conversation
) -> None:
    bibtex = written(client_for, conversation, "bibtex").decode()
    assert bibtex.count("@misc{") == 2
    assert r"author = {{Direction des \textbraceleft RH\textbraceright }}" in bibtex
    assert r"title = {{Règlement\_des congés}}" in bibtex
    first, second = json.loads(written(client_for, conversation, "csl"))
    assert first["issued"] == {"date-parts": [[2024, 3, 1]]}
    assert "/documents/" in first["URL"]
    assert "URL" not in second


def test_json_has_all_branches(client_for: Any, conversation: Conversation) -> None:
    data = json.loads(written(client_for, conversation, "json"))
    assert [one["text"] for one in data["messages"]][1:] == ["Ancienne réponse.", ANSWER]
    assert data["selected"] == data["messages"][2]["id"]
    assert [one["number"] for one in data["messages"][2]["citations"]] == [1, 2, 3]


def test_guest_gets_only_what_the_answer_cites(client_for: Any, cast: Cast) -> None:
    guest = MembershipFactory(instance=cast.instance, role="guest").user
    conversation = ConversationFactory(instance=cast.instance, user=guest)
    answer = MessageFactory(
        instance=cast.instance, conversation=conversation, role="assistant", content="Neuf [1]."
    )
    for number, used in ((1, True), (2, False)):
        CitationFactory(instance=cast.instance, message=answer, number=number, used=used)
    with tenant(cast.instance):
        conversation.leaf = answer
        conversation.save()
    data = json.loads(written(client_for, conversation, "json"))
    (citation,) = data["messages"][0]["citations"]
    assert (citation["number"], citation["text"], citation["document_id"]) == (1, "", None)
    (item,) = json.loads(written(client_for, conversation, "csl"))
    assert {"URL", "author", "issued"}.isdisjoint(item)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#" * 400,
        "> " * 60 + "x",
        "[1]" * 300,
        "| a |\n|---|\n" + "| b |\n" * 500,
        "\u202e\x07\ud7ff",
        "[words]() and [more](https://example.org/" + "x" * 9_000 + ")",
        "*" * 400 + "x" + "*" * 400,
        "".join(f"**a{n} *b " for n in range(60)),
        "```\nstopped [1]",
    ],
    ids=[
        "empty",
        "hashes",
        "nested",
        "marks",
        "long table",
        "controls",
        "addresses",
        "emphasis",
        "open emphasis",
        "open fence",
    ],
)
@pytest.mark.parametrize("name", ["docx", "pdf", "markdown"])
def test_any_text_of_a_model_is_exported(
    client_for: Any, conversation: Conversation, name: str, text: str
) -> None:
    with tenant(conversation.instance):
        Message.objects.filter(pk=conversation.leaf_id).update(content=text)
    assert written(client_for, conversation, name)
