"""Which file extensions are read, and by what; each reader is imported when first needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from assistant.corpus.draft import Draft, Job

Reader = Callable[[Job], Draft]


def _later(module: str) -> Reader:
    def read(job: Job) -> Draft:
        reader: Reader = importlib.import_module(f"assistant.corpus.{module}").read
        return reader(job)

    return read


FORMATS: Mapping[str, Reader] = {
    ".md": _later("markdown"),
    ".markdown": _later("markdown"),
    ".txt": _later("plain"),
    ".html": _later("webpage"),
    ".htm": _later("webpage"),
    ".xhtml": _later("webpage"),
    ".pdf": _later("pdf"),
    ".docx": _later("word"),
    ".odt": _later("odt"),
}
TEXT_FORMATS = frozenset({".md", ".markdown", ".txt"})


def known_formats() -> str:
    """Return the extensions as a sentence lists them."""
    return ", ".join(sorted({suffix.removeprefix(".") for suffix in FORMATS}))
