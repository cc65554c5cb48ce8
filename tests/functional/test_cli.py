"""Each command, as a user types it: what it prints, its exit code, its one sentence of error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfWriter

from assistant.cli import main

QUESTION = "Combien de temps ChatGPT garde-t-il une conversation supprimée ?"
CITATION_KEYS = {
    "n",
    "document",
    "title",
    "type",
    "path",
    "section",
    "page",
    "passage",
    "quote",
    "start",
    "end",
    "source",
}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code, output and errors."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def places(folder: Path) -> tuple[str, ...]:
    """Return the options that name a dossier's folders."""
    return ("--corpus", str(folder / "corpus"), "--index", str(folder / "index"))


# --- ask ----------------------------------------------------------------------------------------


def test_ask_answers_with_references(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer, then a numbered reference with the primary source behind it."""
    code, out, err = run(capsys, "ask", QUESTION, *places(dossier))
    assert (code, err) == (0, "")
    assert "[1]" in out
    assert "30\u00a0jours" in out
    assert "Source : " in out


def test_ask_json_keeps_the_contract(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of the answer object, and quotes that are slices of their passages."""
    code, out, _ = run(capsys, "ask", QUESTION, "--json", *places(dossier))
    answer = json.loads(out)
    assert code == 0
    assert {
        "id",
        "question",
        "interpreted",
        "kind",
        "abstained",
        "reason",
        "answer",
        "statements",
        "table",
        "citations",
        "engine",
        "timings_ms",
    } <= set(answer)
    assert (answer["kind"], answer["abstained"], answer["engine"]) == ("fait", False, "extractif")
    assert 1 <= len(answer["statements"]) <= 4
    assert {"retrieval", "answer", "total"} == set(answer["timings_ms"])
    for citation in answer["citations"]:
        assert set(citation) >= CITATION_KEYS
        assert citation["quote"] == citation["passage"][citation["start"] : citation["end"]]
    assert answer["citations"][0]["document"] == "openai-chatgpt"
    assert {"id", "title", "url", "date"} == set(answer["citations"][0]["source"])


def test_ask_abstains_with_its_own_exit_code(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Abstaining is told by exit code 4, and says what the dossier covers."""
    code, out, _ = run(capsys, "ask", "Quelle est la recette de la tarte aux pommes ?", *places(dossier))
    assert code == 4
    assert out.startswith("Le dossier ne le dit pas")
    assert "ChatGPT" in out


def test_ask_understands_a_follow_up(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The interpreted question names the new provider and keeps what was asked."""
    _, out, _ = run(capsys, "ask", "et chez Mistral ?", "--history", QUESTION, "--json", *places(dossier))
    answer = json.loads(out)
    assert "conversation supprimée" in answer["interpreted"]
    assert answer["citations"][0]["document"] == "mistral-ai"


def test_ask_batch_keeps_ids_and_order(
    dossier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object a line, in order; other keys are ignored; a bad question stops nothing."""
    lines = [
        {"id": "a", "question": QUESTION, "expected": "ignored"},
        {"id": "b", "question": ""},
        {"id": 3, "question": "et chez Mistral ?", "history": [QUESTION]},
    ]
    batch = tmp_path / "questions.jsonl"
    batch.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    code, out, _ = run(capsys, "ask", "--batch", batch, "--json", *places(dossier))
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [a["id"] for a in answers] == ["a", "b", 3]
    assert "vide" in answers[1]["error"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("", "La question est vide"),
        (" \u200b\x00\n ", "La question est vide"),
        ("?!…", "La question est vide"),
        ("a" * 20_000, "20000 caractères, la limite est de 4000"),
    ],
)
def test_a_bad_question_gets_one_sentence(
    dossier: Path, capsys: pytest.CaptureFixture[str], question: str, sentence: str
) -> None:
    """Exit code 1, one French sentence on stderr, nothing on stdout."""
    code, out, err = run(capsys, "ask", question, *places(dossier))
    assert (code, out) == (1, "")
    assert sentence in err
    assert err.strip().count("\n") + 1 == 1


def test_control_characters_change_nothing(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Invisible and control characters in a question are as if they were not there."""
    _, plain, _ = run(capsys, "ask", QUESTION, *places(dossier))
    _, noisy, _ = run(
        capsys, "ask", "\u202e" + QUESTION.replace("temps", "te\u200bmps") + "\x07", *places(dossier)
    )
    assert plain == noisy


def test_usage_errors_are_french(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and how to get help."""
    code, _, err = run(capsys, "ask", "--nimporte")
    assert code == 2
    assert "arguments inconnus" in err
    code, _, err = run(capsys, "ask")
    assert code == 2
    assert "donnez une question" in err


# --- search -------------------------------------------------------------------------------------


def test_search_ranks_documents_and_passages(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ranks from 1, as many as asked for, the likeliest document first."""
    code, out, _ = run(capsys, "search", "historique chiffré de Lumo", "-k", 3, "--json", *places(dossier))
    result = json.loads(out)
    assert code == 0
    assert [p["rank"] for p in result["passages"]] == [1, 2, 3]
    assert "proton-lumo" in [d["document"] for d in result["documents"]]
    assert "answer" not in result


def test_search_batch(dossier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One result a line, in order, ids kept."""
    batch = tmp_path / "recherches.jsonl"
    batch.write_text(
        '{"id": 1, "question": "Cloud Act"}\n{"id": 2, "query": "SecNumCloud"}\n', encoding="utf-8"
    )
    code, out, _ = run(capsys, "search", "--batch", batch, "--json", *places(dossier))
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == [1, 2]


# --- index --------------------------------------------------------------------------------------


def test_an_unchanged_corpus_is_up_to_date(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run embeds nothing and says so."""
    code, out, _ = run(capsys, "index", *places(own_dossier))
    assert code == 0
    assert "déjà à jour" in out


def test_an_edit_is_found_by_the_next_question(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A note that a user drops in is indexed, cited, and removed with its file."""
    note = own_dossier / "corpus" / "notes" / "reunion.txt"
    note.parent.mkdir()
    note.write_text(
        "Le comité Tournesol du CHU a retenu le chatbot Zorglub le 3 mars 2026.", encoding="utf-8"
    )
    code, out, _ = run(capsys, "index", "--json", *places(own_dossier))
    report = json.loads(out)
    assert (code, report["added"]) == (0, ["notes/reunion.txt"])
    assert report["embedded"] < 10
    _, out, _ = run(
        capsys,
        "ask",
        "Quel chatbot le comité Tournesol du CHU a-t-il retenu ?",
        "--json",
        *places(own_dossier),
    )
    answer = json.loads(out)
    assert "notes/reunion.txt" in [c["path"] for c in [*answer["citations"], *answer["nearest"]]]
    note.unlink()
    _, out, _ = run(capsys, "index", "--json", *places(own_dossier))
    assert json.loads(out)["removed"] == ["notes/reunion.txt"]


def test_a_bad_file_stops_nothing_and_is_named(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damaged, encrypted and foreign files: exit 1, a sentence each, everything else indexed."""
    corpus = own_dossier / "corpus"
    (corpus / "casse.pdf").write_bytes(b"%PDF-1.7\nnothing of the kind")
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret")
    writer.write(corpus / "verrou.pdf")
    (corpus / "photo.xyz").write_bytes(b"\x00\x01")
    (corpus / "latin.txt").write_bytes(
        "Le délai légal est déjà passé, a noté le greffe hier à l'audience.".encode("cp1252")
    )
    code, out, _ = run(capsys, "index", *places(own_dossier))
    assert code == 1
    assert "En échec : casse.pdf" in out
    assert "mot de passe" in out
    assert "Ignoré : photo.xyz" in out
    assert "latin.txt" in out
    code, _, _ = run(capsys, "ask", QUESTION, *places(own_dossier))
    assert code == 0


def test_a_file_that_becomes_unreadable_keeps_what_was_indexed(
    own_dossier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing already indexed is lost to a bad save."""
    (own_dossier / "corpus" / "fiches" / "proton-lumo.md").write_text(
        "---\ntitre: [oups\n---\n", encoding="utf-8"
    )
    code, out, _ = run(capsys, "index", *places(own_dossier))
    assert code == 1
    assert "reste consultable" in out
    _, out, _ = run(capsys, "ask", "Lumo est-il soumis au Cloud Act ?", "--json", *places(own_dossier))
    assert json.loads(out)["citations"][0]["document"] == "proton-lumo"


def test_rollback_returns_to_the_build_before(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command undoes the last rebuild."""
    before = (own_dossier / "index" / "CURRENT").read_text()
    (own_dossier / "corpus" / "note.txt").write_text("Une note de plus sur le sujet.", encoding="utf-8")
    run(capsys, "index", *places(own_dossier))
    assert before != (own_dossier / "index" / "CURRENT").read_text()
    code, out, _ = run(capsys, "index", "--rollback", *places(own_dossier))
    assert code == 0
    assert "de nouveau en service" in out
    assert before == (own_dossier / "index" / "CURRENT").read_text()


def test_a_ninth_fiche_is_known_without_code(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A provider, its aliases and its table enter comparisons as soon as they are indexed."""
    fiche = (own_dossier / "corpus" / "fiches" / "proton-lumo.md").read_text(encoding="utf-8")
    for old, new in (
        ("Proton", "Zorglub"),
        ("proton-", "zorglub-"),
        ("Lumo", "Bidulo"),
        ("Suisse", "Belgique"),
    ):
        fiche = fiche.replace(old, new)
    (own_dossier / "corpus" / "fiches" / "zorglub-bidulo.md").write_text(fiche, encoding="utf-8")
    run(capsys, "index", *places(own_dossier))
    _, out, _ = run(capsys, "ask", "Bidulo ou ChatGPT pour le Cloud Act ?", "--json", *places(own_dossier))
    answer = json.loads(out)
    assert answer["kind"] == "comparaison"
    assert {"zorglub-bidulo", "openai-chatgpt"} == {c["document"] for c in answer["citations"]}
    _, out, _ = run(
        capsys, "ask", "quels fournisseurs sont soumis au cloud act", "--json", *places(own_dossier)
    )
    assert len(json.loads(out)["table"]["rows"]) == 9


@pytest.mark.parametrize("command", ["ask", "search"])
def test_no_index_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """The sentence says how to make one."""
    code, _, err = run(capsys, command, "Cloud Act", "--index", tmp_path / "rien")
    assert code == 1
    assert "assistant index" in err


def test_an_empty_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty folder and a missing one: a sentence each, no index made."""
    (tmp_path / "vide").mkdir()
    code, _, err = run(capsys, "index", "--corpus", tmp_path / "vide", "--index", tmp_path / "i")
    assert code == 1
    assert "Aucun document" in err
    code, _, err = run(capsys, "index", "--corpus", tmp_path / "absent", "--index", tmp_path / "i")
    assert code == 1
    assert "n'existe pas" in err


def test_an_index_of_another_model_is_refused(
    dossier: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its vectors are not comparable: the sentence asks for a rebuild."""
    settings = tmp_path / "reglages.toml"
    settings.write_text(f'model = "{tiny_model}"\n', encoding="utf-8")
    code, _, err = run(capsys, "ask", QUESTION, "--config", settings, *places(dossier))
    assert code == 1
    assert "autre modèle" in err
    assert "assistant index" in err


def test_a_damaged_index_is_refused(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flipped byte in any file is noticed before a question is answered from it."""
    database = next((own_dossier / "index" / "builds").rglob("dossier.sqlite"))
    data = bytearray(database.read_bytes())
    data[len(data) // 2] ^= 0xFF
    database.write_bytes(bytes(data))
    code, _, err = run(capsys, "ask", QUESTION, *places(own_dossier))
    assert code == 1
    assert "altéré" in err
    code, _, _ = run(capsys, "index", *places(own_dossier))
    assert code == 0
    code, _, _ = run(capsys, "ask", QUESTION, *places(own_dossier))
    assert code == 0


# --- check, help --------------------------------------------------------------------------------


def test_check_finds_the_dossier_well_formed(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Corpus, model, index and offline state: all good, exit 0."""
    code, out, _ = run(capsys, "check", *places(dossier))
    assert code == 0, out
    assert "ÉCHEC" not in out


def test_check_tells_a_stale_index(own_dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document changed since the last rebuild: exit 1, and what to do."""
    (own_dossier / "corpus" / "note.txt").write_text("Une note.", encoding="utf-8")
    code, out, _ = run(capsys, "check", *places(own_dossier))
    assert code == 1
    assert "assistant index" in out


def test_help_imports_nothing_heavy() -> None:
    """``assistant --help`` stays quick because no model, index or page library is imported."""
    script = (
        "import sys; from assistant.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "names = {'torch', 'gradio', 'faiss', 'tantivy', 'numpy', 'sentence_transformers'}\n"
        "heavy = names & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
