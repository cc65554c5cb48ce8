"""The hostile payloads in files of every kind, each in a place where the page shows it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from hostile.payloads import EVIL, PAYLOADS, Payload
from samples import write_pdf

LONG = 1_000_000


@dataclass(frozen=True)
class Case:
    """A file, what it attempts, the word that only it holds, and the hostile text."""

    name: str
    attempt: str
    path: str
    data: bytes
    key: str
    text: str = ""

    @property
    def question(self) -> str:
        """What makes the page show it: its own words, the hostile ones included."""
        return f"{lead(self.key)} dit : {self.text}"


def _key(number: int) -> str:
    """Return a word that nothing else holds, not even one letter away."""
    return "kwz" + "".join("bdfghjklmnpqrstv"[number // 16**n % 16] * 2 + "y" for n in range(2))


def lead(key: str) -> str:
    """Return how each document begins; asked for, it is found again."""
    return f"Le document {key} {key} {key}"


def _printable(text: str) -> str:
    """Return *text* without what XML may not hold."""
    return "".join(c for c in text if c in "\t\n" or (" " <= c < "\ud800") or "\ue000" <= c < "\ufffe")


def _markdown(key: str, text: str) -> bytes:
    return f"# Document {key}\n\n{lead(key)} dit : {text}[^n]\n\n[^n]: Essai. 2026-01-16.\n".encode()


def _plain(key: str, text: str) -> bytes:
    return f"{lead(key)} dit : {text}\n".encode()


def _html(key: str, text: str) -> bytes:
    """Escaped once: what the reader of HTML gives back is the payload itself."""
    return f"<!doctype html><meta charset=utf-8><p>{lead(key)} dit : {escape(text)}</p>".encode()


def _raw_html(key: str, text: str) -> bytes:
    return f"<!doctype html><meta charset=utf-8><p>{lead(key)} dit ceci.</p>{text}".encode()


def _docx(key: str, text: str) -> bytes:
    from docx import Document

    document = Document()
    document.add_paragraph(f"{lead(key)} dit : {_printable(text)}")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _odt(key: str, text: str) -> bytes:
    from odf.opendocument import OpenDocumentText
    from odf.text import P

    document = OpenDocumentText()
    document.text.addElement(P(text=f"{lead(key)} dit : {_printable(text)}"))
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()


def _titled(key: str, text: str) -> bytes:
    """In the title, the author and a heading."""
    quoted = "".join(
        c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text.replace("\n", " ")
    )
    line = " ".join(text.split())
    return (
        f'---\ntitre: "{quoted}"\nauteur: "{quoted}"\ntype: "{quoted}"\nmis_a_jour: "{quoted}"\n---\n\n'
        f"## {line}\n\n{lead(key)} porte un titre hostile.[^n]\n\n[^n]: Essai.\n"
    ).encode()


def _sourced(key: str, text: str) -> bytes:
    """In a footnote: its title, and its address."""
    line = " ".join(text.split())
    return (
        f"# Document {key}\n\n{lead(key)} a une source hostile.[^n]\n\n"
        f"[^n]: {line}. 2026-01-16. <https://exemple.fr/{line.replace(' ', '')[:200]}>\n"
    ).encode()


CARRIERS: dict[str, tuple[str, Callable[[str, str], bytes]]] = {
    "phrase": ("md", _markdown),
    "texte": ("txt", _plain),
    "page": ("html", _html),
    "page-brute": ("html", _raw_html),
    "word": ("docx", _docx),
    "odt": ("odt", _odt),
    "titre": ("md", _titled),
    "source": ("md", _sourced),
}
"""Where a payload stands: name, extension, writer."""


def _carried() -> Iterator[tuple[str, str, str, Callable[[str], bytes], str]]:
    """Yield name, attempt, extension, writer and text: every payload once, the carriers in turn."""
    carriers = list(CARRIERS.items())
    for number, payload in enumerate(PAYLOADS):
        place, (suffix, write) = carriers[number % len(carriers)]

        def make(key: str, payload: Payload = payload, write: Callable[..., bytes] = write) -> bytes:
            return write(key, payload.text)

        yield f"{place}-{payload.name}", payload.attempt, suffix, make, payload.text


FIELDS = f"""---
titre: Fiche pirate
type: fiche
fournisseur: <img src=x onerror=canari(1)>
assistant: "![x]({EVIL}/a.png)"
alias: ["<script>canari(1)</script>", "combien", "données", "ou", "est"]
---

# <svg onload=canari(1)>

## Tableau d'identité

| Attribut | Valeur |
| --- | --- |
| Siège | <img src={EVIL}/siege.png> (France) |
| <script>canari(1)</script> | Oui, =cmd() |
| Lieu de stockage (grand public) | "><script>canari(1)</script> |

## Nature du service

LEAD est une fiche hostile.
"""
SPECIAL: tuple[tuple[str, str, str, Callable[[str], bytes]], ...] = (
    ("fiche", "put markup in the comparison", "md", lambda key: FIELDS.replace("LEAD", lead(key)).encode()),
    (
        "nom-<img src=x onerror=canari(1)>",
        "run a handler by the name of a file",
        "txt",
        lambda key: _plain(key, "x"),
    ),
    ("nom-\u202etxt.exe", "pass for another kind of file", "md", lambda key: _markdown(key, "x")),
    ("nom-\x1b[2J\x07", "move the cursor of a terminal", "txt", lambda key: _plain(key, "x")),
    ("nom-javascript:canari(1)", "pass for an address", "txt", lambda key: _plain(key, "x")),
    ("ligne-de-1-Mo", "stall the reading", "txt", lambda key: _plain(key, "x" * LONG)),
    ("mots-sans-fin", "stall the reading", "md", lambda key: _markdown(key, "zut " * 20_000)),
    ("octets-nuls", "cut the text short", "txt", lambda key: _plain(key, "avant\0apres " + "long " * 2_000)),
    (
        "utf-16",
        "hide markup in another encoding",
        "txt",
        lambda key: f"{lead(key)} dit : <script>canari(1)</script>".encode("utf-16"),
    ),
    (
        "front-matter",
        "have YAML build an object",
        "md",
        lambda key: b"---\ntitre: !!python/object/apply:os.system ['id']\n---\n" + _markdown(key, "x"),
    ),
)


def cases() -> list[Case]:
    """Return every file."""
    found = []
    everything = [*_carried(), *((*special, "") for special in SPECIAL)]
    for number, (name, attempt, suffix, make, text) in enumerate(everything):
        key = _key(number)
        found.append(Case(name, attempt, f"{name}.{suffix}", make(key), key, text))
    return found


def write(folder: Path) -> list[Case]:
    """Write every file, and a PDF, to *folder*."""
    for case in cases():
        path = folder / case.path
        path.write_bytes(case.data)
        if path.suffix == ".md":
            # Expected questions are a door of their own; JSON is YAML.
            companion = path.with_name(f"{path.stem}.questions.yaml")
            companion.write_text(json.dumps({"n": [case.question]}), encoding="utf-8")
    key = _key(255)
    path = write_pdf(
        folder / "pdf-hostile.pdf",
        [f"{lead(key)} dit <script>canari(1)</script> ici."],
        title="<img src=x onerror=canari(1)>",
    )
    return [*cases(), Case("pdf", "put markup in a PDF and its title", path.name, path.read_bytes(), key)]
