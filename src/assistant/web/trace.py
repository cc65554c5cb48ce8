"""What is logged of an unexpected failure: where it happened, never what was asked."""

from __future__ import annotations

import logging
import traceback

_logger = logging.getLogger("assistant.web")


def report(error: BaseException) -> None:
    """Log the kind of *error* and the lines of code that led to it.

    Its message is left out: it may quote the question or a document.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("%s (message withheld)\n%s", type(error).__name__, frames)
