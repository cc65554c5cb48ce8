"""Assistant du dossier: cited answers about AI providers, from a local dossier."""

from typing import TYPE_CHECKING, Any

from assistant.silence import silence_libraries

# First of all: libraries read these settings while they are imported.
silence_libraries()

if TYPE_CHECKING:
    from assistant.answering import Assistant
    from assistant.domain import Answer

__all__ = ["Answer", "Assistant", "__version__"]
__version__ = "1.0.0"


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: ``assistant --help`` stays quick."""
    if name == "Assistant":
        from assistant.answering import Assistant

        return Assistant
    if name == "Answer":
        from assistant.domain import Answer

        return Answer
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
