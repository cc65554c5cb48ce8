"""HTML pages: the text, as structure, and nothing of what surrounds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.corpus import Limits, read_document
from assistant.domain import Document, Source
from assistant.errors import EmptyDocumentError, UnreadableDocumentError


def _read(tmp_path: Path, page: str, encoding: str = "utf-8") -> Document:
    (tmp_path / "page.html").write_bytes(page.encode(encoding))
    return read_document(tmp_path, "page.html")


def _texts(document: Document) -> list[str]:
    return [s.text for section in document.sections for s in section.sentences]


def test_headings_are_sections_and_the_first_is_the_title(tmp_path: Path) -> None:
    """<h1> rather than <title>, which also names the site."""
    page = """<title>Guide | CNIL</title><h1>Le guide</h1><p>Un.</p>
    <h2>Durées</h2><p>Deux.</p><h3>Logs</h3><p>Trois."""
    document = _read(tmp_path, page)
    assert document.title == "Le guide"
    assert [s.heading for s in document.sections] == [None, "Durées", "Durées > Logs"]


def test_what_surrounds_the_text_is_left_out(tmp_path: Path) -> None:
    """Menus, banners, scripts, forms and hidden parts."""
    page = """<header><p>Logo du site</p></header><nav>Accueil</nav>
    <div class="cookie-banner">Acceptez-vous ?</div>
    <script>alert("non")</script><style>p {}</style><p>Le texte.</p><div hidden>Caché.</div>
    <div role="search">Chercher</div><ul class="share"><li><a href="x">Partager</a></li></ul>
    <aside>À lire aussi</aside><form><button>Envoyer</button></form><footer>Mentions</footer>"""
    assert _texts(_read(tmp_path, page)) == ["Le texte."]


def test_the_main_element_is_preferred(tmp_path: Path) -> None:
    """Everything outside is the site's."""
    text = "Une phrase assez longue pour compter comme le contenu de la page. " * 5
    document = _read(
        tmp_path, f"<div>Bandeau du site.</div><main><aside>Remarque.</aside><p>{text}</p></main>"
    )
    assert "Remarque." in _texts(document)
    assert not any("Bandeau" in t for t in _texts(document))


def test_each_row_of_a_table_names_its_columns(tmp_path: Path) -> None:
    """Merged cells are repeated where they reach."""
    page = """<table><caption>Tarifs</caption><thead><tr><th>Offre<th>Plan<th>Prix</thead>
    <tr><td rowspan=2>Zéphyr<td>Plus<td>20 €<tr><td>Pro<td>30 €</table>"""
    assert _texts(_read(tmp_path, page)) == [
        "Tarifs",
        "Offre\u00a0: Zéphyr ; Plan\u00a0: Plus ; Prix\u00a0: 20 €",
        "Offre\u00a0: Zéphyr ; Plan\u00a0: Pro ; Prix\u00a0: 30 €",
    ]


def test_a_table_that_lays_out_is_no_table(tmp_path: Path) -> None:
    """Old pages put their text in cells."""
    page = "<table role=presentation><tr><td><p>Un.</p><p>Deux.</p></td><td>Trois.</td></tr></table>"
    assert _texts(_read(tmp_path, page)) == ["Un.", "Deux.", "Trois."]


def test_raised_links_are_footnotes(tmp_path: Path) -> None:
    """Their text is the source, not a sentence of the page."""
    page = """<p>Un fait.<sup><a href="#n1">[1]</a></sup> Un autre.</p>
    <ol><li id="n1">↑ CNIL, guide. 2025-03-02. <a href="https://cnil.fr/guide">en ligne</a></li></ol>"""
    document = _read(tmp_path, page)
    assert [(s.text, s.notes) for s in document.sections[0].sentences] == [
        ("Un fait.", ("note-1",)),
        ("Un autre.", ()),
    ]
    assert document.sources[0].url == "https://cnil.fr/guide"
    assert document.sources[0].date == "2025-03-02"
    assert isinstance(document.sources[0], Source)


def test_author_and_date_come_from_the_head(tmp_path: Path) -> None:
    """Where the page states them."""
    head = (
        '<meta name="author" content="Zoé"><meta property="article:modified_time" content="2026-02-03T10:00">'
    )
    document = _read(tmp_path, f"<head>{head}</head><p>Texte.")
    assert (document.author, document.updated) == ("Zoé", "2026-02-03")


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=iso-8859-1>", "cp1252"),
        ("<meta charset=utf-16>", "utf-8"),
        ("<meta charset=nul>", "cp1252"),
        ("", "utf-16"),
    ],
)
def test_accents_come_out_right(head: str, encoding: str, tmp_path: Path) -> None:
    """Whatever the page declares or forgets to."""
    assert _texts(_read(tmp_path, f"{head}<p>L’hébergé à l’œuvre.", encoding)) == ["L’hébergé à l’œuvre."]


def test_lists_and_breaks(tmp_path: Path) -> None:
    """An item opens a line, a break is a space, code is one piece."""
    document = _read(tmp_path, "<ul><li>Un<li>Deux<br>trois</ul><pre>a = 1. B\n</pre>")
    assert _texts(document) == ["Un", "Deux trois", "a = 1. B"]
    assert all(s.opens for s in document.sections[0].sentences)


def test_too_deep_a_page_is_told(tmp_path: Path) -> None:
    """And names the limit."""
    (tmp_path / "a.html").write_text("<div>" * 60 + "Fond.", encoding="utf-8")
    assert read_document(tmp_path, "a.html").sections
    with pytest.raises(UnreadableDocumentError, match="plus de 50 éléments"):
        read_document(tmp_path, "a.html", limits=Limits(max_depth=50))


@pytest.mark.parametrize("page", ["", "<p></p>", "<script>x</script>", "<!-- rien -->"])
def test_a_page_without_text_is_told(page: str, tmp_path: Path) -> None:
    """As any file without text."""
    with pytest.raises(EmptyDocumentError):
        _read(tmp_path, page)
