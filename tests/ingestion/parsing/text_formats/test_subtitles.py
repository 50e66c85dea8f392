"""Subtitles: what is said, by whom, and when."""

from pathlib import Path

import pytest

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from tests.ingestion.reading import outline_of, read

VTT = """WEBVTT - Conseil du 3 mars

NOTE une remarque

STYLE
::cue { color: red }

intro
00:04.500 --> 00:08.000 align:start
<v Anne Petit>Bonjour à <i>tous</i> &amp; à toutes.</v>

00:08.000 --> 00:10.000
<v Anne Petit>Le quorum est atteint.

01:02:03.000 --> 01:02:05.000
<v Paul>Je vote
contre.
"""
SRT = """1
00:00:01,000 --> 00:00:03,000
{\\an8}<i>La séance</i>

2
00:00:03,000 --> 00:00:04,000
est ouverte.

3
00:01:05,000 --> 00:01:07,000
Passons au budget.
"""


def test_speakers_and_times_of_webvtt(tmp_path: Path) -> None:
    (tmp_path / "a.vtt").write_text(VTT)
    document = read(tmp_path / "a.vtt")
    assert (document.media_type, document.title) == (media_types.VTT, "Conseil du 3 mars")
    assert [page.label for page in document.pages] == ["0:00:04", "1:02:03"]
    assert [text for _, text in outline_of(document)] == [
        "Anne Petit: Bonjour à tous & à toutes. Le quorum est atteint.",
        "Paul: Je vote contre.",
    ]


@pytest.mark.parametrize("name", ["a.srt", "unnamed"])
def test_section_ends_at_the_end_of_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SRT.replace("\n", "\r\n"), newline="")
    document = read(tmp_path / name)
    assert document.media_type == media_types.SRT
    assert [page.label for page in document.pages] == ["0:00:01", "0:01:05"]
    assert outline_of(document)[0] == ("paragraph", "La séance est ouverte.")


def test_rolling_captions_are_read_once(tmp_path: Path) -> None:
    cues = ["bonjour", "bonjour\nla séance", "la séance\nest ouverte", "est ouverte"]
    text = "WEBVTT\n\n" + "".join(
        f"00:0{n}.000 --> 00:0{n + 1}.000\n{cue}\n\n" for n, cue in enumerate(cues)
    )
    (tmp_path / "a.vtt").write_text(text)
    assert outline_of(read(tmp_path / "a.vtt")) == [("paragraph", "bonjour la séance est ouverte")]


def test_subtitles_without_times_are_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:aa --> 00:bb\nPerdu\n")
    with pytest.raises(CorruptDocument):
        read(tmp_path / "a.vtt")
