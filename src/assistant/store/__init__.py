"""What an index holds, how it is rebuilt, how it is opened."""

from assistant.store.feeding import index_documents
from assistant.store.index import Index, SentenceRow, open_index
from assistant.store.publishing import follow, rollback
from assistant.store.rebuild import FileReport, RebuildReport, rebuild
from assistant.store.watch import watch

__all__ = [
    "FileReport",
    "Index",
    "RebuildReport",
    "SentenceRow",
    "follow",
    "index_documents",
    "open_index",
    "rebuild",
    "rollback",
    "watch",
]
