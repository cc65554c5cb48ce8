"""What goes wrong with a model's server; never shown as an error, the quoted answer takes over."""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "refused",
    "unreachable",
    "timeout",
    "status",
    "redirect",
    "garbage",
    "truncated",
    "overlong",
    "silent",
    "resting",
]


class GenerationError(Exception):
    """The model gave no usable text.

    Attributes:
        kind: What happened, for tests and counts.
        reason: The same in French, for the log and the administrator.
    """

    def __init__(self, kind: Kind, reason: str) -> None:
        """Keep what happened."""
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
