"""PDF: what no reader sees, what readers filled in, and what is not on the pages."""

import base64
from pathlib import Path

import pytest

from ingestion.parse_warnings import ParseWarning, WarningCode
from tests.ingestion.pdf_writer import stream, write_objects
from tests.ingestion.reading import read, text_of

FONT = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>"


def write(
    path: Path,
    content: bytes,
    *objects: bytes,
    catalog: bytes = b"",
    page: bytes = b"",
    resources: bytes = b"",
    content_filter: bytes = b"",
) -> Path:
    """Write a page of raw content; `objects` are numbered from 5."""
    return write_objects(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
            b"/Resources<<%s%s>>%s>>" % (FONT, resources, page),
            stream(content, content_filter),
            *objects,
        ],
    )


def line(text: bytes, y: int, x: int = 60) -> bytes:
    return b"BT /F1 12 Tf 1 0 0 1 %d %d Tm (%s) Tj ET " % (x, y, text)


def layer(text: bytes, name: bytes, y: int) -> bytes:
    return b"/OC /%s BDC " % name + line(text, y) + b"EMC "


SHOWN = line(b"Toujours visible", 700)
OFF = b"/OCProperties<</OCGs[5 0 R 6 0 R]/D<</OFF[6 0 R]>>>>"
BASE_OFF = b"/OCProperties<</OCGs[5 0 R 6 0 R]/D<</BaseState/OFF/ON[5 0 R]>>>>"


@pytest.mark.parametrize("state", [OFF, BASE_OFF], ids=["off", "base-state-off"])
@pytest.mark.parametrize(
    "membership",
    [
        b"6 0 R",
        b"<</Type/OCMD/OCGs 6 0 R>>",
        b"<</Type/OCMD/OCGs[5 0 R 6 0 R]/P/AllOn>>",
        b"<</Type/OCMD/OCGs[5 0 R]/P/AllOff>>",
        b"<</Type/OCMD/VE[/And 5 0 R[/Not[/Not 6 0 R]]]>>",
    ],
    ids=["group", "any-on", "all-on", "all-off", "expression"],
)
def test_layers_that_are_off_are_left_out(tmp_path: Path, state: bytes, membership: bytes) -> None:
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<<%s>>" % FONT
    document = read(
        write(
            tmp_path / "a.pdf",
            SHOWN + layer(b"Montre", b"A", 680) + layer(b"secret", b"B", 660) + b"/X Do /Y Do",
            b"<</Type/OCG/Name(a)>>",
            b"<</Type/OCG/Name(b)>>",
            stream(line(b"secret", 640), form + b"/OC 6 0 R"),
            stream(
                line(b"Dans un cadre", 620) + layer(b"secret", b"B", 600),
                form[:-2] + b"/Properties<</B 6 0 R>>>>",
            ),
            catalog=state,
            resources=b"/Properties<</A 5 0 R/B %s>>/XObject<</X 7 0 R/Y 8 0 R>>" % membership,
        )
    )
    assert text_of(document).split() == ["Toujours", "visible", "Montre", "Dans", "un", "cadre"]
    assert document.warnings == (ParseWarning(WarningCode.HIDDEN_TEXT),)


@pytest.mark.parametrize(
    ("content", "page", "expected"),
    [
        (line(b"secret", 780), b"/CropBox[50 50 550 750]", WarningCode.HIDDEN_TEXT),
        (line(b"secret", -30), b"", WarningCode.HIDDEN_TEXT),
        (line(b"secret", 400, 900), b"/Rotate 90", WarningCode.HIDDEN_TEXT),
    ],
    ids=["crop-box", "below", "rotated"],
)
def test_text_out_of_sight_is_left_out_and_said(
    tmp_path: Path, content: bytes, page: bytes, expected: WarningCode | None
) -> None:
    document = read(write(tmp_path / "a.pdf", SHOWN + content, page=page))
    assert "Toujours visible" in text_of(document)
    assert "secret" not in text_of(document)
    assert document.warnings == ((ParseWarning(expected),) if expected else ())


