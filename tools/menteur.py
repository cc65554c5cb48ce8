"""Evaluate the assistant behind a language model that lies in every second sentence.

A scripted server answers each question with the sentences that it was given, reworded by rule, and after
each true one a subtle lie on the next: a number, a unit, a plan, a provider or a negation changed, a
citation shifted. The same questions are then asked without a model, and the figures set side by side:

    python tools/menteur.py --index index            # every fact and definition question; minutes
    python tools/menteur.py --index index --limit 40
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.answering import Assistant
from assistant.embedding import SentenceEncoder
from assistant.evaluation.asking import Examiner, Outcome, RememberingEncoder
from assistant.evaluation.questions import Question, load_questions
from assistant.settings import LlmSettings, Settings

ROOT = Path(__file__).resolve().parent.parent

_UNITS = (("jours", "mois"), ("mois", "ans"), ("ans", "mois"), ("heures", "jours"), ("millions", "milliards"))
_PLANS = (
    ("grand public", "professionnel"),
    ("professionnelle", "grand public"),
    ("professionnel", "grand public"),
    ("gratuit", "payant"),
)
_WORDS = (
    ("peuvent", "doivent"),
    ("peut", "doit"),
    ("avant", "après"),
    ("les", "tous les"),
    ("des", "tous les"),
)
_SOURCE = re.compile(r"^((?:Selon|D’après) [^,:;]{4,60}), (\w)")


@dataclass
class Liar:
    """What was said, and which of it is false.

    Attributes:
        lies: False sentence -> the kind of lie.
        shifted: True sentences said under a citation that is not their own.
        names: Names that take each other's place.
    """

    names: Sequence[str]
    lies: dict[str, str] = field(default_factory=dict)
    shifted: set[str] = field(default_factory=set)
    told: int = 0

    def reply(self, sentences: dict[int, str]) -> list[str]:
        """Return the lines of a reply: a true one, a lie, and so on."""
        lines = []
        for at, (n, text) in enumerate(sentences.items()):
            lines.append(f"{_reworded(text)} [{n}]")
            lines.append(self._lie(at, list(sentences), sentences))
        return lines

    def _lie(self, at: int, numbers: Sequence[int], sentences: dict[int, str]) -> str:
        """Return a lie on the sentence after the *at*-th, so that both kinds concern every one."""
        n = numbers[(at + 1) % len(numbers)]
        text = sentences[n]
        self.told += 1
        others = [m for m in numbers if sentences[m] != text]
        if others and self.told % 6 == 0:
            self.shifted.add(text)
            return f"{text} [{others[0]}]"
        made = [(kind, lie) for kind, lie in self._changes(text) if lie != text]
        kind, lie = made[self.told % len(made)]
        self.lies[lie] = kind
        return f"{lie} [{n}]"

    def _changes(self, text: str) -> list[tuple[str, str]]:
        """Return what can be made false of *text*; the last two can always be."""
        found = []
        if number := re.search(r"(?<![\w.-])\d{1,3}(?![\w.-]|,\d)", text):
            found.append(("nombre", f"{text[: number.start()]}{int(number[0]) + 3}{text[number.end() :]}"))
        for kind, pairs in (("unité", _UNITS), ("offre", _PLANS), ("mot", _WORDS)):
            old, new = next((p for p in pairs if re.search(rf"\b{p[0]}\b", text)), ("", ""))
            if old:
                found.append((kind, re.sub(rf"\b{old}\b", new, text, count=1)))
        if name := next((a for a in self.names if re.search(rf"\b{re.escape(a)}\b", text)), None):
            other = (
                next(b for b in self.names if b not in text) if any(b not in text for b in self.names) else ""
            )
            found += [("fournisseur", re.sub(rf"\b{re.escape(name)}\b", other, text))] if other else []
        if denied := re.search(r"\b(?:ne |n’)(\w+) pas\b", text):
            found.append(("négation", text.replace(denied[0], denied[1], 1)))
        ended = text.rstrip(".")
        found.append(("ajout", f"{ended}, depuis 2019."))
        found.append(("invention", f"{ended}, ce que la CNIL a confirmé."))
        return found

    def shown(self, outcome: Outcome) -> list[str]:
        """Return the lies among the statements of an answer.

        A true sentence is one where no citation of its own stands under it: numbers differ from
        question to question, so it is its quotes that tell.
        """
        quotes = {c.n: c.quote for c in outcome.answer.citations}
        return [
            s.text
            for s in outcome.answer.statements
            if s.text in self.lies
            or (s.text in self.shifted and s.text not in {quotes.get(n) for n in s.citations})
        ]


def _reworded(text: str) -> str:
    """Return *text* with whoever says so named at its end instead of its beginning."""
    found = _SOURCE.match(text)
    if found is None:
        return text
    rest = found[2].upper() + text[found.end() :].rstrip(".")
    return f"{rest}, {found[1][0].lower()}{found[1][1:]}."


def compare(plain: Sequence[Outcome], lied: Sequence[Outcome], liar: Liar) -> dict[str, Any]:
    """Return the figures of both runs, side by side."""
    shown = [text for o in lied for text in liar.shown(o)]
    right = {
        name: sum(bool(o.judgement.right_fact) for o in outcomes)
        for name, outcomes in (("extractif", plain), ("menteur", lied))
    }
    lost = [
        q.question.id
        for q, o in zip(plain, lied, strict=True)
        if q.judgement.right_fact and not o.judgement.right_fact
    ]
    return {
        "questions": len(lied),
        "written_by_the_model": sum(o.answer.engine.startswith("llm:") for o in lied),
        "lies_told": liar.told,
        "kinds": dict(Counter(liar.lies.values())) | {"citation": len(liar.shifted)},
        "lies_shown": len(shown),
        "shown": shown,
        "unfaithful_statements": sum(o.judgement.unfaithful for o in lied),
        "right_fact": right,
        "lost": lost,
    }


def wanted(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """Return questions on facts, evenly taken from all of them."""
    facts = [q for q in questions if q.facts and q.kind not in {"comparaison", "liste"}]
    step = max(1, len(facts) // limit) if limit else 1
    return facts[::step][:limit]


def main() -> int:
    """Ask with and without the liar, and print the figures as JSON."""
    sys.path.insert(0, str(ROOT / "tests"))
    from scripted_llm import serving

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--questions", type=Path, default=ROOT / "eval" / "questions")
    parser.add_argument("--limit", type=int, help="nombre de questions")
    options = parser.parse_args()
    encoder = RememberingEncoder(SentenceEncoder(Settings().model))
    questions = wanted(load_questions(options.questions), options.limit)
    quoting = Assistant.open(options.index, Settings(), encoder=encoder)
    names = [name for p in quoting.catalogue.providers.values() for name in p.names[:1]]
    liar = Liar(names)
    plain = [Examiner(quoting, encoder).examine(q) for q in questions]
    with serving(lambda exchange: exchange.say(liar.reply(exchange.sentences))) as server:
        settings = Settings(llm=LlmSettings(server.url, "menteur", timeout_s=60, max_tokens=4000))
        examiner = Examiner(Assistant.open(options.index, settings, encoder=encoder), encoder)
        lied = [examiner.examine(q) for q in questions]
    figures = compare(plain, lied, liar)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    return int(
        figures["lies_shown"] > 0 or figures["right_fact"]["menteur"] < figures["right_fact"]["extractif"]
    )


if __name__ == "__main__":
    sys.exit(main())
