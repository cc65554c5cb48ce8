"""The page: a Gradio chat in a shell of our own, reading pages, exports.

Gradio reads its settings from the environment while it is imported, so what keeps it silent is
set here, before any module of this package can import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.silence import silence_server

silence_server()

if TYPE_CHECKING:
    from assistant.web.server import create_app, serve

__all__ = ["create_app", "serve"]


def __getattr__(name: str) -> Any:
    """Import the server when it is first used: Gradio alone takes three seconds."""
    if name in __all__:
        from assistant.web import server

        return getattr(server, name)
    raise AttributeError(name)
