"""What a model is asked: instructions from a file, and the sentences as data that cannot end itself."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from assistant.domain import Citation
from assistant.errors import SettingsError
from assistant.text import clean, squeeze

MAX_PROMPT = 20_000
_SECRET = secrets.token_bytes(16)
"""Unknown to whoever writes a document, new in each process: with it the delimiters of a request are
the same for the same text (a server may then reuse its cache) and cannot be guessed."""


def instructions(path: str | None) -> str:
    """Return the instructions of the file *path*, or the shipped ones.

    Raises:
        SettingsError: The file cannot be read, is empty, or is too long.
    """
    if path is None:
        return resources.files(__package__).joinpath("prompt.md").read_text(encoding="utf-8")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"Le fichier de consignes « {path} » ne peut pas être lu : vérifiez le réglage « llm.prompt »."
        )
        raise SettingsError(message, path=path) from error
    if not text.strip() or len(text) > MAX_PROMPT:
        message = (
            f"Le fichier de consignes « {path} » doit compter de 1 à {MAX_PROMPT} caractères : corrigez-le."
        )
        raise SettingsError(message, path=path)
    return text


def messages(question: str, citations: Sequence[Citation], *, system: str) -> list[dict[str, str]]:
    """Return the messages that ask for an answer to *question* from the quotes of *citations*."""
    numbered = "\n".join(f"[{c.n}] {_data(c.quote)}" for c in citations)
    fenced = [_fenced("QUESTION", _data(question)), _fenced("DOSSIER", numbered)]
    asked = "\n\n".join([*fenced, "Rédige la réponse, une phrase par ligne."])
    return [{"role": "system", "content": system}, {"role": "user", "content": asked}]


def _data(text: str) -> str:
    """Return *text* on one line, without what looks like a delimiter or a marker of a chat template."""
    text = squeeze(clean(text))
    text = re.sub(r"<\|[^|>]{0,40}\|>|\[/?INST\]|</?s>", " ", text)
    return squeeze(re.sub(r"<{2,}|>{2,}|={4,}|`{3,}", " ", text))


def _fenced(name: str, text: str) -> str:
    """Return *text* between two lines that it cannot contain."""
    mark = hashlib.blake2b(text.encode(), key=_SECRET, digest_size=8).hexdigest()
    return f"<<<{name} {mark}>>>\n{text}\n<<<FIN {name} {mark}>>>"


def conversation(question: str, history: Sequence[str]) -> list[dict[str, str]]:
    """Return the messages that ask to word a question so that it stands by itself."""
    earlier = "\n".join(f"- {_data(h)}" for h in history[-4:])
    asked = (
        f"{_fenced('CONVERSATION', earlier)}\n\n{_fenced('QUESTION', _data(question))}\n\n"
        "Réécris la question pour qu'elle se comprenne sans la conversation. Garde ses mots, ajoute "
        "seulement ceux qui manquent, pris dans la conversation. Écris une seule question, rien d'autre."
    )
    return [{"role": "user", "content": asked}]
