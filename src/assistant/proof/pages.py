"""Outside addresses in what the server sends to a browser: which it would load, which are only named."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from assistant.proof.client import Response

_CSS = re.compile(r"url\(\s*(['\"]?)(.*?)\1\s*\)|@import\s+(['\"])(.*?)\3", re.IGNORECASE | re.DOTALL)
# Modules that a script brings in: loaded as soon as it is, or when it asks for them by a fixed name.
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*(["'`])([^"'`\s${}]+)\1""")
# Names of files that a bundler lists beside the code that loads them.
_LISTED = re.compile(r"""["'`](\.{0,2}/?(?:[\w@.-]+/)*[\w@.-]+\.(?:js|css|woff2?|ttf|json|wasm))["'`]""")
# Calls that fetch a fixed outside address, should the code around them run.
_CALLED = re.compile(
    r"""(?:\b(?:fetch|open|Worker|SharedWorker|WebSocket|EventSource|importScripts|sendBeacon)\(\s*|"""
    r"""\.(?:src|href)\s*=\s*)["'`]((?:https?|wss?):)?//([\w.-]+)"""
)
_LOADING = {
    "src", "srcset", "imagesrcset", "poster", "background", "data", "action", "formaction", "ping",
    "manifest", "xlink:href", "archive", "codebase", "longdesc", "profile", "dynsrc", "lowsrc",
}  # fmt: skip
_HREF_LOADS = {"link", "base", "image", "use", "feimage", "script"}
_OWN_SOURCES = re.compile(r"^('self'|'none'|'unsafe-inline'|'nonce-[^']+'|'sha\d+-[^']+'|data:|blob:)$")


@dataclass(slots=True)
class Scan:
    """What was found.

    Attributes:
        read: Addresses on the server that were read.
        loaded: Outside addresses that a browser would load by itself, with where they stand.
        links: Outside links that tell the other side whence one comes, with where they stand.
        policies: Pages whose Content-Security-Policy is missing, or names an outside source.
        dormant: Hosts that scripts would fetch from in parts of theirs that the page does not use,
            and that the policy forbids.
    """

    read: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    dormant: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing would leave by itself."""
        return bool(self.read) and not (self.loaded or self.links or self.policies)


def outside(address: str) -> bool:
    """Tell whether *address* leads a browser to another machine."""
    address = re.sub(r"[\t\r\n]", "", address.strip())
    # As browsers read it: a backslash is a slash.
    address = address.replace("\\", "/")
    parts = urlsplit(address)
    if not (parts.netloc or parts.scheme.lower() in {"ftp", "ws", "wss"}):
        return False
    return (parts.hostname or "") not in {"127.0.0.1", "localhost", "::1"}


class _Page(HTMLParser):
    """Collects what a page loads, links to and holds of styles and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.styles: list[str] = []
        self.scripts: list[str] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element loads or links to."""
        found = {name: value or "" for name, value in attrs}
        self._in = tag if tag in {"style", "script"} else ""
        for name, value in found.items():
            if name in {"srcset", "imagesrcset"}:
                self.loads += [part.split()[0] for part in value.split(",") if part.strip()]
            elif name in _LOADING or (name == "href" and tag in _HREF_LOADS):
                self.loads.append(value)
            elif name == "style":
                self.styles.append(value)
        if tag == "meta" and found.get("http-equiv", "").lower() == "refresh":
            self.loads.append(found.get("content", "").partition("=")[2])
        if tag in {"a", "area"} and outside(found.get("href", "")):
            kept = set(found.get("rel", "").lower().split())
            if not {"noreferrer", "noopener"} <= kept:
                self.links.append(found["href"])

    def handle_endtag(self, tag: str) -> None:
        """Leave a style or a script."""
        del tag
        self._in = ""

    def handle_data(self, data: str) -> None:
        """Keep the text of styles and scripts."""
        if self._in == "style":
            self.styles.append(data)
        elif self._in == "script":
            self.scripts.append(data)


def scan(fetch: Callable[[str], Response], starts: Iterable[str]) -> Scan:
    """Read the pages *starts* and all that they load from the server, and judge every address in them.

    Args:
        fetch: Gives the answer to a path of the server.
        starts: Paths of pages.
    """
    result = Scan()
    waiting, known = list(starts), set(starts)
    while waiting:
        path = waiting.pop(0)
        response = fetch(path)
        if response.status != 200:
            continue
        result.read.append(path)
        for address in _judge(path, response, result):
            target = _own_path(path, address)
            if target and target not in known:
                known.add(target)
                waiting.append(target)
    result.dormant = sorted(set(result.dormant))
    return result


def _own_path(page: str, address: str) -> str | None:
    """Return the path on the server of an address in *page*; None if it is elsewhere, or no file."""
    address = address.strip()
    if (
        not address
        or outside(address)
        or address.startswith(("data:", "blob:", "#", "javascript:", "mailto:"))
    ):
        return None
    parts = urlsplit(urljoin(f"http://127.0.0.1{page}", address))
    path = posixpath.normpath(parts.path) if parts.path else "/"
    return path + (f"?{parts.query}" if parts.query else "")


def _judge(path: str, response: Response, result: Scan) -> list[str]:
    """Note in *result* what is wrong with one response; return the addresses that it loads."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        return _judge_page(path, response, result)
    if kind == "text/css":
        return _judge_style(path, response.text, result)
    if kind in {"text/javascript", "application/javascript"}:
        return _judge_script(path, response.text, result)
    if kind == "image/svg+xml":
        return _judge_page(path, response, result, policy=False)
    return []


def _judge_page(path: str, response: Response, result: Scan, *, policy: bool = True) -> list[str]:
    if policy and not _closed(response.headers.get("content-security-policy", "")):
        result.policies.append(path)
    page = _Page()
    page.feed(response.text)
    result.links += [f"{path} : {address}" for address in page.links]
    result.loaded += [f"{path} : {address}" for address in page.loads if outside(address)]
    found = list(page.loads)
    for style in page.styles:
        found += _judge_style(path, style, result)
    for script in page.scripts:
        found += _judge_script(path, script, result)
    return found


def _closed(policy: str) -> bool:
    """Tell whether a policy forbids everything by default and names no outside source."""
    rules = [rule.split() for rule in policy.split(";") if rule.strip()]
    return ["default-src", "'none'"] in rules and all(
        _OWN_SOURCES.match(source) for _, *sources in rules for source in sources
    )


def _judge_style(path: str, text: str, result: Scan) -> list[str]:
    found = [plain or imported for _, plain, _, imported in _CSS.findall(text)]
    result.loaded += [f"{path} : {address}" for address in found if outside(address)]
    return found


def _judge_script(path: str, text: str, result: Scan) -> list[str]:
    imported = [address for _, address in _IMPORT.findall(text)]
    result.loaded += [f"{path} : {address}" for address in imported if outside(address)]
    result.dormant += [host for _, host in _CALLED.findall(text) if outside(f"//{host}")]
    # Bare names ("svelte") are words of an import that the bundler has resolved, never a file here.
    relative = [a for a in imported if a.startswith((".", "/"))]
    listed = [
        a if a.startswith((".", "/")) else f"/{a}"
        for a in _LISTED.findall(text)
        if "assets/" in a or a[0] == "."
    ]
    return [*relative, *listed]
