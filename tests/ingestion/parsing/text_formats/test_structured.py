"""JSON and XML: names, values, records, prose."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import UnsafeDocument
from ingestion.parsing import media_types
from tests.ingestion.reading import outline_of, read, text_of


def json_outline(folder: Path, value: Any) -> list[tuple[str, str]]:
    (folder / "a.json").write_text(json.dumps(value))
    return outline_of(read(folder / "a.json"))


def test_json_object_has_headings_lines_and_lists(tmp_path: Path) -> None:
    value = {"title": "Master", "ouvert": True, "parcours": {"nom": "Droit", "places": 30},
             "mots": ["a", "b"], "notes": [["x" * 200]], "vide": None}  # fmt: skip
    assert json_outline(tmp_path, value) == [
        ("paragraph", "title: Master\nouvert: true"),
        ("heading1", "parcours"),
        ("paragraph", "nom: Droit\nplaces: 30"),
        ("paragraph", "mots: a, b"),
        ("heading1", "notes"),
        ("heading2", "1"),
        ("list_item", "- " + "x" * 200),
    ]
    assert read(tmp_path / "a.json").title == "Master"


def test_similar_objects_are_a_table(tmp_path: Path) -> None:
    value = [{"code": "L1", "ects": 60, "sites": ["A", "B"]}, {"code": "L2", "ects": 60.5}]
    assert json_outline(tmp_path, value) == [
        (
            "table",
            "| code | ects | sites |\n| --- | --- | --- |\n| L1 | 60 | A, B |\n| L2 | 60.5 |  |",
        )
    ]


def test_lines_of_json(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"q": "Où ?", "r": "Ici."}\n{"q": "Quand ?", "r": "Lundi."}\n'
    )
    assert "| Quand ? | Lundi. |" in text_of(read(tmp_path / "a.jsonl"))


@pytest.mark.parametrize("text", ['{"a": "texte', "[" * 100_000, '{"a": 1} {"b"', "NaN NaN"])
def test_damaged_json_is_read_as_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    document = read(tmp_path / "a.json")
    assert (document.media_type, text_of(document)) == (media_types.JSON, text)


def test_deep_json_is_read(tmp_path: Path) -> None:
    text = '{"a":' * 200 + '"fond"' + "}" * 200
    (tmp_path / "a.json").write_text(text)
    assert "fond" in text_of(read(tmp_path / "a.json"))


XML = """<?xml version="1.0" encoding="iso-8859-1"?>
<chapter xmlns="http://docbook.org/ns/docbook" version="5">
  <title>Scolarité</title>
  <para>Le <emphasis>quitus</emphasis> est
    exigé.</para>
  <section><title>Délais</title><itemizedlist><listitem><para>Un mois</para></listitem>
    </itemizedlist></section>
  <table><row id="1"><code>L1</code><ects>60</ects></row>
    <row id="2"><code>L2</code><ects>30</ects></row></table>
  <contact><nom>Anne</nom><bureau numero="12"/></contact>
</chapter>"""


def test_xml_has_titles_prose_records_and_values(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(XML.encode("iso-8859-1"))
    document = read(tmp_path / "a.xml")
    assert (document.media_type, document.title) == (media_types.XML, "Scolarité")
    assert outline_of(document) == [
        ("heading1", "Scolarité"),
        ("paragraph", "version: 5"),
        ("paragraph", "Le quitus est exigé."),
        ("heading2", "Délais"),
        ("paragraph", "Un mois"),
        ("table", "| id | code | ects |\n| --- | --- | --- |\n| 1 | L1 | 60 |\n| 2 | L2 | 30 |"),
        ("paragraph", "nom: Anne\nbureau: numero=12"),
    ]


def test_feed_loses_the_tags_in_its_texts(tmp_path: Path) -> None:
    item = "<item><title>Un</title><description>&lt;p&gt;Deux &lt;b&gt;mots&lt;/b&gt;&lt;/p&gt;"
    (tmp_path / "a").write_text(f"<?xml version='1.0'?><rss>{item}</description></item></rss>")
    assert outline_of(read(tmp_path / "a")) == [
        ("heading1", "Un"),
        ("paragraph", "description: Deux mots"),
    ]


def test_damaged_xml_is_read_as_its_text(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<?xml version='1.0'?><a><b>Texte à lire</b><c>")
    assert text_of(read(tmp_path / "a.xml")) == "Texte à lire"


def test_entities_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>')
    with pytest.raises(UnsafeDocument):
        read(tmp_path / "a.xml")


def test_deep_xml_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a>" * 240 + "fond" + "</a>" * 240)
    assert text_of(read(tmp_path / "a.xml")).endswith("fond")
