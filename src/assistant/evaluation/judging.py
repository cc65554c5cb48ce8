"""Judge one answer against what its question expects; nothing here reads the engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.domain import Answer, Cell, Citation, Statement
from assistant.evaluation.measures import set_f1
from assistant.evaluation.questions import Question
from assistant.text import fold, tokens
from assistant.verification import is_exact, support

MOST_STATEMENTS = 6
"""Statements that an answer may have outside comparisons and lists."""
VALUE_SHARE = 2 / 3
"""Share of a value's words that a cell must hold, besides all of its numbers and its verdict: the
dossier words a value at length where an answer quotes a sentence instead of the table."""
SILENCE, UNKNOWN = "silence", "non documente"
_VERDICT = re.compile(r"(oui|non|en partie|non documente)\b(?! docu)")
_DENIAL = re.compile(r"\b(?:ne|n)\b.*\bpas\b|\bsilence\b")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer got right; None where the question does not ask it.

    Attributes:
        right_fact: A statement cites a sentence that carries an expected fact.
        right_document: A citation is of an expected document.
        first_document: The first statement's citation is.
        citation_precision: Share of the cited sentences that carry an expected fact.
        citation_recall: Share of the expected facts that are cited.
        covered: Share of a comparison's providers that the answer has a row for.
        values: Share of a comparison's expected values that stand in their provider's row.
        list_f1: F1 of a list's providers.
        premise_repeated: The answer's own words state what the question took for granted.
        unfaithful: Statements that are not the literal slice that they cite, nor supported by it where
            a language model wrote them.
        verbose: Over six statements, outside comparisons and lists.
    """

    answered: bool
    right_fact: bool | None = None
    right_document: bool | None = None
    first_document: bool | None = None
    citation_precision: float | None = None
    citation_recall: float | None = None
    covered: float | None = None
    values: float | None = None
    list_f1: float | None = None
    premise_repeated: bool | None = None
    unfaithful: int = 0
    verbose: bool = False

    @property
    def goodness(self) -> float:
        """How right the answer is, from 0 to 1, by what its question asks."""
        for value in (self.values, self.covered, self.list_f1, self.right_fact):
            if value is not None:
                return float(value)
        return 0.0 if self.answered else 1.0


def notes_of(citation: Citation) -> frozenset[str]:
    """Return the footnote ids of the cited sentence."""
    return frozenset(s.id for s in citation.sources)


def _cited(answer: Answer) -> list[Citation]:
    """Return the citations that the statements name, in order, each once."""
    by_number = {c.n: c for c in answer.citations}
    numbers = dict.fromkeys(n for s in answer.statements for n in s.citations)
    return [by_number[n] for n in numbers if n in by_number]


def is_faithful(statement: Statement, answer: Answer, indexed: Callable[[str, str], bool]) -> bool:
    """Tell whether a statement may stand under its citations.

    Each of them must be, to the letter, a slice of an indexed passage. The statement itself must be
    that very slice; where a language model wrote the answer, the slices may also support it in other
    words (:func:`assistant.verification.support`).

    Args:
        statement: The statement.
        answer: The answer that it stands in.
        indexed: Whether a document (its slug) holds a passage (its text).
    """
    by_number = {c.n: c for c in answer.citations}
    cited = [by_number.get(n) for n in statement.citations]
    quotes = [c.quote for c in cited if c is not None and is_exact(c) and indexed(c.document, c.passage)]
    if not cited or len(quotes) < len(cited):
        return False
    if all(q == statement.text for q in quotes):
        return True
    return answer.engine.startswith("llm:") and support(statement.text, quotes).supported


def holds_value(text: str, value: str) -> bool:
    """Tell whether *text* says *value*: its verdict, its numbers and two thirds of its words.

    Words are compared as folded stems. The verdict (oui, non, en partie) must be the text's own
    where it begins with one; « non documenté » is said by a silence too.
    """
    said, wanted = fold(text).replace("\u00a0", " "), fold(value).replace("\u00a0", " ")
    verdict, own = _VERDICT.match(wanted), _VERDICT.match(said)
    wants, says = verdict[1] if verdict else "", own[1] if own else ""
    if wants == UNKNOWN:
        return not said.strip() or SILENCE in said or says == UNKNOWN
    if wants and says and wants != says:
        return False
    words = set(tokens(value)) - set(tokens(wants))
    if not words:
        return bool(wants) and (bool(says) or wants in said)
    found = set(tokens(text))
    numbers = {w for w in words if w[0].isdigit()}
    return numbers <= found and len(words & found) >= VALUE_SHARE * len(words)


