"""What a question asks: providers, plan, kind, follow-up. Data comes from the corpus."""

from assistant.question.catalogue import Catalogue, Provider
from assistant.question.following import understand
from assistant.question.understanding import Query

__all__ = ["Catalogue", "Provider", "Query", "understand"]
