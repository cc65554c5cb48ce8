"""The real dossier in Milvus: the same answers as from the local index."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.cli import main
from assistant.errors import SettingsError
from assistant.settings import load_settings

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "quarante-questions.jsonl"
needs_milvus = pytest.mark.skipif(
    not (importlib.util.find_spec("pymilvus") and importlib.util.find_spec("milvus_lite")),
    reason="the extra « milvus » is not installed: pip install -e '.[milvus]'",
)


def places_of(dossier: Path, folder: Path) -> list[str]:
    """Return the options of a command over the dossier, with an index and settings in *folder*."""
    index, config = str(folder / "index"), str(folder / "assistant.toml")
    return ["--corpus", str(dossier / "corpus"), "--index", index, "--config", config]


@needs_milvus
def test_the_dossier_answers_alike_from_both_stores(
    dossier: Path, assistant: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers and ranked documents, ties excepted; ``benchmarks/milvus.py`` asks all forty."""
    config = tmp_path / "assistant.toml"
    uri = json.dumps(str(tmp_path / "milvus.db"))
    config.write_text(f'store = "milvus"\n[milvus]\nuri = {uri}\n', encoding="utf-8")
    places = places_of(dossier, tmp_path)
    assert main(["index", *places]) == 0
    remote = Assistant.open(tmp_path / "index", load_settings(config))
    asked = [json.loads(line)["question"] for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    for question in asked[::5]:
        ours, theirs = assistant.ask(question), remote.ask(question)
        assert theirs.answer == ours.answer
        assert theirs.citations == ours.citations
    for question in asked[2::5]:
        ranked = [
            {d["document"]: d["score"] for d in a.search(question)["documents"]} for a in (assistant, remote)
        ]
        assert ranked[1] == pytest.approx(ranked[0], abs=1e-5)
        order = sorted(ranked[0], key=lambda d: -ranked[0][d])
        assert order == sorted(order, key=lambda d: -ranked[1][d])
    assert capsys.readouterr().err == ""


@needs_milvus
def test_what_goes_wrong_is_one_sentence(
    dossier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No server, an address outside, a private one not listed, a missing token: no traceback of gRPC's."""
    config = tmp_path / "assistant.toml"
    places = places_of(dossier, tmp_path)
    for lines, said in {
        'uri = "http://127.0.0.1:1"': "ne répond pas",
        'uri = "http://8.8.8.8:19530"': "réseau interne",
        'uri = "http://10.1.2.3:19530"': "milvus.allowed_hosts",
        'uri = "http://user:mot@127.0.0.1:19530"': "milvus.uri",
        'uri = "milvus.sqlite"': ".db",
        'uri = "http://127.0.0.1:1"\ntoken_env = "JETON_ABSENT"': "JETON_ABSENT",
    }.items():
        config.write_text(f'store = "milvus"\n[milvus]\n{lines}\n', encoding="utf-8")
        assert main(["index", *places]) == 1
        captured = capsys.readouterr()
        assert said in captured.err
        assert captured.err.count("\n") == 1
        assert captured.out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('store = "milvus"', "table [milvus]"),
        ('store = "autre"', "store"),
        ('[milvus]\nprefix = "a"', "uri"),
        ('[milvus]\nuri = "m.db"\nprefix = "à part"', "milvus.prefix"),
        ('[milvus]\nuri = "m.db"\nmot = 1', "milvus.mot"),
        ('[milvus]\nuri = "m.db"\ntoken_env = "MOT DE PASSE"', "milvus.token_env"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    """The sentence names the setting."""
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"a\.toml") as caught:
        load_settings(tmp_path / "a.toml")
    assert said in str(caught.value)


def test_the_table_alone_changes_nothing(tmp_path: Path) -> None:
    """Only ``store`` does: a server may be described before it is used."""
    (tmp_path / "a.toml").write_text('[milvus]\nuri = "m.db"\n', encoding="utf-8")
    settings = load_settings(tmp_path / "a.toml")
    assert settings.remote is None
    assert settings.milvus is not None
