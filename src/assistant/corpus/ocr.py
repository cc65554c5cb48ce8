"""Optical recognition of scanned pages, where Tesseract with French is installed."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.corpus.draft import Draft, Job, prose
from assistant.corpus.layout import lines_of, listed, paragraphs_of
from assistant.domain import Section
from assistant.errors import UnreadableDocumentError

PACKAGE = "tesseract-ocr-fra"
# Tesseract's own advice (tessdoc, « ImproveQuality »): at least 300 dots an inch.
_DPI = 300
_MAX_PIXELS = 40_000_000
_TIMEOUT_S = 80


def is_available() -> bool:
    """Tell whether Tesseract and its French data are on this machine."""
    program = shutil.which("tesseract")
    if program is None or importlib.util.find_spec("pypdfium2") is None:
        return False
    try:
        run = subprocess.run(  # noqa: S603 - the program that which() found, no user input
            [program, "--list-langs"], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"fra" in run.stdout.split()


def _picture(path: Path, page: int) -> bytes:
    """Return page *page* (from 1) as a grey PGM picture."""
    pypdfium2: Any = importlib.import_module("pypdfium2")  # without types of its own
    document = pypdfium2.PdfDocument(path)
    try:
        sheet = document[page - 1]
        width, height = sheet.get_size()
        scale = min(_DPI / 72, (_MAX_PIXELS / max(1.0, width * height)) ** 0.5)
        bitmap = sheet.render(scale=scale, grayscale=True)
        rows = memoryview(bitmap.buffer).cast("B")
        body = b"".join(
            rows[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height)
        )
        return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + body
    finally:
        document.close()


def recognise(job: Job, page: int) -> str:
    """Return the text that Tesseract reads on page *page*; runs in the reading process.

    Raises:
        UnreadableDocumentError: The page cannot be drawn or recognised.
    """
    try:
        run = subprocess.run(  # noqa: S603 - fixed arguments; the picture goes through a pipe
            ["tesseract", "stdin", "stdout", "-l", "fra", "--dpi", str(_DPI)],  # noqa: S607 - where PATH has it
            input=_picture(job.path, page),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except MemoryError:
        raise
    except Exception as error:
        message = (
            f"La page {page} de « {job.path.name} » n'a pas pu être reconnue : "
            "remplacez-la par une page lisible."
        )
        raise UnreadableDocumentError(message, path=job.path) from error
    return run.stdout.decode("utf-8", "replace")


def complete(draft: Draft, job: Job, read_page: Callable[[int], str | None]) -> None:
    """Add the scanned pages of *draft* by optical recognition, or say what is lost and why.

    Args:
        draft: A PDF as its text layer gives it; changed in place.
        job: The file.
        read_page: Recognises one page; None where that failed.
    """
    pages = draft.scanned
    if not pages:
        return
    if not is_available():
        draft.losses.append(
            f"Pages sans texte : {listed(pages)}. Pour qu'elles soient lues par reconnaissance optique, "
            f"installez le paquet {PACKAGE}, puis relancez « assistant index --full »."
        )
        return
    todo = pages[: job.limits.max_ocr_pages]
    found, blank = [], []
    for page in todo:
        text = read_page(page)
        sentences = prose(paragraphs_of(lines_of(text))) if text else ()
        if sentences:
            found.append(Section(None, sentences, page=page, ocr=True))
        else:
            blank.append(page)
    draft.sections = sorted([*draft.sections, *found], key=lambda section: section.page or 0)
    draft.scanned = [*blank, *pages[len(todo) :]]
    if found:
        draft.losses.append(
            "Pages numérisées, lues par reconnaissance optique (erreurs possibles) : "
            f"{listed([section.page or 0 for section in found])}."
        )
    if blank:
        draft.losses.append(f"Pages sans texte, même après reconnaissance optique : {listed(blank)}.")
    if pages[len(todo) :]:
        draft.losses.append(
            f"Pages numérisées au-delà des {len(todo)} premières, non lues : {listed(pages[len(todo) :])} ; "
            "divisez le fichier pour qu'elles le soient."
        )
