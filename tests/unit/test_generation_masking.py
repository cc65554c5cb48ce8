"""What a language model reads of a question that holds personal data."""

from __future__ import annotations

import json

import pytest

from assistant.answering import Assistant
from assistant.settings import LlmSettings, Settings
from assistant.web.privacy import notice
from samples import Built, FakeEncoder
from scripted_llm import Exchange, serving

NUMBER = "06 39 98 12 34"
QUESTION = f"Où sont les serveurs de Boréal ? Mon numéro : {NUMBER}"


def _echo(exchange: Exchange) -> None:
    exchange.say([f"{text} [{n}]" for n, text in exchange.sentences.items()] or ["SILENCE"])


def _read_by_the_model(built: Built, *, mask: bool) -> tuple[str, str]:
    """Return all that the model was sent, and what the page says of it."""
    with serving(_echo) as server:
        llm = LlmSettings(server.url, "essai", rewrite=True, mask=mask)
        assistant = Assistant.open(
            built.folder, Settings(abstention=0.0, llm=llm, max_chars=600), encoder=FakeEncoder()
        )
        answer = assistant.ask(QUESTION)
        assistant.ask("et Zéphyr ?", history=[QUESTION])
        assert answer.question == QUESTION
        return json.dumps(server.requests, ensure_ascii=False), notice(QUESTION, assistant.llm)


def test_a_model_reads_the_question_without_personal_data(built: Built) -> None:
    """By default, the earlier questions included; the answer still bears the question as typed."""
    sent, said = _read_by_the_model(built, mask=True)
    assert "[numéro de téléphone masqué]" in sent
    assert "Boréal" in sent
    assert "98 12 34" not in sent
    assert said.endswith("le modèle de langage lit la question sans ces données.")


def test_an_administrator_may_choose_otherwise(built: Built) -> None:
    """Then the page says so."""
    sent, said = _read_by_the_model(built, mask=False)
    assert NUMBER in sent
    assert "a lu la question telle quelle" in said


@pytest.mark.parametrize("question", ["", "Où sont les serveurs de Boréal ?"])
def test_nothing_is_said_of_nothing(question: str) -> None:
    """No notice where there are no personal data."""
    assert notice(question, None) == ""
