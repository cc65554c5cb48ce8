"""Let a model reword a question that goes on from another; kept only where it means the same."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.generation.client import Client
from assistant.generation.failure import GenerationError
from assistant.generation.prompting import conversation
from assistant.text import clean, squeeze
from assistant.verification import adds_nothing

MAX_TOKENS = 80


def rewrite_question(question: str, history: Sequence[str], understood: str, client: Client) -> str | None:
    """Return *question* as the model words it by itself, or None.

    Args:
        question: What was typed.
        history: Earlier questions, oldest first.
        understood: What the assistant made of it without a model, the default.
        client: Asks the model.

    Returns:
        One question whose every name, number and meaningful word is in the conversation, or None
        where the model fails or adds something.
    """
    question, history = client.readable(question), [client.readable(h) for h in history]
    understood = client.readable(understood)
    try:
        with client.stream(conversation(question, history), max_tokens=MAX_TOKENS) as reply:
            text = squeeze(clean("".join(reply)).replace("\n", " "))
    except GenerationError:
        return None
    if not text or len(text) > 2 * len(understood) + 80 or text.count("?") > 1:
        return None
    return text if adds_nothing(text, [question, *history, understood]) else None
