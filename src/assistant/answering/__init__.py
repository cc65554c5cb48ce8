"""From a question to a cited answer, without any language model."""

from assistant.answering.assistant import Assistant

__all__ = ["Assistant"]
