"""Text of documents in the Markdown of answers."""

import pytest

from chat.answers.quoting.markdown import escape_markdown


@pytest.mark.parametrize(
    "text", ["Déjà vu, d'accord (p. 3) : 25 %", "R&D_2026", "avenant_n50", "10h30 - 12h", "1,5"]
)
def test_plain_words_are_not_escaped(text: str) -> None:
    assert escape_markdown(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("20230525_-_avenant_n50.pdf", r"20230525\_-\_avenant_n50.pdf"),
        ("__init__", r"\_\_init\_\_"),
        ("a*b* `c` <d> $e$ ~f~ # | \\", r"a\*b\* \`c\` \<d\> \$e\$ \~f\~ \# \| " + "\\\\"),
        ("[1]", "&#91;&#8288;1]"),
        ("R&amp;D", r"R\&amp;D"),
        ("- a\n1. b\n    c\n===", "\\- a\n1\\. b\nc\n\\==="),
        ("www.univ.fr http://univ.fr a@univ.fr", r"www\.univ.fr http\://univ.fr a\@univ.fr"),
    ],
    ids=["file name", "module", "inline", "citation", "entity", "start of a line", "addresses"],
)
def test_text_with_a_meaning_in_markdown_is_escaped(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped
