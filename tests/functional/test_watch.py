"""The corpus is followed: a save, whatever an editor does for it, is one rebuild."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.answering import Assistant
from assistant.errors import CorpusError
from assistant.settings import Settings, load_settings
from assistant.store import watch
from assistant.web import create_app
from assistant.web.rebuilding import Rebuilds
from samples import Built

FICHE = "fiches/nordix-boreal.md"
QUIET_S = 1.2
"""Longer than a save is waited for: a second rebuild would have begun."""


class Log:
    """Counts updates and keeps complaints; a test waits for one or the other."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.updates = 0
        self.sentences: list[str] = []
        self._news = threading.Condition()

    def update(self) -> None:
        """Count an update."""
        with self._news:
            self.updates += 1
            self._news.notify_all()

    def tell(self, sentence: str) -> None:
        """Keep a complaint."""
        with self._news:
            self.sentences.append(sentence)
            self._news.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        with self._news:
            self._news.wait_for(holds)

    def settled(self) -> int:
        """Return the number of updates once none has come for a while."""
        with self._news:
            while True:
                seen = self.updates
                if not self._news.wait_for(lambda seen=seen: self.updates > seen, timeout=QUIET_S):  # type: ignore[misc]
                    return seen


@contextmanager
def following(corpus: Path, log: Log) -> Iterator[None]:
    """Watch *corpus* in a thread, from the first update on; stop at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=watch, args=(corpus, log.update, log.tell), kwargs={"stop": stop})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _written_in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _renamed_over(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.kate-swp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _as_vim(path: Path, text: str) -> None:
    swap, probe, backup = path.with_name(f".{path.name}.swp"), path.with_name("4913"), Path(f"{path}~")
    swap.write_bytes(b"b0VIM")
    probe.touch()
    probe.unlink()
    path.rename(backup)
    path.write_text(text, encoding="utf-8")
    backup.unlink()
    swap.unlink()


def _in_parts(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for start in range(0, len(text), 200):
            stream.write(text[start : start + 200])
            stream.flush()
            os.fsync(stream.fileno())


@pytest.mark.parametrize("save", [_written_in_place, _renamed_over, _as_vim, _in_parts])
def test_a_save_is_one_update(corpus: Path, save: Callable[[Path, str], None]) -> None:
    """Temporary files, backups, renames and partial writes are no updates of their own."""
    log = Log()
    with following(corpus, log):
        log.until(lambda: log.updates == 1)
        save(corpus / FICHE, (corpus / FICHE).read_text(encoding="utf-8").replace("12 jours", "15 jours"))
        log.until(lambda: log.updates > 1)
        assert log.settled() == 2
    assert log.sentences == []


def test_what_no_index_holds_is_no_update(corpus: Path) -> None:
    """A lock of LibreOffice, a swap file, the editors' README."""
    log = Log()
    with following(corpus, log):
        log.until(lambda: log.updates == 1)
        for name in (".~lock.fiche.odt#", "README.md", "fiches/.essai.md.swp", "~$rapport.docx"):
            (corpus / name).write_text("x", encoding="utf-8")
        assert log.settled() == 1


@pytest.mark.parametrize("name", ["fiches/nordix-boreal.questions.yaml", "attributs.yaml", "nouveau/a.txt"])
def test_companions_and_new_folders_count(corpus: Path, name: str) -> None:
    """Expected questions and attributes change the index too."""
    log = Log()
    with following(corpus, log):
        log.until(lambda: log.updates == 1)
        (corpus / name).parent.mkdir(exist_ok=True)
        (corpus / name).write_text("", encoding="utf-8")
        log.until(lambda: log.updates > 1)


def test_a_folder_that_goes_and_comes_back_is_followed_again(corpus: Path, tmp_path: Path) -> None:
    """Said once, in a sentence that names it; a share that was away for a moment is no end."""
    log = Log()
    with following(corpus, log):
        log.until(lambda: log.updates == 1)
        corpus.rename(tmp_path / "ailleurs")
        log.until(lambda: bool(log.sentences))
        (tmp_path / "ailleurs").rename(corpus)
        log.until(lambda: log.updates == 2)
        (corpus / FICHE).unlink()
        log.until(lambda: log.updates == 3)
    assert len(log.sentences) == 1
    assert str(corpus) in log.sentences[0]


def test_an_update_that_fails_does_not_end_the_watch(corpus: Path) -> None:
    """Its sentence is told, and the next change is another try."""
    log = Log()
    failing = threading.Event()
    failing.set()
    stop = threading.Event()

    def update() -> None:
        log.update()
        if failing.is_set():
            raise CorpusError("Aucun document à indexer.")

    thread = threading.Thread(target=watch, args=(corpus, update, log.tell), kwargs={"stop": stop})
    thread.start()
    log.until(lambda: log.sentences == ["Aucun document à indexer."])
    failing.clear()
    (corpus / FICHE).unlink()
    log.until(lambda: log.updates > 1)
    stop.set()
    thread.join()
    assert log.sentences == ["Aucun document à indexer."]


