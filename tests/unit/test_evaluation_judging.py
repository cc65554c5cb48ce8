"""What counts as a right answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain import Answer, Cell, Citation, Source, Statement, Table
from assistant.evaluation.judging import Judgement, holds_value, judge
from assistant.evaluation.questions import Question

TITLES = {"nordix": "Nordix Boréal", "cumulus": "Cumulus Zéphyr"}
NAMES = frozenset({"nordix", "boreal", "cumulus", "zephyr"})


def _citation(n: int, document: str, quote: str, *notes: str) -> Citation:
    return Citation(
        n,
        document,
        document,
        "fiche",
        f"{document}.md",
        None,
        None,
        f"{quote} Suite.",
        quote,
        0,
        len(quote),
        sources=tuple(Source(i, i) for i in notes),
    )


def _answer(*cited: tuple[str, str, str], **more: object) -> Answer:
    """Return an answer of one statement for each (document, quote, note)."""
    citations = tuple(_citation(n, d, q, i) for n, (d, q, i) in enumerate(cited, 1))
    statements = tuple(Statement(c.quote, (c.n,)) for c in citations)
    text = "\n\n".join(f"{s.text} [{s.citations[0]}]" for s in statements)
    answer = Answer("?", "fait", abstained=False, answer=text, statements=statements, citations=citations)
    return replace(answer, **more)  # type: ignore[arg-type]


def _judge(question: Question, answer: Answer) -> Judgement:
    return judge(question, answer, titles=TITLES, names=NAMES, indexed=lambda _slug, _text: True)


def _question(kind: str = "fait", **more: object) -> Question:
    base = Question("q", "?", kind, "test", facts=frozenset({"a", "b"}), documents=("nordix",))
    return replace(base, **more)  # type: ignore[arg-type]


def test_any_expected_fact_among_the_statements_is_right() -> None:
    """Precision is over the sentences cited, recall over the facts expected."""
    found = _judge(_question(), _answer(("cumulus", "Non.", "x"), ("nordix", "Oui.", "b")))
    assert (found.right_fact, found.right_document, found.first_document) == (True, True, False)
    assert (found.citation_precision, found.citation_recall) == (0.5, 0.5)
    assert found.goodness == 1


def test_an_abstention_where_an_answer_is_due_is_wrong() -> None:
    """It has no citation to be precise with."""
    found = _judge(_question(), Answer("?", "hors_sujet", abstained=True, answer="Le dossier ne le dit pas."))
    assert (found.right_fact, found.right_document, found.citation_precision) == (False, False, None)


def test_an_answer_where_the_dossier_is_silent_is_wrong() -> None:
    """And an abstention is right."""
    silent = _question("hors_sujet", facts=frozenset(), documents=(), answerable=False)
    assert _judge(silent, _answer(("nordix", "Oui.", "a"))).goodness == 0
    assert _judge(silent, Answer("?", "hors_sujet", abstained=True, answer="Rien.")).goodness == 1


@pytest.mark.parametrize(
    ("text", "value", "held"),
    [
        ("30 jours après suppression, sauf exceptions", "30\u00a0jours", True),
        ("300 jours", "30 jours", False),
        ("San Francisco (États-Unis)", "san francisco", True),
        ("oui : groupe américain", "oui", True),
        ("en partie : par les sous-traitants", "oui", False),
        ("non : seulement après accord", "non", True),
        ("silence du dossier", "non documenté", True),
        ("non documenté", "non documenté", True),
        ("non : refus", "non documenté", False),
        ("silence du dossier", "non", False),
        ("L’amende est de 325 millions d’euros au total.", "325 millions d’euros", True),
        ("L’amende est de 60 millions d’euros.", "325 millions d’euros", False),
    ],
)
def test_a_value_is_its_verdict_its_numbers_and_most_of_its_words(text: str, value: str, held: bool) -> None:
    """Stems, accents and typography do not matter."""
    assert holds_value(text, value) is held


def test_a_comparison_is_read_in_the_column_of_its_attribute() -> None:
    """A provider without a row is neither covered nor right."""
    question = _question(
        "comparaison",
        providers=("nordix", "cumulus"),
        attribute="Siège",
        values={"nordix": "Lille", "cumulus": "Brest"},
    )
    table = Table(("Fournisseur", "Siège", "HDS"), ((Cell("Nordix Boréal"), Cell("Lille"), Cell("Brest")),))
    found = _judge(question, _answer(table=table))
    assert (found.covered, found.values) == (0.5, 0.5)
    both = Table(
        table.columns, (*table.rows, (Cell("Cumulus Zéphyr"), Cell("silence du dossier"), Cell("Brest")))
    )
    found = _judge(question, _answer(table=both))
    assert (found.covered, found.values) == (1.0, 0.5)


def test_a_list_is_the_fiches_that_its_statements_cite() -> None:
    """An article cited beside them is no provider."""
    question = _question("liste", providers=("nordix", "cumulus"))
    found = _judge(question, _answer(("nordix", "Oui.", "a"), ("article", "Oui aussi.", "x")))
    assert found.list_f1 == pytest.approx(2 / 3)


def test_a_premise_is_repeated_by_own_words_that_do_not_deny_it() -> None:
    """Quotes are the dossier's; a denial names the premise to refuse it."""
    question = _question("fausse_premisse", text="Pourquoi Boréal stocke-t-il au Texas ?")
    quote = ("nordix", "Boréal stocke à Lille.", "a")
    plain = _answer(quote)
    assert _judge(question, plain).premise_repeated is False
    assert (
        _judge(question, replace(plain, answer=f"Boréal est au Texas.\n{plain.answer}")).premise_repeated
        is True
    )
    denied = f"Le dossier ne confirme pas « Texas » ; voici ce qu'il dit :\n{plain.answer}"
    assert _judge(question, replace(plain, answer=denied)).premise_repeated is False


def test_a_statement_that_is_not_its_quote_is_unfaithful() -> None:
    """Reworded, cited by nothing, or of a passage that the index does not hold."""
    good = _answer(("nordix", "Oui.", "a"))
    assert _judge(_question(), good).unfaithful == 0
    assert _judge(_question(), replace(good, statements=(Statement("Oui !", (1,)),))).unfaithful == 1
    assert _judge(_question(), replace(good, statements=(Statement("Oui.", ()),))).unfaithful == 1
    absent = judge(_question(), good, titles=TITLES, names=NAMES, indexed=lambda _slug, _text: False)
    assert absent.unfaithful == 1


def test_seven_statements_are_too_many_outside_tables() -> None:
    """Six are not."""
    cited = tuple(("nordix", f"Phrase {n}.", "a") for n in range(7))
    assert _judge(_question(), _answer(*cited)).verbose
    assert not _judge(_question(), _answer(*cited[:6])).verbose
    assert not _judge(_question(), _answer(*cited, table=Table((), ()))).verbose
