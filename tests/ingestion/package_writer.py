"""Writes small zip packages for the tests: Office Open XML by hand, OpenDocument, EPUB."""

import zipfile
from pathlib import Path

TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


def write_zip(path: Path, parts: dict[str, str | bytes]) -> Path:
    """Write the parts in order; "mimetype" is stored, not compressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, compress_type=kind)
    return path


def relations(entries: dict[str, str], base: str = _RELATIONS) -> str:
    """Return a .rels part: "kind" → target, with ids rId1, rId2..."""
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{base}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(entries.items(), start=1)
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{links}</Relationships>'


def write_docx(
    path: Path,
    body: str,
    *,
    parts: dict[str, str] | None = None,
    files: dict[str, str | bytes] | None = None,
    strict: bool = False,
) -> Path:
    """Write a Word file of raw body XML; `parts` maps "footnotes" and the like to their XML, in
    which {ns} stands for the namespace declaration. `files` are inserted where the body has
    altChunk elements: "f1" is the id of the first."""
    space = STRICT if strict else TRANSITIONAL
    declaration = (
        f'xmlns:w="{space}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        f' xmlns:r="{_RELATIONS}"'
    )
    extra = parts or {}
    inserted = "".join(
        f'<Relationship Id="f{number}" Type="{_RELATIONS}/aFChunk" Target="{name}"/>'
        for number, name in enumerate(files or {}, start=1)
    )
    return write_zip(
        path,
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": relations(
                {"officeDocument": "word/document.xml"},
                _STRICT_RELATIONS if strict else _RELATIONS,
            ),
            "word/document.xml": f"<w:document {declaration}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(
                {kind: f"{kind}.xml" for kind in extra}
            ).replace("</Relationships>", f"{inserted}</Relationships>"),
            **{f"word/{name}": data for name, data in (files or {}).items()},
            **{f"word/{kind}.xml": xml.replace("{ns}", declaration) for kind, xml in extra.items()},
        },
    )


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def write_xlsx(
    path: Path,
    sheet: str,
    *,
    sheets: str = '<sheet name="Feuille" sheetId="1" r:id="rId1"/>',
    styles: str = "",
    strings: str = "",
    parts: dict[str, str | bytes] | None = None,
) -> Path:
    """Write a workbook of one sheet of raw XML; `parts` are added, or replace those written."""
    links = {"worksheet": "worksheets/sheet1.xml", "styles": "styles.xml",
             "sharedStrings": "sharedStrings.xml"}  # fmt: skip
    return write_zip(
        path,
        {
            "_rels/.rels": relations({"officeDocument": "xl/workbook.xml"}),
            "xl/workbook.xml": (
                f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets>'
                "</workbook>"
            ),
            "xl/_rels/workbook.xml.rels": relations(links),
            "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>',
            "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">{sheet}</worksheet>'
            ),
        }
        | (parts or {}),
    )


def write_pptx(path: Path, *slides: str, parts: dict[str, str | bytes] | None = None) -> Path:
    """Write a presentation of slides of raw XML (p:sld); `parts` are added or replace others."""
    names = [f"slide{number}.xml" for number in range(1, len(slides) + 1)]
    listing = "".join(f'<p:sldId id="{n}" r:id="s{n}"/>' for n in range(1, len(slides) + 1))
    links = "".join(
        f'<Relationship Id="s{n}" Type="{_RELATIONS}/slide" Target="slides/{name}"/>'
        for n, name in enumerate(names, start=1)
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return write_zip(
        path,
        {
            "_rels/.rels": relations({"officeDocument": "ppt/presentation.xml"}),
            "ppt/presentation.xml": (
                f'<p:presentation xmlns:p="{_SLIDES}" xmlns:r="{_RELATIONS}"><p:sldIdLst>{listing}'
                "</p:sldIdLst></p:presentation>"
            ),
            "ppt/_rels/presentation.xml.rels": (
                f'<Relationships xmlns="{space}">{links}</Relationships>'
            ),
        }
        | {
            f"ppt/slides/{name}": slide.replace(
                "<p:sld", f'<p:sld xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}"', 1
            )
            for name, slide in zip(names, slides, strict=True)
        }
        | (parts or {}),
    )


def shape(text: str, *, name: str = "", run: str = "") -> str:
    """Return a shape of a slide, with attributes of its name and properties of its run."""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="a" {name}/></p:nvSpPr><p:txBody><a:p><a:r>'
        f"<a:rPr>{run}</a:rPr><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def slide(*shapes: str, show: str = "") -> str:
    """Return a slide of shapes."""
    return f"<p:sld {show}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"


def damaged(path: Path, part: str) -> Path:
    """Change a byte in the middle of a part's compressed bytes, and return `path`."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(part)
    data = bytearray(path.read_bytes())
    head = data[info.header_offset : info.header_offset + 30]
    start = info.header_offset + 30 + head[26] + head[28]
    data[start + info.compress_size // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    return path


def paragraph(text: str, style: str = "") -> str:
    """Return a Word paragraph."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


_ODF = "".join(
    f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing",
        "presentation": "presentation", "style": "style", "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
    }.items()
)  # fmt: skip
_ODF += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'


def write_odf(
    path: Path,
    kind: str,
    body: str,
    *,
    styles: str = "",
    parts: dict[str, str | bytes] | None = None,
) -> Path:
    """Write an OpenDocument of `kind` ("text", "spreadsheet", "presentation"), with automatic
    styles; `parts` are added."""
    return write_zip(
        path,
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": (
                f"<office:document-content{_ODF}><office:automatic-styles>{styles}"
                f"</office:automatic-styles><office:body><office:{kind}>{body}"
                f"</office:{kind}></office:body></office:document-content>"
            ),
        }
        | (parts or {}),
    )


def write_epub(
    path: Path,
    chapters: list[str],
    title: str = "Un livre",
    *,
    parts: dict[str, str | bytes] | None = None,
) -> Path:
    """Write a book of XHTML bodies; `parts` are added."""
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return write_zip(
        path,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": (
                '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
            ),
            "OPS/book.opf": (
                '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
                f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
                f"<dc:language>fr</dc:language></metadata><manifest>{items}</manifest>"
                f"<spine>{spine}</spine></package>"
            ),
            **{
                f"OPS/c{n}.xhtml": (
                    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
                    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>'
                    f"<body>{chapter}</body></html>"
                )
                for n, chapter in enumerate(chapters)
            },
        }
        | (parts or {}),
    )
