"""RTF: characters in all their spellings, what is shown and what is not, structure."""

import struct
from pathlib import Path

import pytest

from ingestion.errors import UnsafeDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.document import ParsedDocument
from tests.ingestion.reading import outline_of, read, text_of

FONTS = (
    rb"{\fonttbl{\f0\fnil\fcharset0 Calibri;}{\f1\fcharset238 Calibri;}{\f2\fcharset204 Arial;}"
    rb"{\f3\fcharset128{\*\panose 02}MS Mincho;}{\f4\fcharset163 Arial;}{\f5 Arial Greek;}"
    rb"{\f6\fcharset134 SimSun;}{\f7\fcharset77 Geneva;}{\f8\fcharset2 Symbol;}{\f9 Arial;}}"
)


def read_rtf(
    folder: Path, body: bytes, head: bytes = rb"\ansi\ansicpg1252\deff0"
) -> ParsedDocument:
    (folder / "a.rtf").write_bytes(rb"{\rtf1" + head + FONTS + b"\n" + body + b"}")
    return read(folder / "a.rtf")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb"L'\'e9t\'e9 \u339?uvre \emdash  fin\~: 5\'80", "L'été œuvre — fin : 5€"),
        (rb"A \u10132? B {\uc0 caf\u233 !} {\uc2 \u24180\'94\'4e abc}", "A ➔ B café! 年 abc"),
        (rb"Emoji \u-10179?\u-8704? fin", "Emoji 😀 fin"),
        (rb"Emoji {\b \u55357?}{\i\u56832?} fin, \u128512? direct", "Emoji 😀 fin, 😀 direct"),
        (rb"\u8217\rquote\u233\u233\b0 ?\u8364\bin3 \}}x", "’éé?€x"),
        (rb"{\f1 \'8a\'e1rka} {\f2 \'cf\'f0\'e8\'e2\'e5\'f2} {\f5\'e1\'e2}", "Šárka Привет αβ"),
        (rb"{\f3 \'93\'fa\'96\'7b\'83\\} {\f6 \'d6\'d0\'ceA}", "日本ソ 中蜛"),
        (rb"ph\u7903? {\f4 o\'f2} {\f7 \'8et\'8e}", "phở ọ été"),
        (b"L\xe9gende brute et \xc3\xa9crite", "Légende brute et Ã©crite"),
        ("Écrit en UTF-8 : été, 日本".encode(), "Écrit en UTF-8 : été, 日本"),
        (rb"{\b{\i Tout gras}}\strike\kerning0\zzz7{\*\zzz inconnu}\expnd0 .", "Tout gras."),
        (rb"{\f8 a\'b0\u-3920?} {\field{\*\fldinst SYMBOL 252 \\\\f Wingdings}"
         rb"{\fldrslt x}}", "α°° ✓"),
        (b"un m\\\r\not\\-cou\r\np\\_net", "un m\n\notcoup\u2011net"),
    ],
    ids=["cp1252", "fallbacks", "surrogates", "surrogates-in-groups", "skipped-words", "code-pages",
         "double-bytes", "vietnamese-and-mac", "raw-8-bit", "raw-utf-8", "only-bold",
         "symbols", "breaks"],
)  # fmt: skip
def test_characters(tmp_path: Path, body: bytes, expected: str) -> None:
    assert text_of(read_rtf(tmp_path, body)) == expected


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (rb"\ansi\ansicpg0", rb"\'e9t\'e9", "été"),
        (rb"\ansi\ansicpg1251", rb"\f9 \'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (rb"\ansi\ansicpg1251\deff0", rb"\'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (rb"\ansi\ansicpg936\deff0", rb"d\'e9j\'e0", "déjà"),
        (rb"\mac\deff9", rb"\'8et\'8e", "été"),
        (rb"\ansi\ansicpg65001\deff9", rb"\'c3\'a9t\'c3\'a9", "été"),
        (rb"\ansi\ansicpg4711\deff9", rb"\'e9t\'e9", "été"),
    ],
    ids=["page-0", "page-1251", "western-font", "french-in-936", "mac", "utf-8", "unknown"],
)
def test_code_page_of_document(tmp_path: Path, head: bytes, body: bytes, expected: str) -> None:
    assert text_of(read_rtf(tmp_path, body, head)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb"Vu{\footnote{\super\chftn} Une note.}, lu.\par Fin",
         ["Vu, lu.", "Note 1 : Une note.", "Fin"]),
        (rb"A{\*\atnid JD}{\*\atnauthor Jean}\chatn{\*\annotation{\*\atnref 1}\plain Avis.} B",
         ["A B", "[Jean: Avis.]"]),
        (rb"{\header En-t\'eate\par}{\footerf Pied}{\headerf En-t\'eate}Corps",
         ["En-tête", "Corps", "Pied"]),
        (rb"Avant{\shp{\*\shpinst\shpleft0{\sp{\sn n}{\sv secret}}{\shptxt Cadre\par}}"
         rb"{\shprslt Cadre}}", ["Avant", "Cadre"]),
        (rb"{\*\do\dobxpage{\dptxbxtext\pard Vieux cadre\par}}Suite", ["Suite", "Vieux cadre"]),
        (rb"Vu {\v secret}{\plain clair}{\deleted ray\'e9}{\v0 .}", ["Vu clair."]),
        (rb"Lien {\field{\*\fldinst HYPERLINK http://secret}{\fldrslt ici}}{\xe index}",
         ["Lien ici"]),
        (rb"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres1{\*\ffname nom}}}}"
         rb"{\fldrslt}} oui {\field{\*\fldinst FORMDROPDOWN"
         rb"{\*\formfield{\fftype2\ffres25\ffdefres1{\*\ffl A}{\*\ffl B}}}}}", ["☒ oui B"]),
        (rb"{\upr{ancien}{\*\ud{nouveau \u233?}}}", ["nouveau é"]),
        (b"A{\\pict\\wmetafile8 0102\nff}{\\*\\shppict{\\pict\\bin4 }}{\\}}"
         b"{\\object{\\*\\objdata 01}{\\result R}}", ["AR"]),
        (rb"{{\NeXTGraphic a.png \width1}\'ac}Suite", ["Suite"]),
        (rb"{\mmath{\*\moMath{\mr x=}{\*\mf{\*\mfPr a}{\*\mnum{\mr 1}}"
         rb"{\*\mden{\mr 2}}}}}", ["x=1/2"]),
    ],
    ids=["footnote", "comment", "headers", "text-box", "old-text-box", "hidden", "field", "form",
         "unicode-variant", "pictures", "apple-image", "formula"],
)  # fmt: skip
def test_what_a_reader_sees(tmp_path: Path, body: bytes, expected: list[str]) -> None:
    assert [text for _, text in outline_of(read_rtf(tmp_path, body))] == expected


