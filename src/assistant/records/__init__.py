"""What is kept on disk of what people do, where the administrator asked for it."""

from assistant.records.database import Erased
from assistant.records.keeping import Records

__all__ = ["Erased", "Records"]
