"""Text that others wrote, made harmless before it enters Gradio's Markdown.

Gradio's sanitizer drops scripts but keeps images, forms and inline styles, and its Markdown
renderer reads any text as markup. Rather than list what is dangerous, every character that is
not a letter, a digit, a space or one of four plain marks becomes a character reference: no
HTML, no Markdown, no formula can then be spelled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

_PLAIN = frozenset(" ,’«»\u00a0\u202f")
_KEPT_FORMAT = frozenset("\u00ad")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_MARKER = re.compile(r"\s*((?:\[\d{1,3}\]\s*)+)")


def visible(text: str) -> str:
    """Return *text* without control, zero-width and direction-changing characters."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if character in "\n\t" or category not in {"Cc", "Cf", "Co", "Cs"} or character in _KEPT_FORMAT:
            kept.append(character)
    return "".join(kept)


def encode(text: str) -> str:
    """Return *text* as HTML in which it can only be read as text, on one line."""
    return "".join(
        c if c.isalnum() or c in _PLAIN else " " if c in "\n\t" else f"&#{ord(c)};" for c in visible(text)
    )


def web_address(url: str | None) -> str | None:
    """Return *url* where it is a plain web address, else None: no other scheme is a link."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def encode_inline(text: str, marker: Callable[[int], str]) -> str:
    """Return a line of an answer as HTML: ``**bold**`` and ``[n]`` are honoured, nothing else.

    Args:
        text: The line.
        marker: Gives the HTML of the marker of citation *n*, "" where there is none.
    """
    found: list[str] = []
    at = 0
    for match in _MARKER.finditer(text):
        found.append(_strong(text[at : match.start()]))
        numbers = [int(n) for n in re.findall(r"\d+", match[1])]
        # The first marker clings to the word before it, or it would wrap alone.
        found.append(
            "&nbsp;" + "".join(marker(n) for n in numbers) if found[-1] else "".join(map(marker, numbers))
        )
        at = match.end()
        if at < len(text) and text[at] not in ".,;:!?)»":
            found.append(" ")
    found.append(_strong(text[at:]))
    return "".join(found)


def _strong(text: str) -> str:
    found = []
    at = 0
    for match in _STRONG.finditer(text):
        found += [encode(text[at : match.start()]), f"<strong>{encode(match[1])}</strong>"]
        at = match.end()
    return "".join([*found, encode(text[at:])])
