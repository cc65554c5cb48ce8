"""``assistant user``, ``history``, ``log`` and ``purge``: what they print, write and refuse."""

from __future__ import annotations

import getpass
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.access import Accounts, passwords
from assistant.cli import main
from assistant.domain import Answer
from assistant.records import Records
from assistant.settings import RecordSettings

PASSWORD = "quatre chevaux bleus"  # noqa: S105 - the tests' own
Run = Callable[..., tuple[int, str, str]]


class Typed(io.StringIO):
    """What is piped in, or a terminal."""

    terminal = False

    def isatty(self) -> bool:
        """Tell which."""
        return self.terminal


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command over a folder of data; a password may be piped in."""
    monkeypatch.setattr(passwords, "_COST", 2**4)
    settings = tmp_path / "reglages.toml"
    settings.write_text(f'data_dir = "{tmp_path / "donnees"}"\n', encoding="utf-8")

    def run_command(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", Typed(typed))
        code = main([*arguments, "--config", str(settings)])
        return code, *capsys.readouterr()

    return run_command


def _add(run: Run, name: str = "alice") -> None:
    code, out, _ = run("user", "add", name, "--password-stdin", typed=PASSWORD + "\n")
    assert code == 0
    assert "demande désormais une connexion" in out


def test_an_account_lives_from_its_creation_to_its_removal(run: Run, tmp_path: Path) -> None:
    """Made, listed, its password changed, removed; the list without accounts says what that means."""
    accounts = Accounts(tmp_path / "donnees")
    _, out, err = run("user", "list")
    assert out == ""
    assert "sans connexion" in err
    _add(run, "Alice")
    assert run("user", "list")[1].startswith("alice\tcréé le ")
    code, _, err = run("user", "add", "alice", "--password-stdin", typed=PASSWORD)
    assert code == 1
    assert "existe déjà" in err
    assert run("user", "password", "alice", "--password-stdin", typed=PASSWORD + " deux\r\n")[0] == 0
    assert accounts.authenticate("alice", PASSWORD + " deux")
    assert run("user", "remove", "alice")[0] == 0
    assert not accounts.exist()
    code, _, err = run("user", "remove", "alice")
    assert (code, "n’existe pas" in err) == (1, True)


def test_a_token_is_all_that_is_printed_on_the_output(run: Run, tmp_path: Path) -> None:
    """So that a script can take it; what to do with it is told beside."""
    _add(run)
    code, out, err = run("user", "token", "alice")
    assert code == 0
    assert "Bearer" in err
    found = Accounts(tmp_path / "donnees").bearer(out.strip())
    assert found is not None
    assert found.name == "alice"
    assert "1" in run("user", "token", "alice", "--revoke")[1]
    assert Accounts(tmp_path / "donnees").bearer(out.strip()) is None


def test_a_password_is_never_an_argument(run: Run) -> None:
    """Other users of the machine would read it in the list of processes."""
    with pytest.raises(SystemExit) as stopped:
        run("user", "add", "alice", PASSWORD)
    assert stopped.value.code == 2
    code, _, err = run("user", "add", "alice")
    assert (code, "--password-stdin" in err) == (1, True)


def test_at_a_terminal_it_is_asked_twice(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And two that differ make no account."""
    monkeypatch.setattr(Typed, "terminal", True)
    replies = iter([PASSWORD, PASSWORD + "s", PASSWORD, PASSWORD])
    monkeypatch.setattr(getpass, "getpass", lambda _: next(replies))
    code, _, err = run("user", "add", "alice")
    assert (code, "diffèrent" in err) == (1, True)
    assert not Accounts(tmp_path / "donnees").exist()
    assert run("user", "add", "alice")[0] == 0


def _keep(tmp_path: Path) -> None:
    records = Records(tmp_path / "donnees", RecordSettings(history=True, access_log=True))
    for name in ("alice", "local"):
        records.note_answer(name, Answer("Où ?", "fait", abstained=False, answer="Ici."), via="api")
        records.note_access(name, address="::1", method="GET", route="/", status=200, duration_ms=1)
    records.close()


def test_one_person_is_exported_and_erased(run: Run, tmp_path: Path) -> None:
    """The name's case does not matter; « local » is the machine's own; the log stays unless asked."""
    _keep(tmp_path)
    code, out, _ = run("history", "export", "ALICE")
    assert code == 0
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["question", "acces"]
    assert run("purge", "--user", "alice")[1] == "Effacé : 1 questions, 0 avis, 0 accès.\n"
    assert run("purge", "--user", "local", "--access-log")[1] == "Effacé : 1 questions, 0 avis, 1 accès.\n"
    assert run("history", "export", "local")[1] == ""
    (line,) = run("log")[1].splitlines()
    assert json.loads(line)["name"] == "alice"


def test_a_purge_without_a_name_takes_only_what_is_due(run: Run, tmp_path: Path) -> None:
    """And the log goes with a name only: there is no command that empties it by mistake."""
    _keep(tmp_path)
    assert run("purge")[1] == "Effacé : 0 questions, 0 avis, 0 accès.\n"
    code, _, err = run("purge", "--access-log")
    assert (code, "--user NOM" in err) == (2, True)
