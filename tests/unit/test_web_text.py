"""What the page writes: text made harmless, French, blocks, cards, diagrams."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.domain import Answer, Cell, Citation, Source, Table
from assistant.presentation import french_date
from assistant.web import french
from assistant.web.answers import answer_html, question_html
from assistant.web.blocks import blocks_of, without_markers
from assistant.web.cards import panel_html, sentence_anchor
from assistant.web.conversations import Turn
from assistant.web.export import cite_block, pieces, reference, to_docx, to_markdown, to_odt
from assistant.web.markup import encode, encode_inline, visible, web_address

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "![](https://evil.example/?q=1)",
    "[clic](javascript:alert(1))",
    "<form action=https://evil.example>",
    "$$\\href{https://evil.example}{x}$$",
    "`code` **gras** # titre | table",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "&lt;script&gt; &#60;",
)


def citation(
    n: int = 1, *, quote: str = "La phrase citée.", url: str | None = "https://a.example/x"
) -> Citation:
    """Return a citation whose passage is longer than its quote."""
    passage = f"Avant. {quote} Après."
    return Citation(
        n=n, document="fiche-a", title="Fiche A", type="fiche", path="fiches/a.md", section="Conservation",
        page=None, passage=passage, quote=quote, start=7, end=7 + len(quote),
        source=Source("a-01", "Politique, A", url, "2020-01-16"), updated="2026-10-01",
    )  # fmt: skip


def answered(text: str, *, table: Table | None = None, citations: tuple[Citation, ...] = ()) -> Turn:
    """Return a turn whose answer is shown whole."""
    answer = Answer("Q ?", "fait", abstained=False, answer=text, citations=citations, table=table)
    return Turn(1, "Q ?", answer, shown=None, build=("b1", "1er octobre 2026"))


@pytest.mark.parametrize("text", HOSTILE)
def test_encoded_text_spells_no_markup(text: str) -> None:
    """No character that HTML, Markdown or TeX reads is left as itself."""
    found = encode(text)
    assert not set(found) & set("<>\"'`*_[]()!$\\|{}/")
    assert "&lt;" not in found


def test_encoding_keeps_plain_french_readable() -> None:
    """French letters, guillemets and narrow spaces pass unchanged."""
    assert encode("« L’été à 30\u202fjours »") == "« L’été à 30\u202fjours »"


def test_invisible_characters_are_dropped() -> None:
    """Direction overrides and zero-width characters can make a text lie."""
    assert visible("a\u202eb\u200bc\x00d") == "abcd"
    assert visible("a\uffffb\ud800c\u3164\ufe0fd") == "abcd"
    assert visible("a" + "\u0335" * 40) == "a\u0335\u0335"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//x",
        "http://[",
        "ftp://a/b",
        "https://cnil.fr@a.example/",
        "https:\\\\a.example",
        "http://\u202e/",
        "http://a.example>b",
        "http://" + "é" * 80 + ".fr/",
    ],
)
def test_only_web_addresses_are_links(url: str | None) -> None:
    """Any other scheme is shown as nothing to click."""
    assert web_address(url) is None


def test_a_host_in_borrowed_letters_is_shown_as_the_network_knows_it() -> None:
    """« аpple » in Cyrillic is not « apple »."""
    assert web_address("https://\u0430pple.com/x?y=é") == "https://xn--pple-43d.com/x?y=é"
    assert web_address("https://a.example/x#y") == "https://a.example/x#y"


def test_markers_cling_to_the_word_before() -> None:
    """A marker alone at the start of a line reads as a list number."""
    assert encode_inline("Un **fait** [1][2]", lambda n: f"<{n}>") == "Un <strong>fait</strong>&nbsp;<1><2>"


def test_an_unknown_marker_shows_nothing() -> None:
    """A number that no citation bears is not a link to nowhere."""
    html = answer_html(answered("Un fait [7]", citations=(citation(),)), "jeton")
    assert "t1-s7" not in html


def test_a_table_stands_once_and_comes_from_the_answer() -> None:
    """The Markdown of the table is dropped: its cells are read from the value."""
    table = Table(
        ("Fournisseur", "Durée"),
        ((Cell("A"), Cell("30 jours", (1,))), (Cell("B"), Cell("silence du dossier"))),
    )
    turn = answered(
        "Voici :\n\n| Fournisseur | Durée |\n| --- | --- |\n| A | 30 jours [1] |",
        table=table,
        citations=(citation(),),
    )
    assert [b.kind for b in blocks_of(turn.answer)] == ["paragraph", "table"]
    html = answer_html(turn, "jeton")
    assert html.count("<table>") == 1
    assert 'class="silence"' in html
    assert 'href="#t1-s1"' in html


def test_items_and_paragraphs_are_told_apart() -> None:
    """Each is a block that can be cited by itself."""
    answer = answered("# Titre\n\nUn.\n- deux [1]\n- trois").answer
    assert answer is not None
    assert [(b.kind, b.text) for b in blocks_of(answer)] == [
        ("heading", "Titre"), ("paragraph", "Un."), ("item", "deux [1]"), ("item", "trois"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_everywhere(text: str) -> None:
    """Question, answer, quote, title and source show it, none lets it act."""
    turn = answered(f"{text} [1]", citations=(citation(quote=text, url=f"https://a.example/{text}"),))
    turn.question = text
    html = (
        question_html(turn) + answer_html(turn, "jeton") + panel_html([turn], "jeton", stale_after_days=500)
    )
    for forbidden in ("<script", "<img", "<form", "onerror=", "javascript:", "](", "$$", "{{"):
        assert forbidden not in html


def test_the_card_highlights_the_quote_and_names_the_primary_source() -> None:
    """The chain is statement, sentence, primary source."""
    html = panel_html([answered("x [1]", citations=(citation(),))], "jeton", stale_after_days=500)
    assert "Avant&#46; <mark>La phrase citée&#46;</mark> Après&#46;" in html
    assert "Source primaire" in html
    assert "16\u00a0janvier\u00a02020" in html
    assert f"/document/fiche-a#{sentence_anchor('La phrase citée.')}" in html


def test_an_old_source_bears_a_badge() -> None:
    """Its age is compared with the setting."""
    turn = answered("x [1]", citations=(citation(),))
    assert 'class="ancien"' in panel_html([turn], "jeton", stale_after_days=500)
    assert 'class="ancien"' not in panel_html([turn], "jeton", stale_after_days=50_000)


@pytest.mark.parametrize(
    ("iso", "written"),
    [
        ("2026-01-16", "16\u00a0janvier\u00a02026"),
        ("2026-03-01", "1er\u00a0mars\u00a02026"), ("2026-03", "mars\u00a02026"),
        ("2026", "2026"), (None, ""), ("bientôt", "bientôt"), ("2026-13-01", "2026-13-01"),
    ],
)  # fmt: skip
def test_dates_are_french(iso: str | None, written: str) -> None:
    """A date that is none is shown as it stands."""
    assert french_date(iso) == written


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Qui ? Moi ; oui !", "Qui\u202f? Moi\u202f; oui\u202f!"),
        ("deux points : « ici »", "deux points\u00a0: «\u00a0ici\u00a0»"),
        ("12 500 euros, 40 % en 2026", "12\u202f500 euros, 40\u202f% en 2026"),
        ("12:30, http://a.example ; 2026 12", "12:30, http://a.example\u202f; 2026 12"),
    ],
)
def test_no_sign_begins_a_line(text: str, printed: str) -> None:
    """Spaces alone change, so that a quotation stays word for word the dossier's."""
    assert french.spaced(text) == printed
    assert french.spaced(text).split() == text.split()
    assert french.spaced(french.spaced(text)) == french.spaced(text)