LETTERS = line(b"Masque", 600)
INVISIBLE_MODE = b"3 Tr " + LETTERS + b"0 Tr "
BAR = b"40 590 200 30 re f "
SMALL_IMAGE = b"q 200 0 0 40 50 590 cm /I Do Q "
WHOLE_PAGE = b"q 600 0 0 800 0 0 cm /I Do Q "


@pytest.mark.parametrize(
    ("content", "page"),
    [
        (b"1 g " + LETTERS, b""),
        (b"1 g " + LETTERS + b"0 g 40 100 m 500 100 l S ", b""),
        (b"0.99 0.98 1 rg " + LETTERS, b"/Rotate 90"),
        (INVISIBLE_MODE, b"/CropBox[10 10 590 790]"),
        (b"/T gs " + LETTERS, b""),
        (LETTERS + BAR, b""),
        (BAR + LETTERS, b""),
        (LETTERS + SMALL_IMAGE, b""),
        (line(b"Visible", 600) + b"1 g " + line(b"Masque", 600, 110), b""),
        (b"BT /F1 1 Tf 1 0 0 1 60 600 Tm (Masque) Tj ET ", b""),
    ],
    ids=["white", "white-and-rule", "rotated", "mode", "see-through", "under-bar", "on-its-colour",
         "under-image", "end-of-line", "tiny"],
)  # fmt: skip
def test_invisible_text_is_read_and_said(tmp_path: Path, content: bytes, page: bytes) -> None:
    document = read(write_drawn(tmp_path / "a.pdf", content, page))
    assert "Masque" in text_of(document)
    assert document.warnings == (ParseWarning(WarningCode.INVISIBLE_TEXT, ("1",)),)


@pytest.mark.parametrize(
    "content",
    [
        BAR + b"1 g " + LETTERS,
        b"0.9 g " + BAR + b"0 g " + LETTERS,
        LETTERS + b"1 1 0 rg /M gs " + BAR,
        LETTERS + b"40 590 200 30 re S ",
        WHOLE_PAGE + INVISIBLE_MODE,
        LETTERS + WHOLE_PAGE,
        b"BT /F1 1 Tf 12 0 0 12 60 600 Tm (Masque) Tj ET ",
    ],
    ids=["white-on-black", "shaded", "highlighted", "framed", "scan", "under-scan", "matrix"],
)
def test_visible_text_is_not_warned_of(tmp_path: Path, content: bytes) -> None:
    document = read(write_drawn(tmp_path / "a.pdf", content))
    assert "Masque" in text_of(document)
    assert document.warnings == ()


def write_drawn(path: Path, content: bytes, page: bytes = b"") -> Path:
    """Write a page of content, which may draw a grey image and look through."""
    image = b"/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"
    return write(
        path,
        SHOWN + content,
        stream(b"\x80", image),
        page=page,
        resources=b"/XObject<</I 5 0 R>>/ExtGState<</T<</ca 0>>/M<</BM/Multiply>>>>",
    )


