"""Errors: each that a user may meet is one French sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import errors
from assistant.access import Accounts
from assistant.corpus import read_document
from assistant.embedding import SentenceEncoder
from assistant.errors import AssistantError
from assistant.question.understanding import check
from assistant.records import Records
from assistant.settings import RecordSettings, ServerSettings, load_settings
from assistant.store import open_index, rebuild
from assistant.store.layout import CURRENT, MANIFEST
from assistant.web.exposure import check_exposure
from samples import Built, FakeEncoder, write_pdf

# What a French instruction to a reader looks like: a verb in the imperative, second person plural.
ADVICE = re.compile(r"\b[a-zéèêû]+ez\b|\bassistant [a-z]+", re.IGNORECASE)


def _subclasses(base: type[AssistantError]) -> set[type[AssistantError]]:
    return {base}.union(*(_subclasses(c) for c in base.__subclasses__()))


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _read(tmp_path: Path, name: str, data: bytes) -> None:
    _write(tmp_path / name, data)
    read_document(tmp_path, name)


def _encrypted(built: Built, tmp_path: Path) -> None:
    write_pdf(tmp_path / "secret.pdf", ["texte"], password="clef")  # noqa: S106 - the test's own
    read_document(tmp_path, "secret.pdf")


def _settings(tmp_path: Path, text: str) -> None:
    load_settings(_write(tmp_path / "assistant.toml", text.encode()))


def _altered(built: Built, tmp_path: Path) -> None:
    build = built.folder / "builds" / (built.folder / CURRENT).read_text().strip()
    next((build / "shards").glob("*.vectors")).write_bytes(b"x")
    open_index(built.folder)


def _manifest(built: Built, tmp_path: Path) -> None:
    build = built.folder / "builds" / (built.folder / CURRENT).read_text().strip()
    (build / MANIFEST).write_text("{", encoding="utf-8")
    open_index(built.folder)


def _pointer(built: Built, tmp_path: Path) -> None:
    (built.folder / CURRENT).write_text("nulle-part\n", encoding="utf-8")
    open_index(built.folder)


def _locked(built: Built, tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(built.folder / "rebuild.lock"):
        rebuild(built.corpus, built.folder, FakeEncoder(), max_chars=600, wait_s=0)


def _not_a_folder(built: Built, tmp_path: Path) -> None:
    rebuild(built.corpus, _write(tmp_path / "fichier", b"x"), FakeEncoder(), max_chars=600)


Case = tuple[type[AssistantError], Callable[[Built, Path], object]]
CASES: dict[str, Case] = {
    "question vide": (errors.QuestionError, lambda b, t: check(" \n ?!")),
    "question trop longue": (errors.QuestionError, lambda b, t: check("mot " * 5000)),
    "réglages absents": (errors.SettingsError, lambda b, t: load_settings(t / "absent.toml")),
    "réglages illisibles": (errors.SettingsError, lambda b, t: _settings(t, "model = ")),
    "réglage inconnu": (errors.SettingsError, lambda b, t: _settings(t, "modele = 'x'")),
    "réglage hors bornes": (errors.SettingsError, lambda b, t: _settings(t, "max_chars = 3")),
    "réglage d'un autre type": (errors.SettingsError, lambda b, t: _settings(t, "max_chars = true")),
    "modèle absent": (errors.ModelMissingError, lambda b, t: SentenceEncoder("nulle-part")),
    "corpus absent": (
        errors.CorpusError,
        lambda b, t: rebuild(t / "absent", t / "i", FakeEncoder(), max_chars=600),
    ),
    "corpus vide": (
        errors.CorpusError,
        lambda b, t: rebuild(_write(t / "vide/.x", b"").parent, t / "i", FakeEncoder(), max_chars=600),
    ),
    "format inconnu": (errors.UnsupportedFormatError, lambda b, t: _read(t, "image.png", b"x")),
    "fichier absent": (errors.UnreadableDocumentError, lambda b, t: read_document(t, "absent.md")),
    "binaire": (errors.UnreadableDocumentError, lambda b, t: _read(t, "a.txt", b"\0\1\2\3")),
    "PDF endommagé": (errors.UnreadableDocumentError, lambda b, t: _read(t, "a.pdf", b"%PDF-1.4 rien")),
    "PDF protégé": (errors.UnreadableDocumentError, _encrypted),
    "en-tête fautif": (
        errors.UnreadableDocumentError,
        lambda b, t: _read(t, "a.md", b"---\ntitre: [\n---\ntexte\n"),
    ),
    "questions fautives": (
        errors.UnreadableDocumentError,
        lambda b, t: (_write(t / "a.questions.yaml", b"- x"), _read(t, "a.md", b"Texte.")),
    ),
    "fichier vide": (errors.EmptyDocumentError, lambda b, t: _read(t, "vide.md", b"\n\n")),
    "pas d'index": (errors.IndexMissingError, lambda b, t: open_index(t / "rien")),
    "build disparu": (errors.IndexCorruptedError, _pointer),
    "manifeste illisible": (errors.IndexCorruptedError, _manifest),
    "fichier altéré": (errors.IndexCorruptedError, _altered),
    "autre modèle": (errors.IndexStaleError, lambda b, t: open_index(b.folder, model="autre:0")),
    "autre longueur": (errors.IndexStaleError, lambda b, t: open_index(b.folder, max_chars=300)),
    "reconstruction en cours": (errors.IndexLockedError, _locked),
    "index non inscriptible": (errors.IndexWriteError, _not_a_folder),
    "compte absent": (errors.AccountError, lambda b, t: Accounts(t).remove("alice")),
    "nom de compte": (errors.AccountError, lambda b, t: Accounts(t).add("a b", "x" * 12)),
    "mot de passe court": (errors.AccountError, lambda b, t: Accounts(t).add("alice", "court")),
    "comptes abîmés": (
        errors.AccountError,
        lambda b, t: Accounts(_write(t / "comptes.sqlite", b"x" * 200).parent).exist(),
    ),
    "historique abîmé": (
        errors.RecordError,
        lambda b, t: Records(_write(t / "historique.sqlite", b"x" * 200).parent, RecordSettings()).purge(),
    ),
    "exposé sans compte": (
        errors.SettingsError,
        lambda b, t: check_exposure("10.0.0.4", ServerSettings(), Accounts(t)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_user_reads_one_french_sentence(case: str, built: Built, tmp_path: Path) -> None:
    """It stands on one line, ends with a stop, and says what to do; its class is the documented one."""
    expected, act = CASES[case]
    with pytest.raises(expected) as caught:
        act(built, tmp_path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert ADVICE.search(sentence), sentence
    assert "Error" not in sentence


def test_every_error_is_provoked_by_a_case() -> None:
    """A new subclass needs a case above, or a place among those tested with their command."""
    elsewhere = {errors.EvaluationDataError}
    abstract = {errors.AssistantError, errors.StoreError}
    provoked = {kind for kind, _ in CASES.values()}
    own = {c for c in _subclasses(AssistantError) if c.__module__ == errors.__name__}
    assert own == provoked | elsewhere | abstract


def test_the_drawing_names_every_class() -> None:
    """The tree in the module's docstring is the tree."""
    own = {c.__name__ for c in _subclasses(AssistantError) if c.__module__ == errors.__name__}
    assert own == set(re.findall(r"\b[A-Z]\w+Error\b", errors.__doc__ or "")) - {"ValueError"}


def test_errors_keep_their_file() -> None:
    """What is caught can point at the file."""
    assert Path("a.md") == errors.CorpusError("Phrase.", path=Path("a.md")).path
