"""Security advisories from a file, and pip-audit made to read them.

The file is what OSV publishes for PyPI: one JSON document an advisory (schema 1.x), in a zip archive
or a folder. On a machine without a network, someone brings it. pip-audit asks a service of OSV's form:
here it asks one on this very machine, which knows the file.
"""

from __future__ import annotations

import json
import threading
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from dependencies import canonical

Advisory = dict[str, Any]


def read_advisories(path: Path) -> list[Advisory]:
    """Return the advisories of a zip archive, a folder, or one JSON file.

    Raises:
        ValueError: The file is none of these, or holds no advisory. The message is French.
    """
    try:
        texts = list(_texts(path))
        found = [a for text in texts for a in _listed(json.loads(text))]
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        message = f"le fichier d'avis « {path} » ne peut pas être lu ({error})"
        raise ValueError(message) from error
    kept = [a for a in found if isinstance(a, dict) and "id" in a and "affected" in a]
    if not kept:
        message = f"« {path} » ne contient aucun avis au format OSV"
        raise ValueError(message)
    return kept


def _texts(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (p.read_bytes() for p in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(n) for n in sorted(archive.namelist()) if n.endswith(".json"))
    else:
        yield path.read_bytes()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def newest(advisories: Sequence[Advisory]) -> str:
    """Return the day of the latest change of any advisory: a file that is old knows nothing new."""
    return max((str(a.get("modified", "")) for a in advisories), default="")[:10]


def by_package(advisories: Sequence[Advisory]) -> Mapping[str, list[Advisory]]:
    """Return the advisories that stand, by canonical name of the package that they are about."""
    found: dict[str, list[Advisory]] = defaultdict(list)
    for advisory in advisories:
        if advisory.get("withdrawn"):
            continue
        for name in {canonical(a["package"]["name"]) for a in _about_python(advisory)}:
            found[name].append(advisory)
    return found


def _about_python(advisory: Advisory) -> list[dict[str, Any]]:
    return [a for a in advisory["affected"] if a.get("package", {}).get("ecosystem") == "PyPI"]


def concerns(advisory: Advisory, name: str, version: str) -> bool:
    """Tell whether *advisory* is about that version, as OSV's schema evaluates it.

    It is if the version is listed, or lies in a range: after an "introduced" and not after what ends it.
    """
    wanted = _version(version)
    for affected in _about_python(advisory):
        if canonical(affected["package"]["name"]) != name:
            continue
        if any(_version(v) == wanted for v in affected.get("versions", [])):
            return True
        if any(_within(wanted, r["events"]) for r in affected.get("ranges", []) if r["type"] == "ECOSYSTEM"):
            return True
    return False


def _version(text: str) -> Version:
    try:
        # What a builder appends ("+cpu") is no other release.
        return Version(Version(text).public)
    except InvalidVersion:
        return Version("0")


def _within(wanted: Version, events: Sequence[Mapping[str, str]]) -> bool:
    """Follow the events in the order of their versions; the last one passed decides."""
    ordered = sorted(
        (_version(value), kind) for event in events for kind, value in event.items() if kind != "limit"
    )
    inside = False
    for version, kind in ordered:
        if kind == "introduced" and wanted >= version:
            inside = True
        elif (kind == "fixed" and wanted >= version) or (kind == "last_affected" and wanted > version):
            inside = False
    return inside


@contextmanager
def served(advisories: Sequence[Advisory]) -> Iterator[str]:
    """Answer OSV's queries on a free port of this machine while the block runs; yield the address."""
    known = by_package(advisories)

    class Answers(BaseHTTPRequestHandler):
        """POST a package and a version, get the advisories about them."""

        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
            name, version = canonical(query["package"]["name"]), query["version"]
            found = [_renamed(a, name) for a in known.get(name, []) if concerns(a, name, version)]
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
            """Say nothing: the report is pip-audit's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _renamed(advisory: Advisory, name: str) -> Advisory:
    """Return the advisory with the package's canonical name, by which pip-audit finds the fixed versions."""
    affected = [
        {**a, "package": {**a["package"], "name": name}}
        for a in _about_python(advisory)
        if canonical(a["package"]["name"]) == name
    ]
    return {**advisory, "affected": affected}
