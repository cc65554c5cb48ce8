"""Our lexical ranking against bm25s, an independent implementation, on the same tokens."""

from __future__ import annotations

import itertools
from pathlib import Path

import bm25s
import pytest

from assistant.lexical import LexicalIndex
from assistant.text import tokens

SENTENCES = (
    "OpenAI supprime les conversations effacées au bout de trente jours.",
    "Anthropic conserve les conversations trente jours après leur suppression, sauf exception.",
    "Mistral héberge les données en Europe, dans des centres de données situés en Suède.",
    "Lumo chiffre l’historique des conversations ; Proton ne peut pas lire les données.",
    "Le Cloud Act permet aux autorités américaines de réclamer des données hébergées en Europe.",
    "La certification HDS est exigée pour héberger des données de santé en France.",
    "Les conversations temporaires ne servent pas à l’entraînement des modèles.",
    "Gemini garde les conversations relues par des personnes jusqu’à trois ans.",
    "Conversations, conversations, conversations : tout est affaire de durée.",
    "Le siège de la société est à Paris.",
)
QUERIES = (
    "combien de temps sont conservées les conversations supprimées",
    "hébergement des données en Europe",
    "données de santé HDS France",
    "autorités américaines cloud act",
    "entraînement des modèles sur les conversations",
    "siège à Paris",
    "durée",
)


def _ours(folder: Path, query: str) -> list[tuple[int, float]]:
    index = LexicalIndex.build(folder, ((n, {"text": s}) for n, s in enumerate(SENTENCES)))
    return index.search(query, limit=len(SENTENCES), weights={"text": 1.0})


def _theirs(query: str) -> list[tuple[int, float]]:
    """Score with Lucene's BM25, k1 = 1.2, b = 0.75, which is what tantivy computes."""
    # Token numbers instead of strings: bm25s then only counts and scores.
    vocabulary = {t: n for n, t in enumerate(sorted({t for s in SENTENCES for t in tokens(s)}))}
    retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    ids = [[vocabulary[t] for t in tokens(s)] for s in SENTENCES]
    retriever.index((ids, vocabulary), show_progress=False)
    known = [t for t in dict.fromkeys(tokens(query)) if t in vocabulary]
    scores = retriever.get_scores(known)
    found = [(n, float(score)) for n, score in enumerate(scores) if score > 0]
    return sorted(found, key=lambda item: (-item[1], item[0]))


@pytest.mark.parametrize("query", QUERIES)
def test_the_same_rows_in_the_same_order(query: str, tmp_path: Path) -> None:
    """Scores differ by one constant factor (Lucene leaves (k1 + 1) out, tantivy does not)."""
    ours, theirs = _ours(tmp_path, query), _theirs(query)
    assert {n for n, _ in theirs} == {n for n, _ in ours}
    assert ours
    scores = dict(theirs)
    ratios = [score / scores[n] for n, score in ours]
    assert pytest.approx([ratios[0]] * len(ratios), rel=1e-4) == ratios
    for (first, a), (second, b) in itertools.pairwise(ours):
        assert scores[first] >= scores[second] or pytest.approx(a) == b
