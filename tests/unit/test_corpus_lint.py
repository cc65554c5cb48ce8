"""The lint of the dossier's documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.corpus.lint import HEADINGS, IDENTITY, Problem, lint

HEAD = """---
titre: "Fiche {name}"
type: fiche
auteur: "les tests"
mis_a_jour: 2026-10-01
fournisseur: "{name}"
assistant: "{name}"
alias:
- "{name}"
---
"""
NOTE = "[^a]: CNIL, guide. 2025-03-02. <https://cnil.fr>\n"


def _fiche(name: str) -> str:
    parts = "".join(f"\n## {h}\n\nUn fait.[^a]\n" for h in HEADINGS[:-1])
    rows = "| Attribut | Valeur |\n|---|---|\n| HDS | oui : un périmètre[^a] |\n| Siège | Paris[^a] |\n"
    return f"{HEAD.format(name=name)}{parts}\n## {IDENTITY}\n\n{rows}\n{NOTE}"


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    """Three fiches without fault."""
    for name in ("nordix", "cumulus", "stratus"):
        (tmp_path / f"{name}.md").write_text(_fiche(name), encoding="utf-8")
    (tmp_path / "nordix.questions.yaml").write_text("a:\n- Quoi ?\n", encoding="utf-8")
    return tmp_path


def _change(dossier: Path, old: str, new: str) -> tuple[Problem, ...]:
    path = dossier / "nordix.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return lint(dossier)


def test_a_sound_dossier_has_no_problem(dossier: Path) -> None:
    """Nor has the sample of the tests' own."""
    assert lint(dossier) == ()


@pytest.mark.parametrize(
    ("old", "new", "words", "line"),
    [
        ("auteur: ", "autrice: ", "« auteur »", 1),
        ("type: fiche", "type: fich", "le type « fich »", 3),
        ('titre: "Fiche nordix"', "titre: 12", "« titre » doit être un texte", 2),
        ("mis_a_jour: 2026-10-01", "mis_a_jour: hier", "une date", 5),
        ('alias:\n- "nordix"\n', "", "« alias »", 1),
        ('- "nordix"\n', '- "nordix"\n- "nordix"\n', "2 fois", 8),
        ('- "nordix"\n', '- "Cumulus"\n', "mène aussi à", 8),
        ("## Juridiction", "## Droit", "il manque l'intertitre « ## Juridiction »", None),
        ("## Nature du service", "## Zone grise", "devrait venir avant", None),
        ("Un fait.[^a]", "Un fait.[^b]", "« b » est appelée mais", 14),
        (NOTE, NOTE + NOTE, "déjà définie", None),
        (NOTE, NOTE + "[^z]: CNIL. 2025-01-01. sans adresse\n", "« z » n'est appelée nulle part", None),
        ("2025-03-02. ", "", "ni date ni « sans date »", None),
        ("2025-03-02", "2025-13-02", "date qui n'existe pas", None),
        ("<https://cnil.fr>", "", "ni adresse ni « sans adresse »", None),
        ("CNIL, guide. ", "", "n'a pas de titre", None),
        ("| Siège | Paris[^a] |\n", "", "pas la ligne « Siège »", None),
        ("| Siège | Paris[^a] |", "| Siège | |", "vide ou mal dite", None),
        ("| Siège | Paris[^a] |", "| Siège | Paris |", "n'a pas de note", None),
        ("oui : un périmètre", "certifié", "doit être « non documenté », ou commencer", None),
    ],
)
def test_each_fault_is_told(old: str, new: str, words: str, line: int | None, dossier: Path) -> None:
    """With the document, the line where there is one, and what to do."""
    found = [p for p in _change(dossier, old, new) if words in p.sentence]
    assert found
    assert line is None or found[0].line == line
    assert all(p.sentence.endswith((".", "».")) for p in found)


@pytest.mark.parametrize("value", ["2025", "2025-03", "sans date"])
def test_coarse_dates_are_dates(value: str, dossier: Path) -> None:
    """As precise as the source is."""
    assert _change(dossier, "2025-03-02", value) == ()


@pytest.mark.parametrize("value", ["non documenté", "non[^a]", "en partie : ici[^a]", "oui\u00a0: là[^a]"])
def test_agreed_values_pass(value: str, dossier: Path) -> None:
    """With or without precision."""
    assert _change(dossier, "oui : un périmètre[^a]", value) == ()


def test_a_users_own_document_is_no_fault(dossier: Path) -> None:
    """Without front matter, anything goes."""
    (dossier / "mien.md").write_text("# Note\n\nSans source[^x], sans rien.\n", encoding="utf-8")
    assert lint(dossier) == ()


def test_code_is_not_read_as_notes(dossier: Path) -> None:
    """An example of a footnote is not one."""
    assert (
        _change(dossier, "\n## Juridiction", "\n```\n[^x]: exemple [^y]\n```\n\n`[^z]`\n\n## Juridiction")
        == ()
    )


def test_a_broken_front_matter_is_told(dossier: Path) -> None:
    """Rather than the document being passed over."""
    problems = _change(dossier, "type: fiche", "type: [")
    assert [p.path for p in problems if "YAML" in p.sentence] == ["nordix.md"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b:\n- Quoi ?\n", "aucune note « b »"),
        ("a:\n- Quoi ?\na:\n- Qui ?\n", "deux fois"),
        ("a: Quoi ?\n", "une liste de questions"),
        ("- a\n", "associer"),
        ("a: [", "YAML"),
    ],
)
def test_questions_files_are_checked(text: str, words: str, dossier: Path) -> None:
    """Ids exist, once, with questions."""
    (dossier / "nordix.questions.yaml").write_text(text, encoding="utf-8")
    assert any(words in p.sentence for p in lint(dossier))


def test_questions_without_a_document_are_told(dossier: Path) -> None:
    """A renamed document leaves them behind."""
    (dossier / "autre.questions.yaml").write_text("a:\n- Quoi ?\n", encoding="utf-8")
    assert [p.path for p in lint(dossier)] == ["autre.questions.yaml"]


def test_attributes_are_those_of_the_attributes_file(dossier: Path) -> None:
    """Where the corpus has one."""
    (dossier / "attributs.yaml").write_text("HDS:\n- HDS ?\n", encoding="utf-8")
    problems = lint(dossier)
    assert len(problems) == 3
    assert all("« Siège » n'est pas dans « attributs.yaml »" in p.sentence for p in problems)
