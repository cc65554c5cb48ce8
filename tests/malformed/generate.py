"""Make a folder of malformed files, and of good ones beside them.

From ``tests/``: ``python -m malformed.generate DIR``. The same seed makes the same files. Each is
something that happened to somebody: a download cut short, a wrong extension, two encodings in
one file, or an attack on whoever reads it.
"""

from __future__ import annotations

import io
import json
import random
import sys
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from malformed.attacks import Files, archive_attacks, html_attacks, pdf_attacks
from malformed.makers import docx_of, odt_of, simple_pdf, zip_of

SEED = 20261125
SENTENCE = "Le fichier numéro {} décrit la conservation des données pendant trente jours."


def _paragraphs(mark: str, number: int) -> bytes:
    line = SENTENCE.format(number)
    shape = {"docx": "<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "odt": "<text:p>{}</text:p>"}[mark]
    return "".join(shape.format(f"{line} Ligne {n}.") for n in range(30)).encode()


def good_files() -> Files:
    """Yield documents that must be read whatever lies beside them."""
    yield "bons/texte.txt", SENTENCE.format(1).encode()
    yield "bons/texte-latin.txt", SENTENCE.format(2).encode("cp1252")
    yield "bons/note.md", f"# Note\n\n{SENTENCE.format(3)}\n".encode()
    yield "bons/page.html", f"<html><body><h1>Page</h1><p>{SENTENCE.format(4)}</p></body></html>".encode()
    yield "bons/une-page.pdf", simple_pdf(SENTENCE.format(5))
    yield "bons/lettre.docx", docx_of(_paragraphs("docx", 6))
    yield "bons/rapport.odt", odt_of(_paragraphs("odt", 7))


# --- damage ---------------------------------------------------------------------------------------


def _flip(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(chance.choice([1, 4, 16, 64])):
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.choice([1, 50, 4000])) + data[at:]


def _remove(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.choice([1, 20, 300]) :]


def _double(data: bytes, chance: random.Random) -> bytes:
    at, to = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:to] + data[at:]


def _digits(data: bytes, chance: random.Random) -> bytes:
    """Change numbers: lengths, offsets, references and sizes are what readers trust."""
    places = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
    spoilt = bytearray(data)
    for _ in range(min(len(places), 8)):
        spoilt[chance.choice(places)] = 48 + chance.randrange(10)
    return bytes(spoilt)


DAMAGES: tuple[tuple[str, Callable[[bytes, random.Random], bytes], int], ...] = (
    ("octets", _flip, 18),
    ("tronque", _cut, 10),
    ("ajout", _insert, 8),
    ("retrait", _remove, 8),
    ("double", _double, 6),
    ("nombres", _digits, 8),
)


