"""Questions go on being answered while the index is rebuilt under them."""

from __future__ import annotations

import threading
from typing import Any

from assistant import Assistant
from assistant.settings import Settings
from samples import Built

ASKERS = 8
REBUILDS = 4


def test_no_question_fails_while_the_index_is_rebuilt(built: Built) -> None:
    """Each is answered from one build; after the last rebuild, from the last."""
    assistant = Assistant.open(built.folder, Settings(), encoder=built.encoder)
    done, failures, answers = threading.Event(), list[str](), list[Any]()

    def asker() -> None:
        while not done.is_set():
            try:
                answers.append(assistant.search("note neuve du chiffre"))
                assistant.ask("Combien de temps Boréal garde-t-il une conversation supprimée ?")
            except Exception as error:  # noqa: BLE001 - whatever it is, no question may fail
                failures.append(repr(error))

    threads = [threading.Thread(target=asker) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    for turn in range(REBUILDS):
        (built.corpus / "note.txt").write_text(f"Une note neuve, du chiffre {turn}.", encoding="utf-8")
        assistant.rebuild(built.corpus)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(answers) >= ASKERS
    said = [p["passage"] for p in assistant.search("note neuve du chiffre")["passages"]]
    assert f"Une note neuve, du chiffre {REBUILDS - 1}." in said
    assert not any(f"chiffre {REBUILDS - 2}" in text for text in said)