def test_values_of_form_fields(tmp_path: Path) -> None:
    fields = [
        b"/FT/Tx/T(Nom)/V(Dupont)",
        b"/Parent 14 0 R",
        b"/FT/Ch/Ff 131072/T(Pays)/V(FR)/Opt[[(FR)(France)][(BE)(Belgique)]]",
        b"/FT/Ch/Ff 2097152/T(Choix)/V[(a)(c)]/Opt[[(a)(Alpha)][(b)(Beta)][(c)(Gamma)]]",
        b"/FT/Btn/T(Boursier)/V/Oui/AS/Oui",
        b"/FT/Btn/T(Absent)/V/Off/AS/Off",
        b"/FT/Tx/T(Masque)/V(secret)/F 2",
        b"/FT/Btn/Ff 65536/T(Envoyer)/MK<</CA(Envoyer)>>",
        b"/Parent 15 0 R/AS/Mme",
    ]
    widgets = [
        b"<</Type/Annot/Subtype/Widget/Rect[10 %d 90 %d]%s>>" % (700 - 20 * n, 715 - 20 * n, field)
        for n, field in enumerate(fields)
    ]
    numbers = b" ".join(b"%d 0 R" % (5 + n) for n in range(len(fields)))
    document = read(
        write(
            tmp_path / "a.pdf",
            SHOWN,
            *widgets,
            b"<</FT/Tx/T(Prenom)/V(Ana)/Kids[6 0 R]>>",
            b"<</FT/Btn/Ff 32768/T(Titre)/V/Mme/Kids[13 0 R]>>",
            catalog=b"/AcroForm<</Fields[%s 14 0 R 15 0 R]>>" % numbers,
            page=b"/Annots[%s]" % numbers,
        )
    )
    assert text_of(document).split("\n\n") == [
        "Toujours visible", "Nom: Dupont", "Prenom: Ana", "Pays: France", "Choix: Alpha, Gamma",
        "Boursier: ☒", "Titre: Mme",
    ]  # fmt: skip


def test_form_in_xfa_gives_its_data_and_a_warning(tmp_path: Path) -> None:
    packets = (
        b"<template><field><caption><value><text>Nom du demandeur</text></value></caption></field>"
        b"</template>",
        b"<x:datasets xmlns:x='u'><x:data><f><Nom>Camille</Nom><Vide/></f></x:data></x:datasets>",
    )
    document = read(
        write(
            tmp_path / "a.pdf",
            line(b"Please wait...", 700),
            stream(packets[0]),
            stream(packets[1]),
            catalog=b"/AcroForm<</Fields[]/XFA[(template) 5 0 R(datasets) 6 0 R]>>",
        )
    )
    assert "Nom du demandeur\n\nNom: Camille" in text_of(document)
    assert document.warnings == (ParseWarning(WarningCode.UNREAD_FORM),)


def test_embedded_files_are_warned_of(tmp_path: Path) -> None:
    document = read(
        write(
            tmp_path / "a.pdf",
            SHOWN,
            b"<</Type/Filespec/F(budget.csv)/UF(budget.csv)/EF<</F 6 0 R>>>>",
            stream(b"a;b", b"/Type/EmbeddedFile"),
            b"<</Type/Filespec/F(plan.pdf)/UF(plan.pdf)/EF<</F 6 0 R>>>>",
            catalog=b"/Names<</EmbeddedFiles<</Names[(budget.csv) 5 0 R]>>>>/Collection<<>>",
            page=b"/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 7 0 R>>]",
        )
    )
    assert document.warnings == (
        ParseWarning(WarningCode.UNREAD_FILES, ("budget.csv", "plan.pdf")),
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [(b"[0<</S/r>>]", "i"), (b"[0<</S/D/St 1>>]", ""), (b"[0<</S/D/P(A-)/St 7>>]", "A-7"),
     (b"[0<</S/A/St 28>>]", "BB")],
    ids=["roman", "same-as-number", "prefix", "letters"],
)  # fmt: skip
def test_page_labels(tmp_path: Path, labels: bytes, expected: str) -> None:
    path = write(tmp_path / "a.pdf", SHOWN, catalog=b"/PageLabels<</Nums%s>>" % labels)
    assert [page.label for page in read(path).pages] == [expected]


def test_filter_that_pypdf_refuses_is_no_crash(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.pdf",
        base64.a85encode(SHOWN) + b"~>",
        b"<</Type/OCG/Name(a)>>",
        b"<</Type/OCG/Name(b)>>",
        catalog=OFF,
        content_filter=b"/Filter/A85",
    )
    assert text_of(read(path)) == "Toujours visible"
