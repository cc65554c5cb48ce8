"""What the page says of personal data found in a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.sensitive import find
from assistant.sensitive.recognition import LABELS

if TYPE_CHECKING:
    from assistant.generation import Client


def notice(question: str, llm: Client | None, reach: str = "cette machine") -> str:
    """Return what is said of the personal data in *question*, "" where there are none.

    Args:
        question: As typed.
        llm: The language model that may read it, or None.
        reach: What data never leave (see ``Service.reach``).
    """
    named = list(dict.fromkeys(LABELS[f.kind] for f in find(question)))
    if not named:
        return ""
    listed = [f"{'une' if n.startswith('adresse') else 'un'} {n}" for n in named]
    joined = " et ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
    return f"Votre question contient {joined}. {_fate(llm, reach)}"


def _fate(llm: Client | None, reach: str) -> str:
    """Return where the data go: no further than *reach*, unless a model elsewhere may read them."""
    if llm is None:
        return f"Cela reste {'sur' if reach == 'cette machine' else 'dans'} {reach}."
    if llm.settings.mask:
        return "Cela reste sur cette machine\u00a0: le modèle de langage lit la question sans ces données."
    return f"Le {llm.place} a lu la question telle quelle."
