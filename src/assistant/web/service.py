"""What the page and the API share: the assistant, its rebuilds, the conversations."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.access import Accounts
from assistant.errors import AssistantError
from assistant.records import Records
from assistant.settings import Settings
from assistant.web.conversations import Conversations
from assistant.web.examples import examples
from assistant.web.french import count, moment
from assistant.web.guard import is_loopback
from assistant.web.rebuilding import Rebuilds, Watching
from assistant.web.uploads import Uploads

if TYPE_CHECKING:
    from assistant.answering import Assistant


@dataclass(slots=True)
class Service:
    """One per server."""

    assistant: Assistant
    corpus: Path
    settings: Settings
    conversations: Conversations = field(init=False)
    accounts: Accounts = field(init=False)
    records: Records = field(init=False)
    rebuilds: Rebuilds = field(init=False)
    watching: Watching = field(init=False)
    uploads: Uploads | None = field(init=False)
    _examples: tuple[str, tuple[str, ...]] = ("", ())
    _examples_lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Wire the rebuilds to the assistant; the corpus is changed from the page only if that is set."""
        data, kept = Path(self.settings.data_dir), self.settings.records
        self.accounts, self.records = Accounts(data), Records(data, kept)
        self.conversations = Conversations(opinion_days=kept.days if kept.feedback else 0)
        self.uploads = Uploads(self.corpus) if self.settings.uploads else None
        self.rebuilds = Rebuilds(self.assistant, self.corpus)
        self.watching = Watching(self.rebuilds, self.corpus)

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

    def frame(self) -> dict[str, Any]:
        """Return what every page says around its content."""
        kept = self.settings.records
        days = count(kept.days, "jour")
        return {
            "status": self.status_line(),
            "locked": self.accounts.exist(),
            "reach": self.reach(),
            "kept": f"Questions et réponses sont conservées {days} sur ce serveur." if kept.history else "",
        }

    def reach(self) -> str:
        """Return what data never leave, in French: this machine, or the premises where others take part."""
        remote, llm = self.settings.remote, self.assistant.llm
        place = None if remote is None else remote.place
        far = (place is not None and not is_loopback(place.host)) or (
            llm is not None and not llm.endpoint.local
        )
        return "vos locaux" if far else "cette machine"

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
        if self.assistant.llm is not None:
            parts.append(f"rédaction par le {self.assistant.llm.place}")
        if self.watching.running:
            parts.append("suit les modifications")
        return " · ".join(parts)
