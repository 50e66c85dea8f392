"""Answers in a real browser: what they show."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import Request, expect

from ingestion import uploads
from ingestion.attempts.locking import Attempt
from ingestion.pipeline import ingest_document
from instances.tenancy import tenant
from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)


def add_file(instance, user, name: str, content: bytes) -> None:
    """Upload a file and run the pipeline on it, in this process."""
    with tenant(instance):
        document, _created = uploads.store_upload(
            instance=instance, user=user, name=name, content=BytesIO(content)
        )
    ingest_document(Attempt.of(document))


def test_citation_opens_its_passage(library, llm, page_for, axe):
    llm.script(stream("Les doctorants ont **vingt-cinq jours** ", "de congé par an [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    assert axe(page) == []
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("strong")).to_have_text("vingt-cinq jours")
    expect(page).to_have_url(re.compile(r"/i/law/c/[0-9a-f-]{36}/$"))
    expect(answer.locator(".source")).to_have_count(1)
    answer.locator(".measures summary").click()
    expect(answer.locator(".measures-details")).to_contain_text("modelled with EcoLogits")
    expect(page.locator("[data-estimate]:not([hidden])")).to_contain_text("Estimate: ")
    assert axe(page) == []

    mark = answer.locator(".cite")
    mark.click()
    panel = page.locator("citation-panel dialog")
    expect(panel.locator("mark")).to_contain_text("vingt-cinq jours de congé")
    expect(panel).to_contain_text("conges.txt")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(panel).not_to_be_visible()
    expect(mark).to_be_focused()


TABLE = """# Congés

| Statut | Jours de congé par an |
| --- | --- |
| Doctorants contractuels | vingt-sept jours |
| ATER | trente jours |
"""


def test_table_of_a_passage_is_shown_as_a_table(library, llm, page_for, axe):
    add_file(library.instance, library.owner, "tableau.md", TABLE.encode())
    llm.script(stream("Les doctorants contractuels ont vingt-sept jours [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, "Combien de jours de congé par an : doctorants contractuels, ATER ?")
    answer = finished(page)
    quote = answer.locator(".source-quote").first
    expect(quote).to_contain_text("Doctorants contractuels · vingt-sept jours")
    expect(quote).not_to_contain_text("|")
    answer.locator(".cite").first.click()
    panel = page.locator("citation-panel dialog")
    expect(panel.get_by_role("cell", name="vingt-sept jours")).to_be_visible()
    expect(panel.locator("mark").first).to_contain_text("Doctorants contractuels")
    expect(panel.locator(".passage")).not_to_contain_text("|")
    assert axe(page) == []


def test_answer_without_citation_shows_a_notice(library, llm, page_for, axe):
    llm.script(stream("Vingt-cinq jours [9]."), stream("Vingt-cinq jours [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("[data-uncited]")).to_be_visible()
    assert axe(page) == []
    page.reload()
    expect(finished(page).locator("[data-uncited]")).to_be_visible()
    ask(page, LEAVE)
    expect(page.locator("chat-answer")).to_have_count(2)
    expect(finished(page).locator("[data-uncited]")).to_be_hidden()


EVERYTHING = """| a | b |
|---|--:|
| 1 | 2 |

```python
print(1)
```

$x^2$ [1]

## Démarches

#### Avant le départ

| | Une colonne sans titre | |
|---|---|---|
| Un tableau-plus-large-que-la-page-d-un-téléphone | deux-cellules-plus-larges-que-tout | 3 |

####