def _recompressed(data: bytes, chance: random.Random) -> bytes:
    """Spoil the XML inside an archive, which spoiling the archive seldom reaches."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    texts = {"word/document.xml", "content.xml"}
    return zip_of({name: _flip(data, chance) if name in texts else data for name, data in members.items()})


def damaged_files(chance: random.Random) -> Files:
    """Yield good files of each format, spoilt at random."""
    bases = {name.rpartition(".")[2]: data for name, data in good_files() if not name.endswith("latin.txt")}
    for suffix in ("pdf", "docx", "odt", "html"):
        for kind, spoil, count in DAMAGES:
            for number in range(count):
                yield f"abimes/{kind}-{number:02}.{suffix}", spoil(bases[suffix], chance)
    for suffix in ("docx", "odt"):
        for number in range(12):
            yield f"abimes/xml-{number:02}.{suffix}", _recompressed(bases[suffix], chance)
    for suffix in ("txt", "md"):
        for number in range(6):
            yield f"abimes/octets-{number:02}.{suffix}", _flip(bases[suffix], chance)


def misnamed_files(chance: random.Random) -> Files:
    """Yield files of one kind under the name of another."""
    bases = {name.rpartition(".")[2]: data for name, data in good_files() if not name.endswith("latin.txt")}
    others = {
        "png": b"\x89PNG\r\n\x1a\n" + chance.randbytes(500),
        "jpg": b"\xff\xd8\xff\xe0" + chance.randbytes(500),
        "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000),
        "rtf": b"{\\rtf1 Bonjour.}",
        "gz": zlib.compress(b"texte" * 50, wbits=31),
        "vide": b"",
        "hasard": chance.randbytes(3000),
        "zeros": bytes(3000),
    }
    everything = {**bases, **others}
    for suffix in bases:
        yield from (
            (f"trompeurs/{kind}.{suffix}", data) for kind, data in everything.items() if kind != suffix
        )


# --- text -----------------------------------------------------------------------------------------


def text_files(chance: random.Random) -> Files:
    """Yield encodings, controls, endless lines and hostile Markdown."""
    line = SENTENCE.format(0)
    latin, utf8 = line.encode("cp1252"), line.encode()
    megabyte = (line + " ").encode() * 13_000
    yield "textes/melange.txt", utf8 + b"\n\n" + latin
    yield "textes/melange-inverse.txt", latin * 20 + utf8
    for encoding in (
        "utf-16",
        "utf-16-le",
        "utf-32",
        "mac-roman",
        "utf-7",
        "cp037",
        "shift-jis",
        "iso-2022-jp",
    ):
        yield f"textes/{encoding}.txt", line.encode(encoding, "replace") * 5
    yield "textes/nuls.md", utf8.replace(b" ", b"\0")
    yield "textes/nul-loin.md", utf8 * 100 + b"\0" + utf8
    yield "textes/controles.txt", bytes(range(1, 32)) * 50
    yield "textes/surrogats.txt", b"\xed\xa0\x80 " + utf8
    yield "textes/sens.txt", ("\u202e" * 300 + line).encode()
    yield "textes/une-ligne.txt", megabyte
    yield "textes/une-ligne.md", megabyte
    yield "textes/une-ligne.html", b"<p>" + megabyte
    yield "textes/sans-espace.txt", b"a" * 1_000_000
    yield "textes/points.txt", b". A" * 300_000
    yield "textes/crochets.md", b"[" * 60_000
    yield "textes/citations.md", b"> " * 50_000 + utf8
    yield "textes/listes.md", b"".join(b" " * n + b"- a\n" for n in range(500))
    yield "textes/etoiles.md", b"*a **a " * 20_000
    yield "textes/tableau.md", b"|a" * 20_000 + b"|\n" + b"|-" * 20_000 + b"|\n"
    yield "textes/notes.md", b"".join(b"[^n%d]: [^n%d]\n" % (n, n + 1) for n in range(2_000)) + b"A.[^n0]\n"
    yield from _front_matters()
    yield "textes/hasard.md", chance.randbytes(100_000)


def _front_matters() -> Files:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmnopq")
    )
    heads = {
        "bombe": bomb + "titre: *q\nalias: *q\n",
        "liste": "- a\n- b\n",
        "nombres": "titre: 12\ntype: 3.5\nalias: 7\nmis_a_jour: 2026-02-30\n",
        "surrogat": 'titre: "\\ud800"\nassistant: "\\udfff"\n',
        "etiquette": "titre: !!python/object/apply:os.system [true]\n",
        "ouvert": 'titre: "jamais fermé\n',
        "profond": "titre: " + "[" * 3_000 + "\n",
        "imbrique": "titre: {a: {b: {c: d}}}\nauteur: [a, b]\nalias: {a: b}\n",
        "infini": "titre: &a [*a]\n",
    }
    for name, head in heads.items():
        yield f"textes/entete-{name}.md", f"---\n{head}---\n\n{SENTENCE.format(name)}\n".encode()


def companions() -> Files:
    """Yield questions files that are wrong beside documents that are good."""
    for number, text in enumerate(
        ["a: [", "- a", "\x00", "a: &a [*a]\n", "a: b\n", json.dumps({"a": [None, 1]})]
    ):
        yield f"questions/doc-{number}.md", SENTENCE.format(number).encode()
        yield f"questions/doc-{number}.questions.yaml", text.encode()


def malformed_files(seed: int = SEED) -> Files:
    """Yield every malformed file, name and bytes."""
    chance = random.Random(seed)  # noqa: S311 - the same files each time, no secret
    yield from damaged_files(chance)
    yield from misnamed_files(chance)
    yield from text_files(chance)
    yield from pdf_attacks()
    yield from archive_attacks()
    yield from html_attacks()
    yield from companions()


def write_all(folder: Path, files: Files) -> list[str]:
    """Write *files* under *folder*; return their names."""
    names = []
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        names.append(name)
    return names


if __name__ == "__main__":
    target = Path(sys.argv[1])
    good, bad = write_all(target, good_files()), write_all(target, malformed_files())
    sys.stdout.write(f"{len(good)} bons fichiers et {len(bad)} mauvais dans {target}\n")