def _row_texts(question: Question, answer: Answer, titles: Mapping[str, str]) -> dict[str, str]:
    """Return, for each provider that the answer has a row or a statement for, what it says."""
    found: dict[str, str] = {}
    if answer.table is None:
        for statement in answer.statements:
            for citation in (c for c in answer.citations if c.n in statement.citations):
                found[citation.document] = f"{found.get(citation.document, '')} {statement.text}"
        return found
    slugs = {title: slug for slug, title in titles.items()}
    columns = answer.table.columns
    only = columns.index(question.attribute) if question.attribute in columns else None
    for row in answer.table.rows:
        slug = slugs.get(row[0].text)
        if slug is not None:
            cells: tuple[Cell, ...] = row[1:] if only is None else (row[only],)
            found[slug] = " ; ".join(c.text for c in cells)
    return found


def _comparison(
    question: Question, answer: Answer, titles: Mapping[str, str]
) -> tuple[float | None, float | None]:
    if not question.providers:
        return None, None
    rows = {} if answer.abstained else _row_texts(question, answer, titles)
    covered = sum(p in rows for p in question.providers) / len(question.providers)
    values = question.values or {}
    right = sum(p in rows and holds_value(rows[p], v) for p, v in values.items())
    return covered, right / len(values) if values else None


def premise_repeated(question: Question, answer: Answer, known: frozenset[str]) -> bool:
    """Tell whether the answer states, in words of its own, what the question takes for granted.

    Statements are quotes of the dossier, and cannot. Of the rest of the answer, a line counts
    that holds a word of the question which no statement holds, unless the line denies it. The
    words *known* (providers' names) are nobody's premise.
    """
    if answer.abstained or answer.table is not None:
        return False
    said = set(tokens(" ".join(s.text for s in answer.statements)))
    premise = set(tokens(question.text)) - said - known
    rest = re.sub(r"\[\d+\]", "", answer.answer)
    for statement in answer.statements:
        rest = rest.replace(statement.text, "")
    return any(premise & set(tokens(line)) and not _DENIAL.search(fold(line)) for line in rest.splitlines())


def judge(
    question: Question,
    answer: Answer,
    *,
    titles: Mapping[str, str],
    names: frozenset[str],
    indexed: Callable[[str, str], bool],
) -> Judgement:
    """Return what *answer* got right of *question*.

    Args:
        question: The question with what is expected.
        answer: The answer.
        titles: Provider's slug -> how a table names it.
        names: Stems of all providers' names.
        indexed: Whether a document (its slug) holds a passage (its text).
    """
    cited = _cited(answer)
    facts = [c for c in cited if notes_of(c) & question.facts]
    documents = [c.document in question.documents for c in cited]
    expects_fact = bool(question.facts) and question.kind not in {"comparaison", "liste"}
    covered, values = (
        _comparison(question, answer, titles) if question.kind == "comparaison" else (None, None)
    )
    listed = frozenset(c.document for c in cited if c.document in titles)
    noted = frozenset[str]().union(*(notes_of(c) for c in cited))
    return Judgement(
        answered=not answer.abstained,
        right_fact=bool(facts) if expects_fact else None,
        right_document=any(documents) if question.documents else None,
        first_document=bool(documents[:1]) and documents[0] if question.documents else None,
        citation_precision=len(facts) / len(cited) if question.facts and cited else None,
        citation_recall=len(noted & question.facts) / len(question.facts)
        if question.facts and cited
        else None,
        covered=covered,
        values=values,
        list_f1=set_f1(listed, frozenset(question.providers)) if question.kind == "liste" else None,
        premise_repeated=premise_repeated(question, answer, names)
        if question.kind == "fausse_premisse"
        else None,
        unfaithful=sum(not is_faithful(s, answer, indexed) for s in answer.statements),
        verbose=len(answer.statements) > MOST_STATEMENTS and answer.table is None,
    )
