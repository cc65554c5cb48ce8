"""The distributions that the assistant needs, read from what is installed."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Dependency:
    """One distribution.

    Attributes:
        name: Canonical name.
        licence: What it declares: an SPDX expression where it has one, else classifiers or free text.
        dev: Whether it serves to test and build only, so that no installation of a user's carries it.
    """

    name: str
    version: str
    licence: str
    dev: bool


def canonical(name: str) -> str:
    """Return the name as registries compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(name: str, extras: frozenset[str]) -> list[Requirement]:
    """Return what *name* with *extras* requires on this machine."""
    found = []
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in (*extras, "")):
            found.append(requirement)
    return found


def _reach(name: str, extras: frozenset[str]) -> set[str]:
    """Return the names of all that *name* with *extras* needs, itself included."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = deque([(canonical(name), extras)])
    while waiting:
        item = waiting.popleft()
        if item in seen:
            continue
        seen.add(item)
        try:
            needs = _needs(*item)
        except metadata.PackageNotFoundError:
            # Not installed here: an optional part, or another platform's.
            seen.discard(item)
            continue
        waiting += [(canonical(r.name), frozenset(r.extras)) for r in needs]
    return {n for n, _ in seen}


def licence_of(name: str) -> str:
    """Return the licence that a distribution declares, or "" where it declares none."""
    found = metadata.metadata(name)
    if expression := found.get("License-Expression"):
        return str(expression)
    classifiers = [
        c.rsplit(" :: ", 1)[-1] for c in found.get_all("Classifier") or [] if c.startswith("License :: ")
    ]
    if named := [c for c in classifiers if c != "OSI Approved"]:
        return " OR ".join(sorted(set(named))) if len(named) > 1 else named[0]
    text = str(found.get("License") or "").strip()
    return text.splitlines()[0] if text else ""


def closure(name: str, *, dev: bool = False) -> list[Dependency]:
    """Return *name* and all that it needs, by name.

    Args:
        name: A distribution that is installed.
        dev: Whether to add what its extra "dev" needs.
    """
    run = _reach(name, frozenset())
    every = _reach(name, frozenset({"dev"})) if dev else run
    return [Dependency(n, metadata.version(n), licence_of(n), dev=n not in run) for n in sorted(every | run)]
