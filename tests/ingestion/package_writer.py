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
    path: Path, body: str, *, parts: dict[str, str] | None = None, strict: bool = False
) -> Path:
    """Write a Word file of raw body XML; `parts` maps "footnotes" and the like to their XML, in
    which {ns} stands for the namespace declaration."""
    space = STRICT if strict else TRANSITIONAL
    declaration = (
        f'xmlns:w="{space}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    )
    extra = parts or {}
    return write_zip(
        path,
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": relations(
                {"officeDocument": "word/document.xml"},
                _STRICT_RELATIONS if strict else _RELATIONS,
            ),
            "word/document.xml": f"<w:document {declaration}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations({kind: f"{kind}.xml" for kind in extra}),
            **{f"word/{kind}.xml": xml.replace("{ns}", declaration) for kind, xml in extra.items()},
        },
    )


def paragraph(text: str, style: str = "") -> str:
    """Return a Word paragraph."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


_ODF = "".join(
    f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing",
        "presentation": "presentation", "style": "style",
    }.items()
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def write_odf(path: Path, kind: str, body: str) -> Path:
    """Write an OpenDocument of `kind` ("text", "spreadsheet", "presentation")."""
    return write_zip(
        path,
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": (
                f"<office:document-content{_ODF}><office:body><office:{kind}>{body}"
                f"</office:{kind}></office:body></office:document-content>"
            ),
        },
    )


def write_epub(path: Path, chapters: list[str], title: str = "Un livre") -> Path:
    """Write a book of XHTML bodies."""
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
        },
    )