def test_hidden_text_is_warned_of(tmp_path: Path) -> None:
    hidden, clear = read_rtf(tmp_path, rb"Vu {\v secret}"), read_rtf(tmp_path, rb"Vu {\v0 .}")
    assert hidden.warnings == (ParseWarning(WarningCode.HIDDEN_TEXT),)
    assert clear.warnings == ()


def test_embedded_files_are_named_and_equations_are_not(tmp_path: Path) -> None:
    def embedded(program: bytes, native: bytes = b"", form: int = 2) -> bytes:
        name = program + b"\x00"
        data = struct.pack("<III", 0x501, form, len(name)) + name + bytes(8) + native
        return rb"{\object\objemb{\*\objdata " + data.hex("\n", 20).encode() + b"}{\\result a}}"

    body = embedded(b"Package", b"\x02\x00budget.csv\x00C:\\") + embedded(b"Excel.Sheet.12")
    document = read_rtf(tmp_path, body + embedded(b"Equation.3") + embedded(b"Excel", form=1))
    assert text_of(document) == "aaaa"
    assert document.warnings == (
        ParseWarning(WarningCode.UNREAD_FILES, ("budget.csv", "Excel.Sheet.12")),
    )


def test_headings_lists_and_merged_cells(tmp_path: Path) -> None:
    document = read_rtf(
        tmp_path,
        rb"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\*\cs2 secret;}}"
        rb"{\info{\title Un titre \'e9crit}{\author secret}}"
        rb"\pard\s1 Partie\par\pard\outlinelevel1 Chapitre\par"
        rb"\pard{\listtext\f8\'b7\tab}\ls1 un\par{\pntext 2.\tab}\ilvl1 deux\par"
        rb"\trowd\cellx1000\cellx2000\cellx3000 Nom\cell Nombre\cell Lieu\cell\row"
        rb"\trowd\clvmgf\cellx1000\cellx3005\pard\intbl Droit\cell Ana\par Bob\cell\row"
        rb"\trowd\clvmrg\cellx1000\cellx2000\cellx3000\cell 2\par"
        rb"{\pard\intbl\itap2 a\nestcell b\nestcell{\*\nesttableprops\trowd\cellx9\nestrow}"
        rb"{\nonesttables\par}}\cell x\cell\row\pard Fin",
    )
    assert document.title == "Un titre écrit"
    assert outline_of(document) == [
        ("heading1", "Partie"),
        ("heading2", "Chapitre"),
        ("list_item", "- un"),
        ("list_item", "  2. deux"),
        ("table", "| Nom | Nombre | Lieu |\n| --- | --- | --- |\n| Droit | Ana Bob | Ana Bob |\n"
                  "| Droit | 2 a, b; | x |"),
        ("paragraph", "Fin"),
    ]  # fmt: skip


def test_broken_groups_lose_nothing_and_endless_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(rb"{\rtf1 {\b Un {\i deux")
    assert text_of(read(tmp_path / "a.rtf")) == "Un deux"
    (tmp_path / "a.rtf").write_bytes(b"{\\rtf1 " + b"{" * 200_000)
    with pytest.raises(UnsafeDocument):
        read(tmp_path / "a.rtf")
