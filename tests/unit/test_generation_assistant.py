"""The whole assistant with a language model behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.errors import SettingsError
from assistant.presentation import answer_dict
from assistant.settings import LlmSettings, Settings, load_settings
from samples import Built, FakeEncoder
from scripted_llm import Exchange, serving

QUESTION = "Où sont les serveurs de Boréal ?"


def _assistant(built: Built, llm: LlmSettings | None, **settings: object) -> Assistant:
    return Assistant.open(
        built.folder, Settings(abstention=0.0, llm=llm, max_chars=600), encoder=FakeEncoder()
    )


def _echo(exchange: Exchange) -> None:
    """Say each sentence as it is, and a lie after each."""
    lines = [f"{text} [{n}]\nLumo garde tout {90 + n} ans [{n}]." for n, text in exchange.sentences.items()]
    exchange.say("\n".join(lines).split("\n"))


def test_a_liar_changes_nothing_of_what_is_said(built: Built) -> None:
    """Every statement is supported, no lie is shown, quotes stay exact."""
    plain = _assistant(built, None).ask(QUESTION)
    assert not plain.abstained
    with serving(_echo) as server:
        answer = _assistant(built, LlmSettings(server.url, "essai")).ask(QUESTION, id="q1")
    assert "ans" not in re.sub(r"dans|sans", "", answer.answer) or "9" not in answer.answer
    assert plain.citations == answer.citations
    assert {n for s in plain.statements for n in s.citations} == {
        n for s in answer.statements for n in s.citations
    }
    assert answer.id == "q1"
    assert {"retrieval", "answer", "total"} == answer.timings_ms.keys()
    shown = answer_dict(answer)
    assert all(c["passage"][c["start"] : c["end"]] == c["quote"] for c in shown["citations"])


def test_the_answer_grows_until_it_is_whole(built: Built) -> None:
    """As the page shows them."""
    with serving(lambda e: e.say([f"{t} [{n}]" for n, t in e.sentences.items()])) as server:
        *parts, last = _assistant(built, LlmSettings(server.url, "essai")).stream(QUESTION)
    assert parts
    assert [p.statements for p in parts] == [last.statements[:n] for n in range(1, len(last.statements) + 1)]
    assert {p.engine for p in (*parts, last)} == {"llm:essai"}
    assert all(p.citations == last.citations for p in parts)


def test_without_a_model_the_answer_comes_alone(built: Built) -> None:
    """The default."""
    (answer,) = _assistant(built, None).stream(QUESTION)
    assert answer.engine == "extractif"


def test_a_public_model_is_refused_when_the_assistant_opens(built: Built) -> None:
    """Not at the first question."""
    with pytest.raises(SettingsError, match="réseau interne"):
        _assistant(built, LlmSettings("https://93.184.216.34/v1", "m"))


@pytest.mark.parametrize("wording", ["Où sont les serveurs de Zéphyr ?", "Où sont les serveurs de Boréal ?"])
def test_a_reworded_follow_up_keeps_its_provider(wording: str, built: Built) -> None:
    """The model's wording is used where it is about the same provider, else the deterministic one."""
    history, question = ["Où sont les serveurs de Boréal ?"], "et Zéphyr ?"
    plain = _assistant(built, None).ask(question, history=history)
    with serving(lambda e: e.say([wording]) if len(e.body["messages"]) == 1 else e.head(500)) as server:
        answer = _assistant(built, LlmSettings(server.url, "essai", rewrite=True)).ask(
            question, history=history
        )
    assert (wording if "Zéphyr" in wording else plain.interpreted) == answer.interpreted
    assert answer.engine == "extractif"


# --- settings -------------------------------------------------------------------------------------


def _load(text: str, folder: Path) -> Settings:
    path = folder / "reglages.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_the_table_llm_is_read(tmp_path: Path) -> None:
    """Beside the other settings; what is left out keeps its default."""
    found = _load(
        'max_chars = 800\n[llm]\nbase_url = "http://127.0.0.1:11434/v1"\nmodel = "m"\n'
        'allowed_hosts = ["10.0.0.0/8"]\nrewrite = true\n',
        tmp_path,
    )
    expected = LlmSettings("http://127.0.0.1:11434/v1", "m", allowed_hosts=("10.0.0.0/8",), rewrite=True)
    assert Settings(max_chars=800, llm=expected) == found
    assert expected.temperature == 0


@pytest.mark.parametrize(
    "line",
    [
        'base_url = "127.0.0.1:80"', 'model = " "', "timeout_s = 0", "timeout_s = true", "max_tokens = 8.5",
        "temperature = 3",
        'allowed_hosts = "10.0.0.1"', "allowed_hosts = [3]", "rewrite = 1", 'api_key_env = "A B"',
        "prompt = 3",
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_setting(line: str, tmp_path: Path) -> None:
    """With its table."""
    rest = {"base_url": 'base_url = "http://127.0.0.1/v1"', "model": 'model = "m"'}
    name = line.partition(" ")[0]
    rest.pop(name, None)
    with pytest.raises(SettingsError, match=rf"llm\.{name}"):
        _load("\n".join(["[llm]", *rest.values(), line]), tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[llm]\nmodel = "m"', "base_url"),
        ('[llm]\nbase_url = "http://127.0.0.1/v1"', "model"),
        ('llm = "http://127.0.0.1/v1"', r"\[llm\]"),
        ('[llm]\nbase_url = "http://127.0.0.1/v1"\nmodel = "m"\nmodele = "n"', r"llm\.modele"),
    ],
)
def test_a_missing_or_unknown_setting_is_told(text: str, named: str, tmp_path: Path) -> None:
    """From the sentence alone."""
    with pytest.raises(SettingsError, match=named):
        _load(text, tmp_path)