def test_our_own_words_have_printed_apostrophes() -> None:
    """Quoted ones keep those that the document has."""
    assert french.typeset("d'après l'attribut 'x'") == "d’après l’attribut 'x'"
    quoted = answered("L'effacement d'un compte [1]", citations=(citation(),))
    ours = answered("D'après l'attribut, rien.")
    assert "L&#39;effacement d&#39;un" in answer_html(quoted, "jeton")
    assert "D’après l’attribut" in answer_html(ours, "jeton")


def test_numbers_and_plurals_are_french() -> None:
    """Below two is singular; thousands are parted by a narrow space that does not break."""
    assert french.count(0, "document") == "0\u00a0document"
    assert french.count(1, "document") == "1\u00a0document"
    assert french.count(12_345, "document") == "12\u202f345\u00a0documents"


def test_an_incomplete_date_counts_from_its_end() -> None:
    """A source of 2025 is not called old on the 2nd of January 2026."""
    assert french.age_in_days("2025", date(2026, 1, 2)) == 5
    assert french.age_in_days(None, date(2026, 1, 2)) is None


@pytest.mark.parametrize(
    ("label", "lowered"),
    [
        ("Lieu de stockage (pro)", "lieu de stockage (pro)"), ("HDS", "HDS"),
        ("Cloud Act", "Cloud Act"), ("ISO 27001", "ISO 27001"),
    ],
)  # fmt: skip
def test_names_keep_their_capitals(label: str, lowered: str) -> None:
    """A label inside a sentence begins small, unless it is a name."""
    assert french.lower_first(label) == lowered


def test_a_statement_is_cited_in_footnote_form() -> None:
    """What is copied is the statement, its mark and its reference down to the primary source."""
    turn = answered("Un **fait**. [1]", citations=(citation(),))
    assert turn.answer is not None
    text = cite_block(blocks_of(turn.answer)[0], turn.answer)
    assert text.startswith("Un fait.[^1]\n\n[^1]: Fiche A, «\u00a0Conservation\u00a0»")
    assert "https://a.example/x" in text
    assert without_markers("Un **fait**. [1]") == "Un fait."


def test_the_three_files_say_the_same() -> None:
    """Question, statement, table, reference, date and index are in each."""
    from io import BytesIO

    from docx import Document
    from odf.opendocument import load
    from odf.teletype import extractText

    table = Table(("Fournisseur", "Durée"), ((Cell("A"), Cell("30 jours", (1,))),))
    turn = answered("Un fait [1]", table=table, citations=(citation(),))
    content = pieces([turn], title="Réponses")
    markdown = to_markdown(content).decode()
    docx = Document(BytesIO(to_docx(content)))
    word = "\n".join(
        [p.text for p in docx.paragraphs] + [c.text for r in docx.tables[0].rows for c in r.cells]
    )
    odt = extractText(load(BytesIO(to_odt(content))).text)
    for text in (markdown, word, odt):
        for wanted in ("Q ?", "Un fait", "30 jours", "La phrase citée.", "a.example/x", "1er octobre 2026"):
            assert wanted in text
    assert "[^1-1]: " in markdown


def test_a_reference_without_source_stops_at_the_dossier() -> None:
    """No primary source is invented."""
    from dataclasses import replace

    assert "Source primaire" not in reference(replace(citation(), source=None))
