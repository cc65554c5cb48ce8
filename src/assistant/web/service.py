"""What the page and the API share: the assistant, its rebuilds, the conversations."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.web.conversations import Conversations
from assistant.web.examples import examples
from assistant.web.french import count, moment
from assistant.web.rebuilding import Rebuilds

if TYPE_CHECKING:
    from assistant.answering import Assistant


@dataclass(slots=True)
class Service:
    """One per server."""

    assistant: Assistant
    corpus: Path
    settings: Settings
    conversations: Conversations = field(default_factory=Conversations)
    rebuilds: Rebuilds = field(init=False)
    _examples: tuple[str, tuple[str, ...]] = ("", ())
    _examples_lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Wire the rebuilds to the assistant."""
        self.rebuilds = Rebuilds(self.assistant, self.corpus)

    def examples(self) -> tuple[str, ...]:
        """Return questions to start from; they are sought once per build of the index."""
        index = self.assistant.index
        with self._examples_lock:
            if self._examples[0] != index.name:
                self._examples = (index.name, examples(index, self.assistant.catalogue, self._answers))
            return self._examples[1]

    def _answers(self, question: str) -> bool:
        try:
            return not self.assistant.ask(question).abstained
        except AssistantError:
            return False

    def build(self) -> tuple[str, str]:
        """Return the name and the French date of the index in service."""
        index = self.assistant.index
        return index.name, moment(index.manifest.built_at)

    def status_line(self) -> str:
        """Return « Index du 23 novembre 2026 à 17 h 40 · 15 documents · 630 passages »."""
        index = self.assistant.index
        passages = index.manifest.counts.get("passages", 0)
        parts = [f"Index du {moment(index.manifest.built_at)}", count(len(index.documents), "document")]
        if passages:
            parts.append(count(passages, "passage"))
        failed = len(index.manifest.failed)
        if failed:
            parts.append(count(failed, "fichier en échec", "fichiers en échec"))
        return " · ".join(parts)
