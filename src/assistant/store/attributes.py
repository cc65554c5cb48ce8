"""The attributes of the identity tables: how people ask about them.

``attributs.yaml``, anywhere in the corpus, says for each attribute how questions name it; a new
fiche's rows get these questions without a word of code. Without the file, the attributes'
labels are all there is, and everything still works.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from assistant.corpus.scan import ATTRIBUTES_FILE
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze

PLACEHOLDER = "{assistant}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute and the questions that its value answers.

    Attributes:
        questions: Templates; ``{assistant}`` stands for the product's name.
    """

    label: str
    questions: tuple[str, ...] = ()


def attributes_file(corpus: Path) -> Path | None:
    """Return the corpus's ``attributs.yaml``, if it has one."""
    return next(iter(sorted(corpus.rglob(ATTRIBUTES_FILE))), None)


def read_attributes(corpus: Path) -> tuple[dict[str, Attribute], str]:
    """Return the attributes by label, and a digest of the file ("" where there is none).

    Raises:
        UnreadableDocumentError: The file is not a mapping of labels to lists of questions.
    """
    path = attributes_file(corpus)
    if path is None:
        return {}, ""
    data = path.read_bytes()
    try:
        loaded = yaml.safe_load(data.decode("utf-8")) or {}
        found = {
            str(label): Attribute(str(label), tuple(squeeze(clean(str(q))) for q in questions))
            for label, questions in loaded.items()
        }
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError, TypeError) as error:
        message = (
            f"Le fichier « {path.name} » doit associer à chaque attribut une liste de questions : "
            "corrigez-le, puis relancez « assistant index »."
        )
        raise UnreadableDocumentError(message, path=path) from error
    return found, hashlib.blake2b(data, digest_size=16).hexdigest()