def test_a_change_during_a_rebuild_is_not_lost(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the rebuild that had read the corpus already, then is indexed."""
    assistant = Assistant.open(built.folder, encoder=built.encoder)
    rebuilds = Rebuilds(assistant, built.corpus)
    entered, go_on, runs = threading.Event(), threading.Event(), []
    real = assistant.rebuild

    def slow(*arguments: object, **options: object) -> object:
        report = real(*arguments, **options)  # type: ignore[arg-type]
        runs.append(report)
        if len(runs) == 1:
            entered.set()
            go_on.wait()
        return report

    monkeypatch.setattr(assistant, "rebuild", slow)
    assert rebuilds.start()
    entered.wait()
    assert not rebuilds.start()
    (built.corpus / "note.txt").write_text("Une note arrivée en retard.", encoding="utf-8")
    late = threading.Thread(target=rebuilds.update)
    late.start()
    go_on.set()
    late.join()
    assert rebuilds.state.report is not None
    assert rebuilds.state.report.added == ("note.txt",)
    assert "note" in assistant.index.documents


def _until(client: TestClient, holds: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    pause = threading.Event()
    while not holds(state := client.get("/api/etat").json()):
        pause.wait(0.05)
    return dict(state)


def test_a_server_that_watches_answers_from_the_edited_file(built: Built) -> None:
    """The status line says that it follows; an edit needs no click; it stops with the server."""
    settings = Settings(abstention=0.02, watch=True)
    assistant = Assistant.open(built.folder, settings, encoder=built.encoder)
    app = create_app(assistant, corpus=built.corpus, index=built.folder, settings=settings)
    before = {t.name for t in threading.enumerate()}
    with TestClient(app, base_url="http://127.0.0.1") as client:
        _until(client, lambda s: "suit les modifications" in str(s["ligne"]))
        text = (built.corpus / FICHE).read_text(encoding="utf-8")
        _renamed_over(built.corpus / FICHE, text.replace("12 jours", "15 jours"))
        state = _until(client, lambda s: "1\u00a0modifié" in json.dumps(s, ensure_ascii=False))
        assert state["suivi"] is True
        asked = {"question": "Combien de temps Boréal garde-t-il une conversation supprimée ?"}
        assert "15 jours" in client.post("/api/ask", json=asked).json()["answer"]
        shutil.move(built.corpus, built.corpus.with_name("parti"))
        _until(client, lambda s: "n'existe plus" in json.dumps(s, ensure_ascii=False))
        assert client.post("/api/ask", json=asked).status_code == 200
    assert "watch" not in {t.name for t in threading.enumerate()} - before


def test_a_server_does_not_watch_unless_told(built: Built) -> None:
    """The setting is off by default, and it is a boolean."""
    assistant = Assistant.open(built.folder, encoder=built.encoder)
    app = create_app(assistant, corpus=built.corpus, index=built.folder, settings=Settings())
    with TestClient(app, base_url="http://127.0.0.1") as client:
        state = client.get("/api/etat").json()
    assert state["suivi"] is False
    assert "suit" not in state["ligne"]


def test_the_command_tells_each_change_until_it_is_interrupted(built: Built, tiny_model: Path) -> None:
    """One report at first, one for a change, none for a save that changed nothing; Ctrl+C ends it."""
    config = built.folder.parent / "assistant.toml"
    config.write_text(f"model = {json.dumps(str(tiny_model))}\n", encoding="utf-8")
    places = ["--corpus", str(built.corpus), "--index", str(built.folder), "--config", str(config)]
    # Whoever runs the tests in the background has interruptions ignored, and children inherit that.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from assistant.cli import main; sys.exit(main())"
    )
    with subprocess.Popen(  # noqa: S603 - this project's own command
        [sys.executable, "-c", code, "index", "--watch", "--json", *places],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert json.loads(running.stdout.readline())["current"] is False
        assert "À l'écoute" in running.stderr.readline()
        (built.corpus / FICHE).touch()
        (built.corpus / "note.txt").write_text("Une note.", encoding="utf-8")
        assert json.loads(running.stdout.readline())["added"] == ["note.txt"]
        running.send_signal(signal.SIGINT)
        assert running.stdout.read() == ""
        assert "interrompu" in running.stderr.read()
    assert running.returncode == 1


def test_the_setting_is_read(tmp_path: Path) -> None:
    """``watch = true`` in assistant.toml is what ``serve --watch`` asks for."""
    (tmp_path / "assistant.toml").write_text("watch = true\n", encoding="utf-8")
    assert load_settings(tmp_path / "assistant.toml").watch
