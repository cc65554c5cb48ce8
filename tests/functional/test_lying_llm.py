"""``assistant eval`` behind a language model that lies in every second sentence."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from assistant.answering import Assistant
from assistant.evaluation.asking import Examiner, RememberingEncoder
from assistant.evaluation.questions import Question
from assistant.settings import LlmSettings, Settings
from samples import Built
from scripted_llm import serving

TOOL = Path(__file__).parents[2] / "tools" / "menteur.py"
ASKED = {
    "Combien de temps Boréal garde-t-il une conversation supprimée ?": "nordix-conservation-01",
    "Où sont les serveurs de Boréal ?": "nordix-juridiction-01",
    "Où se trouve le siège de Nordix ?": "nordix-identite-01",
    "Où se trouve le siège de Cumulus ?": "cumulus-identite-01",
}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Load the script that runs the same on every question of the project."""
    spec = importlib.util.spec_from_file_location("menteur", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["menteur"] = module
    spec.loader.exec_module(module)
    return module


def test_every_second_line_is_a_lie(tool: ModuleType) -> None:
    """Else the figures would mean nothing."""
    sentences = {1: "Selon Nordix, Boréal garde les données 12 jours.", 2: "Zéphyr ne vend pas les données."}
    liar = tool.Liar(["Boréal", "Zéphyr"])
    lines = [line for _ in range(6) for line in liar.reply(sentences)]
    assert {"Boréal garde les données 12 jours, selon Nordix. [1]", f"{sentences[2]} [2]"} == set(lines[::2])
    for line in lines[1::2]:
        text, n = re.fullmatch(r"(.+) \[(\d)\]", line).groups()  # type: ignore[union-attr]
        assert sentences[int(n)] != text
        assert text in liar.lies or text in liar.shifted
    assert liar.told == len(lines) // 2


def test_no_lie_is_shown_and_no_right_fact_is_lost(tool: ModuleType, built: Built) -> None:
    """Every displayed statement is faithful; as many questions are answered right as without a model."""
    encoder = RememberingEncoder(built.encoder)
    questions = [
        Question(f"q{n}", text, "fait", "test", facts=frozenset({fact}))
        for n, (text, fact) in enumerate(ASKED.items())
    ]
    liar = tool.Liar(["Boréal", "Zéphyr"])
    plain = Examiner(
        Assistant.open(built.folder, Settings(abstention=0.0, max_chars=600), encoder=encoder), encoder
    )
    with serving(lambda exchange: exchange.say(liar.reply(exchange.sentences))) as server:
        settings = Settings(abstention=0.0, max_chars=600, llm=LlmSettings(server.url, "menteur"))
        lied = Examiner(Assistant.open(built.folder, settings, encoder=encoder), encoder)
        figures = tool.compare(
            [plain.examine(q) for q in questions], [lied.examine(q) for q in questions], liar
        )
    assert figures["lies_told"] >= len(questions)
    assert figures["written_by_the_model"] > 0
    assert figures["lies_shown"] == 0, figures["shown"]
    assert figures["unfaithful_statements"] == 0
    assert figures["right_fact"]["menteur"] == figures["right_fact"]["extractif"] > 0
