"""How a command is watched: in a network without a way out, its system calls written down, or guarded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SettingsError
from assistant.proof.attempts import TRACED, Seen, read_audit_events, read_system_calls

WAYS = ("auto", "espace", "garde")
HOOK = Path(__file__).parent / "hook"
_LOOPBACK_UP = (
    "from assistant.proof.loopback import bring_up, interfaces; bring_up(); "
    "raise SystemExit(interfaces() != ['lo'])"
)


@dataclass(frozen=True, slots=True)
class Method:
    """A way to watch.

    Attributes:
        isolated: Whether commands run in a network namespace that has no route.
        strace: Options of strace that this machine accepts, or () where system calls are not written down.
    """

    isolated: bool
    strace: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is, in French."""
        space = (
            "espace de noms réseau sans aucune route (Linux)"
            if self.isolated
            else "garde dans chaque processus Python, qui refuse toute sortie"
        )
        return space + (", appels système relevés par strace" if self.strace else "")

    @property
    def limit(self) -> str:
        """What it cannot see, in French."""
        if self.isolated and self.strace:
            return (
                "Aucun octet ne pouvait sortir : l'espace de noms n'a aucune route. "
                "Les appels système de tous les processus ont été relevés."
            )
        if self.isolated:
            return (
                "Aucun octet ne pouvait sortir : l'espace de noms n'a aucune route. Sans strace, une "
                "tentative faite hors de Python aurait échoué sans être relevée."
            )
        if self.strace:
            return (
                "Le réseau de la machine restait accessible : la garde refuse les sorties demandées par "
                "Python, et strace relève celles de tous les programmes."
            )
        return (
            "Le réseau de la machine restait accessible : la garde refuse et relève les sorties demandées "
            "par Python ; celles d'un code qui ne passerait pas par Python n'auraient pas été vues."
        )

    def command(self, inner: list[str], folder: Path) -> list[str]:
        """Return the command that runs *inner* watched, its logs in *folder*."""
        space = ["unshare", "--user", "--map-root-user", "--net", "--"] if self.isolated else []
        trace = ["strace", *self.strace, "-o", str(folder / "appels.log")] if self.strace else []
        return [*space, *trace, *inner]

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment of a watched command: the hook first on Python's path."""
        path = os.pathsep.join([str(HOOK), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
            "ASSISTANT_PROOF_LOG": str(folder / "python.log"),
            # Where nothing can leave, attempts go on to the system calls, to be seen there as well.
            "ASSISTANT_PROOF_MODE": "record" if self.isolated else "refuse",
        }

    def observe(self, inner: list[str], folder: Path) -> tuple[int, Seen]:
        """Run *inner* watched in *folder*; return its exit code and what it reached for."""
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603 - this project's own commands
            self.command(inner, folder), env=self.environment(folder), cwd=folder, check=False
        )
        calls, events = read_system_calls(folder / "appels.log"), read_audit_events(folder / "python.log")
        return done.returncode, Seen(
            attempts=[*calls.attempts, *events.attempts],
            inside=calls.inside + events.inside,
            calls=calls.calls,
            processes=events.processes,
        )


def choose_method(way: str = "auto") -> Method:
    """Return the strongest method that this machine allows.

    Args:
        way: ``auto``, ``espace`` (a network namespace, or an error) or ``garde`` (the guard).

    Raises:
        SettingsError: A namespace is asked for, and this machine allows none.
    """
    isolated = way != "garde" and _works(
        ["unshare", "--user", "--map-root-user", "--net", "--", sys.executable, "-P", "-c", _LOOPBACK_UP]
    )
    if way == "espace" and not isolated:
        message = (
            "Cette machine ne permet pas d'isoler un programme du réseau (unshare --user --net) : "
            "relancez avec --methode garde, ou demandez ce droit à son administrateur."
        )
        raise SettingsError(message)
    return Method(isolated=isolated, strace=_strace())


def _strace() -> tuple[str, ...]:
    # No content: strings are cut to nothing (-s 0), so that no question ever stands in a log.
    plain = ("-f", "-qq", "-s", "0", "-e", "signal=none", "-e", f"trace={','.join(TRACED)}")
    # Stops at the traced calls only, from strace 5.3 on: ten times less work.
    for options in (("--seccomp-bpf", *plain), plain):
        if _works(["strace", *options, "-o", os.devnull, sys.executable, "-S", "-c", ""]):
            return options
    return ()


def _works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    done = subprocess.run(  # noqa: S603 - fixed commands
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.returncode == 0
