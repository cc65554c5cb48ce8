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

from assistant.text.normalise import ILLEGAL, INVISIBLE, PILED

_PLAIN = frozenset(" ,’«»\u00a0\u202f")
_DROPPED = re.compile(INVISIBLE.pattern.replace(r"\u00ad", ""))
"""A soft hyphen is seen where a line breaks at it."""
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_SOURCE_LINK = re.compile(r'<a class="adresse" [^>]*>(.*?)</a>', re.DOTALL)
_MARKER = re.compile(r"\s*((?:\[\d{1,3}\]\s*)+)")


def visible(text: str) -> str:
    """Return *text* without control, invisible and direction-changing characters.

    Nor does it hold marks piled on one letter, or what no page or XML file may hold.
    """
    text = PILED.sub(r"\1", _DROPPED.sub("", ILLEGAL.sub("", text)))
    if text.isprintable():
        return text
    return "".join(
        c for c in text if c in "\n\t\u00ad" or unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"}
    )


def encode(text: str) -> str:
    """Return *text* as HTML in which it can only be read as text, on one line."""
    return "".join(
        c if c.isalnum() or c in _PLAIN else " " if c in "\n\t" else f"&#{ord(c)};" for c in visible(text)
    )


def web_address(url: str | None) -> str | None:
    """Return *url* where it is a plain web address, else None: no other scheme is a link.

    A host in other letters than ASCII is given as the network knows it (« xn--… »), so that none
    passes for another; what stands before an « @ » passes for a host, and makes it no address.
    """
    if not url or "\\" in url:
        return None
    try:
        parts = urlsplit(visible(url))
        host = parts.netloc.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        return None
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return None
    return parts._replace(netloc=host).geturl()


def copy_only(html: str) -> str:
    """Return *html* with the addresses of primary sources as plain text: a click selects, never opens.

    Whatever others wrote is encoded in *html*, so only our own links look like one.
    """
    return _SOURCE_LINK.sub(r'<span class="adresse">\1</span>', html)


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
