"""Write an answer with a language model, and show of it only what its sentences support."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from assistant.domain import Answer, Citation, Statement
from assistant.embedding import Encoder
from assistant.generation.client import Client
from assistant.generation.failure import GenerationError
from assistant.generation.prompting import messages
from assistant.generation.sentences import Claim, Cutter
from assistant.verification import Verifier, told_whole

ENOUGH = 0.5
"""Share of the model's sentences that must survive for its answer to be given at all. A model that
lies in every second sentence is at the limit; below it nothing of its wording is worth keeping."""
LONGER = 2
"""Sentences by which a model may lengthen an answer; beyond, quoting says it better."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence of the model that was not shown, and the checks that it failed."""

    text: str
    citations: tuple[int, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a request.

    Attributes:
        answer: The answer to show: the model's, or the quoted one unchanged.
        kept: Sentences of the model that were verified.
        replaced: Its sentences in whose place the quoted sentence stands.
        dropped: Its sentences that were left out.
        quoted: Sentences of the dossier added because the model had left them out.
        failure: Why the quoted answer is given, in French, or None.
        refusals: What was not shown.
        verifying_ms: Time spent on verification.
    """

    answer: Answer
    kept: int = 0
    replaced: int = 0
    dropped: int = 0
    quoted: int = 0
    failure: str | None = None
    refusals: tuple[Refusal, ...] = ()
    verifying_ms: float = 0.0


def writable(answer: Answer) -> bool:
    """Tell whether a model may reword *answer*: facts and definitions, never tables nor abstentions."""
    return (
        not answer.abstained
        and answer.kind in {"fait", "definition"}
        and answer.table is None
        and bool(answer.statements)
    )


def rewrite(answer: Answer, question: str, encoder: Encoder, client: Client) -> Answer:
    """Return *answer* in the model's words where they are supported, or as it is."""
    return write(answer, question, encoder, client).answer


def write(answer: Answer, question: str, encoder: Encoder, client: Client) -> Written:
    """Return what the model made of *answer*, with what was kept and refused.

    Args:
        answer: A quoted answer.
        question: The question as understood.
        encoder: Measures how near a sentence is to what it cites.
        client: Asks the model.
    """
    *_, last = stream(answer, question, encoder, client)
    assert isinstance(last, Written)  # noqa: S101 - a stream always ends with it
    return last


def stream(
    answer: Answer, question: str, encoder: Encoder, client: Client, *, stop: threading.Event | None = None
) -> Iterator[Answer | Written]:
    """Yield the answer each time that it has grown by verified statements, then what became of it.

    Each part holds everything shown so far, with all citations. The last prevails: where the model
    fails on the way, it is the quoted answer. Closing the iterator, or setting *stop*, cancels the
    request.
    """
    if not writable(answer):
        yield Written(answer)
        return
    draft = _Draft(answer, Verifier(encoder))
    failure: str | None = None
    try:
        asked = messages(client.readable(question), answer.citations, system=client.instructions)
        for claim in _claims(client, asked, stop):
            if draft.add(claim):
                yield replace(_composed(answer, draft.statements, client.engine), complete=False)
    except GenerationError as error:
        failure = error.reason
    yield draft.finish(failure, client.engine)


def _claims(client: Client, asked: list[dict[str, str]], stop: threading.Event | None) -> Iterator[Claim]:
    """Yield the model's sentences.

    Raises:
        GenerationError: The reply failed, was stopped, or says that the sentences do not answer.
    """
    cutter = Cutter()
    with client.stream(asked, stop=stop) as reply:
        for piece in reply:
            for claim in cutter.feed(piece):
                yield _heard(claim)
        for claim in cutter.close():
            yield _heard(claim)


def _heard(claim: Claim) -> Claim:
    if claim.silent:
        raise GenerationError("silent", "le modèle juge que les phrases ne répondent pas")
    return claim


@dataclass
class _Draft:
    """The answer as it grows."""

    answer: Answer
    verifier: Verifier
    statements: list[Statement] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    kept: int = 0
    replaced: int = 0
    seconds: float = 0.0

    @property
    def cited(self) -> dict[int, Citation]:
        """The citations by number."""
        return {c.n: c for c in self.answer.citations}

    def add(self, claim: Claim) -> list[Statement]:
        """Judge a sentence of the model; return what to show of it."""
        begun = time.perf_counter()
        found = self._verdict(claim)
        self.seconds += time.perf_counter() - begun
        if isinstance(found, Statement):
            self.kept += 1
            shown = [] if any(s.text == found.text for s in self.statements) else [found]
        else:
            self.refusals.append(found)
            shown = [
                Statement(self.cited[n].quote, (n,))
                for n in claim.citations
                if n in self.cited and not self._told(n)
            ][:1]
            self.replaced += bool(shown)
        self.statements += shown
        return shown

    def _verdict(self, claim: Claim) -> Statement | Refusal:
        cited = [n for n in claim.citations if n in self.cited]
        if not cited or len(cited) < len(claim.citations):
            return Refusal(claim.text, claim.citations, ("citation",))
        verdict = self.verifier.judge(claim.text, [self.cited[n].quote for n in cited])
        if not verdict.supported:
            return Refusal(claim.text, claim.citations, verdict.failed)
        return Statement(claim.text, self._needed(claim.text, cited))

    def _needed(self, text: str, cited: Sequence[int]) -> tuple[int, ...]:
        """Return the numbers without which the sentences would no longer support the statement."""
        needed = list(cited)
        for n in reversed(cited):
            others = [m for m in needed if m != n]
            if others and self.verifier.follows(text, [self.cited[m].quote for m in others]):
                needed = others
        return tuple(needed)

    def _told(self, n: int) -> bool:
        """Tell whether what sentence *n* says is already told whole."""
        return told_whole(self.cited[n].quote, [s.text for s in self.statements if n in s.citations])

    def finish(self, failure: str | None, engine: str) -> Written:
        """Return the answer: the model's with what it left out, or the quoted one."""
        dropped = len(self.refusals) - self.replaced
        written = self.kept + len(self.refusals)
        if failure is None and (not self.kept or self.kept < ENOUGH * written):
            failure = "trop peu de phrases du modèle sont fondées sur celles qu'elles citent"
        tally = Written(
            self.answer,
            self.kept,
            self.replaced,
            dropped,
            failure=failure,
            refusals=tuple(self.refusals),
            verifying_ms=1000 * self.seconds,
        )
        if failure is not None:
            return tally
        missing = [s for s in self.answer.statements if not all(map(self._told, s.citations))]
        statements = (*self.statements, *(s for s in missing if s not in self.statements))
        return replace(
            tally,
            answer=_composed(self.answer, statements, engine),
            quoted=len(statements) - len(self.statements),
        )


def _composed(answer: Answer, statements: Sequence[Statement], engine: str) -> Answer:
    """Return *answer* with other statements; what stood above its sentences stays above them."""
    lines = answer.answer.split("\n\n")
    head = lines[: max(0, len(lines) - len(answer.statements))]
    body = [s.text + "\u00a0" + "".join(f"[{n}]" for n in s.citations) for s in statements]
    return replace(answer, answer="\n\n".join([*head, *body]), statements=tuple(statements), engine=engine)
