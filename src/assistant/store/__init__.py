"""What an index holds, how it is rebuilt, how it is opened."""

from assistant.store.index import Index, SentenceRow, open_index
from assistant.store.rebuild import FileReport, RebuildReport, rebuild

__all__ = ["FileReport", "Index", "RebuildReport", "SentenceRow", "open_index", "rebuild"]
