"""Measure the answers: on the project's own questions, or on any BEIR collection."""

from assistant.evaluation.running import run_evaluation

__all__ = ["run_evaluation"]
