"""Files of the corpus folder, read into documents."""

from assistant.corpus.formats import FORMATS
from assistant.corpus.limits import DEFAULT_LIMITS, Limits
from assistant.corpus.reader import read_document
from assistant.corpus.scan import FoundFile, scan

__all__ = ["DEFAULT_LIMITS", "FORMATS", "FoundFile", "Limits", "read_document", "scan"]
