"""Answers in one line, without their Markdown."""

import pytest

from chat.conversations.plain_text import one_line


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            "Vingt-cinq **jours** [1].\n\n- *posés*\n- `écrits`",
            "Vingt-cinq jours [1]. posés écrits",
        ),
        ("# Congés\n\n> cité\n> ici\n\n1. un", "Congés cité ici un"),
        ("| a | b |\n|---|---|\n| 1 | **2** |", "a b 1 2"),
        ("[le guide](https://example.org) et ![plan](p.png)", "le guide et plan"),
        (r"rapport\_final\*.pdf &#91;&#8288;3] ~~non~~", "rapport_final*.pdf [3] non"),
        ("```py\nx = 1\n```\n\nfin", "x = 1 fin"),
        ("<b>gras</b>", "<b>gras</b>"),
        ("", ""),
    ],
    ids=["emphasis", "blocks", "table", "links", "escapes", "code", "html", "empty"],
)
def test_marks_are_left_out(markdown: str, shown: str) -> None:
    assert one_line(markdown) == shown
