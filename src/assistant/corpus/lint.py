"""What ``assistant check`` verifies of the dossier's own Markdown documents.

A document of the dossier is one whose front matter gives ``titre`` or ``type``. Documents that
users drop in without front matter are read as they are, and are nobody's mistake.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from assistant.corpus.lint_notes import check_notes
from assistant.corpus.lint_page import Page, Problem, pages_of
from assistant.corpus.lint_questions import check_questions
from assistant.corpus.scan import ATTRIBUTES_FILE
from assistant.corpus.yaml_text import load_yaml
from assistant.text import fold

__all__ = ["Problem", "lint"]

TYPES = ("article", "fiche", "annexe")
IDENTITY = "Tableau d'identité"
# The author's five, then those that the dossier's readers ask about (design.md, § 2).
HEADINGS = (
    "Nature du service",
    "Public en France",
    "Où vont les données",
    "Juridiction",
    "Zone grise",
    "Entraînement des modèles",
    "Conservation et suppression",
    "Sécurité et certifications",
    "Offres professionnelles",
    "Droits des personnes",
    "Incidents et contentieux",
    "Ouverture et déploiement sur site",
    "Demandes des autorités",
    IDENTITY,
)
UNKNOWN = "non documenté"
_VERDICT = re.compile(r"(?:oui|non|en partie)(?:[\u00a0\u202f ]?: ?\S.*)?")
_LOOKS_LIKE_VERDICT = re.compile(r"(?:oui|non|en partie|partiellement|partiel)\b(?! documente)")


def lint(corpus: Path) -> tuple[Problem, ...]:
    """Return what is wrong in the documents of *corpus*, by path and line."""
    found: list[Problem] = []
    pages = pages_of(corpus, found)
    for page in pages:
        found += check_front_matter(page)
        found += check_notes(page)
        if page.is_fiche:
            found += check_headings(page)
    fiches = [page for page in pages if page.is_fiche]
    found += check_aliases(fiches)
    found += check_identity(fiches, _asked_attributes(corpus, found))
    found += check_questions(corpus, pages)
    return tuple(sorted(set(found), key=lambda p: (p.path, p.line or 0, p.sentence)))


def check_front_matter(page: Page) -> Iterator[Problem]:
    """Every key is there and of its type."""
    for key in ("titre", "type", "auteur", *(("fournisseur", "assistant") if page.is_fiche else ())):
        value = page.meta.get(key)
        if value is None:
            yield page.problem(f"l'en-tête n'a pas de « {key} » : ajoutez-le.", 1)
        elif not isinstance(value, str) or not value.strip():
            sentence = f"« {key} » doit être un texte : mettez-le entre guillemets."
            yield page.problem(sentence, page.line_of(key))
    kind = page.meta.get("type")
    if isinstance(kind, str) and kind.strip() and kind not in TYPES:
        sentence = f"le type « {kind} » n'existe pas : écrivez {', '.join(TYPES[:-1])} ou {TYPES[-1]}."
        yield page.problem(sentence, page.line_of("type"))
    yield from _check_date(page)
    if page.is_fiche:
        yield from _check_own_aliases(page)


def _check_date(page: Page) -> Iterator[Problem]:
    value = page.meta.get("mis_a_jour")
    if value is None:
        yield page.problem(
            "l'en-tête n'a pas de « mis_a_jour » : ajoutez la date, par exemple 2026-11-23.", 1
        )
        return
    if isinstance(value, str):
        try:
            value = dt.date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, dt.date):
        line = page.line_of("mis_a_jour")
        yield page.problem("« mis_a_jour » doit être une date de la forme 2026-11-23.", line)


def _check_own_aliases(page: Page) -> Iterator[Problem]:
    aliases = page.meta.get("alias")
    if aliases is None:
        yield page.problem("l'en-tête n'a pas d'« alias » : listez les noms que l'on donne à l'assistant.", 1)
        return
    line = page.line_of("alias")
    if not isinstance(aliases, list) or not aliases:
        yield page.problem("« alias » doit être une liste de noms, un par ligne après un tiret.", line)
        return
    for alias in aliases:
        if not isinstance(alias, str) or not alias.strip():
            yield page.problem(f"l'alias « {alias} » n'est pas un texte : mettez-le entre guillemets.", line)
    counts = Counter(a for a in aliases if isinstance(a, str))
    for alias, count in counts.items():
        if count > 1:
            yield page.problem(f"l'alias « {alias} » est donné {count} fois : gardez-en un.", line)


def check_aliases(fiches: Iterable[Page]) -> Iterator[Problem]:
    """No name leads to two fiches."""
    owners: dict[str, list[Page]] = defaultdict(list)
    for page in fiches:
        aliases = page.meta.get("alias")
        for alias in {fold(a) for a in aliases if isinstance(a, str)} if isinstance(aliases, list) else ():
            owners[alias].append(page)
    for alias, pages in owners.items():
        for page in pages[1:]:
            sentence = (
                f"l'alias « {alias} » mène aussi à « {pages[0].path} » : gardez-le dans une seule fiche."
            )
            yield page.problem(sentence, page.line_of("alias"))


def check_headings(page: Page) -> Iterator[Problem]:
    """A fiche has the headings that all fiches have, in their order."""
    wanted = {fold(h): number for number, h in enumerate(HEADINGS)}
    last = -1
    seen: set[int] = set()
    for line, level, title in page.headings:
        rank = wanted.get(fold(title)) if level == 2 else None
        if rank is None:
            continue
        if rank in seen:
            yield page.problem(
                f"l'intertitre « {title} » est là deux fois : réunissez les deux parties.", line
            )
        elif rank < last:
            yield page.problem(f"l'intertitre « {title} » devrait venir avant « {HEADINGS[last]} ».", line)
        seen.add(rank)
        last = max(last, rank)
    for rank, heading in enumerate(HEADINGS):
        if rank not in seen:
            yield page.problem(f"il manque l'intertitre « ## {heading} ».")


def _asked_attributes(corpus: Path, found: list[Problem]) -> frozenset[str]:
    """Return the attributes that ``attributs.yaml`` knows, none where there is no such file."""
    path = next(iter(sorted(corpus.rglob(ATTRIBUTES_FILE))), None)
    if path is None:
        return frozenset()
    relative = path.relative_to(corpus).as_posix()
    try:
        loaded = load_yaml(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        loaded = None
    if not isinstance(loaded, dict):
        found.append(
            Problem(relative, None, "le fichier doit associer à chaque attribut une liste de questions.")
        )
        return frozenset()
    for attribute, questions in loaded.items():
        if not isinstance(questions, list) or not all(isinstance(q, str) for q in questions):
            found.append(Problem(relative, None, f"« {attribute} » doit mener à une liste de questions."))
    return frozenset(map(str, loaded))


def check_identity(fiches: list[Page], asked: frozenset[str]) -> Iterator[Problem]:
    """Every fiche gives every attribute once, in the agreed form, with its source."""
    tables = {page.path: page.table_under(IDENTITY) for page in fiches}
    names = list(dict.fromkeys(row[1] for rows in tables.values() for row in rows))
    verdicts = _verdict_attributes(tables.values())
    for page in fiches:
        rows = tables[page.path]
        counts = Counter(name for _, name, _ in rows)
        heading = next((line for line, _, title in page.headings if fold(title) == fold(IDENTITY)), None)
        for name in names:
            if not counts[name]:
                sentence = (
                    f"le tableau d'identité n'a pas la ligne « {name} » des autres fiches : "
                    f"ajoutez-la (« {UNKNOWN} » si rien ne le dit)."
                )
                yield page.problem(sentence, heading)
        for line, name, value in rows:
            if counts[name] > 1:
                yield page.problem(
                    f"l'attribut « {name} » est là {counts[name]} fois : gardez une ligne.", line
                )
            if asked and name not in asked:
                sentence = (
                    f"l'attribut « {name} » n'est pas dans « {ATTRIBUTES_FILE} » : "
                    "corrigez son nom, ou ajoutez-y les questions auxquelles il répond."
                )
                yield page.problem(sentence, line)
            yield from _check_value(page, line, name, value, is_verdict=name in verdicts)


def _verdict_attributes(tables: Iterable[list[tuple[int, str, str]]]) -> set[str]:
    """Return the attributes that are answered by yes or no in most fiches that know them."""
    known: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for rows in tables:
        for _, name, value in rows:
            words = fold(Page.without_marks(value))
            known[name] += words != fold(UNKNOWN)
            verdicts[name] += bool(_LOOKS_LIKE_VERDICT.match(words))
    return {name for name in known if verdicts[name] * 2 > known[name]}


def _check_value(page: Page, line: int, name: str, value: str, *, is_verdict: bool) -> Iterator[Problem]:
    words = page.without_marks(value)
    if words == UNKNOWN:
        return
    if fold(words).strip(" .?-–—") in {"", "non documente", "inconnu", "inconnue", "nc", "n/a", "nd"}:
        sentence = f"la valeur de « {name} » est vide ou mal dite : écrivez « {UNKNOWN} » si rien ne le dit."
        yield page.problem(sentence, line)
        return
    if is_verdict and not _VERDICT.fullmatch(words):
        sentence = (
            f"la valeur de « {name} » doit être « {UNKNOWN} », ou commencer par « oui », « non » ou "
            "« en partie », puis préciser après un deux-points."
        )
        yield page.problem(sentence, line)
    if "[^" not in value:
        yield page.problem(f"la valeur de « {name} » n'a pas de note : donnez sa source.", line)
