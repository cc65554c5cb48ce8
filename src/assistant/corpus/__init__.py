"""Files of the corpus folder, read into documents."""

from assistant.corpus.reader import FORMATS, read_document
from assistant.corpus.scan import FoundFile, scan

__all__ = ["FORMATS", "FoundFile", "read_document", "scan"]