<details><summary></summary>x</details> ![](https://example.org/x.png) [](https://example.org/)

1. Un
   - [x]
   ```
   une ligne de code plus longue que la largeur de la page d'un téléphone, sans retour à la ligne
   ```

> $$\\int_0^1 f(x)\\,dx$$

- [ ] Déposer la **demande** [1] ; l'agrafer
- [x] Prévenir le service

# Après
"""
LEVELS = "(prose) => [...prose.querySelectorAll('h3, h4, h5, h6')].map((one) => one.tagName)"
# At each width of the answer: no mark leaves its word or the punctuation after it.
MARKS_ALONE = """
(prose) => {
  const alone = [];
  for (let width = 140; width < 400; width += 9) {
    prose.style.width = `${width}px`;
    for (const group of prose.querySelectorAll(".cite-group")) {
      if (group.offsetHeight > 40) alone.push([width, group.textContent]);
    }
  }
  return alone;
}
"""


def test_citation_marks_stay_beside_their_words(library, llm, page_for):
    llm.script(
        stream(
            "Ils ont **vingt-cinq jours** [1] ; la demande se fait un mois avant [1][2] . Ou non ;"
        )
    )
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    prose = finished(page).locator(".prose")
    expect(prose.locator(".cite-group")).to_have_text(
        ["jours1\u00a0;", re.compile("^avant12?[.]$")]
    )
    expect(prose).to_contain_text("non\u00a0;", use_inner_text=True)
    expect(prose.locator("strong")).to_have_text(["vingt-cinq ", "jours"])
    assert prose.evaluate(MARKS_ALONE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_all_functions_are_available_on_a_phone(library, llm, page_for, axe, locale, scheme):
    llm.script(stream(EVERYTHING))
    page = page_for(library.teammate, locale=locale, scheme=scheme, width=320, height=640)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator(".katex")).to_have_count(2)
    expect(answer.get_by_label("Prévenir le service")).to_be_checked()
    assert answer.locator(".prose").evaluate(LEVELS) == ["H3", "H4", "H3"]
    assert axe(page) == []
    answer.locator(".cite").first.click()
    expect(page.locator("citation-panel dialog mark")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.locator("header [popovertarget=sidebar]").click()
    expect(page.locator("#sidebar")).to_be_visible()
    assert axe(page) == []


def test_citation_opens_pdf_page_with_highlighted_words(library, llm, page_for, axe):
    page = page_for(library.teammate)
    page.set_content(
        "<title>Règlement intérieur</title><h1>Règlement</h1><p>Ce document fixe les règles.</p>"
        "<h2 style='break-before: page'>Césure</h2>"
        "<p>La période de césure dure au plus une année universitaire entière. "
        "Elle est accordée par le président, sur avis du directeur de thèse.</p>"
    )
    add_file(library.instance, library.owner, "règlement.pdf", page.pdf())
    llm.script(stream("La césure dure au plus une année universitaire [1]."))
    page.goto(CHAT)
    ask(page, "Combien de temps dure la période de césure ?")
    answer = finished(page)
    expect(answer.locator(".source-name")).to_contain_text("Règlement")
    expect(answer.locator(".source-file")).to_have_text("règlement.pdf")
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))
    answer.locator(".cite").click()
    drawing = page.locator("citation-panel pdf-page")
    expect(drawing).to_have_attribute("src", re.compile("/pages/2/picture$"))
    expect(drawing.locator("img")).to_be_visible()
    expect(drawing.locator(".pdf-mark").first).to_be_visible()
    expect(page.locator("citation-panel .panel-file")).to_have_text("règlement.pdf")
    assert len(loaded) < 8
    assert sum(request.sizes()["responseBodySize"] for request in loaded) < 300_000
    assert axe(page) == []
    narrow = drawing.locator("img").bounding_box()
    page.get_by_role("button", name=re.compile("Zoom in|Agrandir", re.I)).click()
    expect(drawing.locator(".pdf-sheet")).not_to_have_css("width", f"{narrow['width']}px")


def test_escaped_bracket_is_not_a_citation(library, llm, page_for):
    llm.script(stream("La note &#91;&#8288;1] de la page dit vingt-cinq jours [1]."))
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator(".cite")).to_have_count(1)
    expect(answer.locator(".prose")).to_contain_text(re.compile(r"La note \[\u2060?1\]"))


@pytest.mark.parametrize("media", ["screen", "print"])
def test_extracts_print_each_passage_once(library, page_for, media):
    page = page_for(library.teammate)
    page.goto(CHAT)
    ask(page, LEAVE)
    answer = finished(page)
    quotes = answer.locator("blockquote p:first-child").all_inner_texts()
    assert quotes
    page.emulate_media(media=media)
    expect(answer.locator("[data-sources]")).to_be_hidden()
    shown = " ".join(answer.inner_text().split())
    for quote in quotes:
        words = " ".join(quote.rpartition("[")[0].split()) or " ".join(quote.split())
        assert shown.count(words) == 1
