"""The errors that a user may meet.

AssistantError
├── SettingsError
├── CorpusError
│   ├── UnsupportedFormatError
│   ├── UnreadableDocumentError
│   └── EmptyDocumentError
├── QuestionError
├── ModelMissingError
├── StoreError
│   ├── IndexMissingError
│   ├── IndexCorruptedError
│   ├── IndexStaleError
│   ├── IndexLockedError
│   └── IndexWriteError
├── AccountError
├── RecordError
└── EvaluationDataError

Each carries what it is about and one French sentence (``str(error)``): what happened, to which
file, what to do. Programming mistakes stay ``ValueError``. Abstaining is a value, not an error.
"""

from __future__ import annotations

from pathlib import Path


class AssistantError(Exception):
    """Base of all errors whose message users will see."""

    def __init__(self, explanation: str, *, path: Path | str | None = None) -> None:
        """Keep the French sentence and the file that it is about."""
        super().__init__(explanation)
        self.path = path


class SettingsError(AssistantError):
    """A setting has a value that cannot be used."""


class CorpusError(AssistantError):
    """A file of the corpus cannot be indexed."""


class UnsupportedFormatError(CorpusError):
    """The file's format is not one that is read."""


class UnreadableDocumentError(CorpusError):
    """The file is damaged, encrypted or not what its name says."""


class EmptyDocumentError(CorpusError):
    """The file holds no text."""


class QuestionError(AssistantError):
    """The question is empty or too long."""


class ModelMissingError(AssistantError):
    """The embedding model is not on this machine or cannot be loaded."""


class StoreError(AssistantError):
    """The index cannot be used."""


class IndexMissingError(StoreError):
    """No index has been built yet."""


class IndexCorruptedError(StoreError):
    """A file of the index is missing or has changed."""


class IndexStaleError(StoreError):
    """The index was made with another model, other settings or another format."""


class IndexLockedError(StoreError):
    """Another rebuild is under way."""


class IndexWriteError(StoreError):
    """The index cannot be written: no room, no right, a failing disk."""


class AccountError(AssistantError):
    """An account, a password or the file that holds them cannot be used."""


class RecordError(AssistantError):
    """The history, the opinions or the access log cannot be read or written."""


class EvaluationDataError(AssistantError):
    """Evaluation questions or a BEIR folder cannot be read."""
