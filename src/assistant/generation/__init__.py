"""Write answers with a language model of the premises; verification decides what is shown.

The model is optional and never trusted: without it, or where it fails, the quoted answer stands.
"""

from assistant.generation.client import Client
from assistant.generation.failure import GenerationError
from assistant.generation.followup import rewrite_question
from assistant.generation.writing import Written, rewrite, stream, writable, write

__all__ = [
    "Client",
    "GenerationError",
    "Written",
    "rewrite",
    "rewrite_question",
    "stream",
    "writable",
    "write",
]
