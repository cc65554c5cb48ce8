"""Which outside addresses a browser would load, and which are only named."""

from __future__ import annotations

import pytest

from assistant.proof.client import Response
from assistant.proof.pages import outside, scan

POLICY = "default-src 'none'; script-src 'self' 'nonce-abc'; style-src 'self' 'unsafe-inline'; img-src data:"


def served(files: dict[str, tuple[str, str]], *, policy: str = POLICY) -> object:
    """Return a fetch over *files*: path to media type and text."""

    def fetch(path: str) -> Response:
        if path not in files:
            return Response(404, {}, b"")
        media, text = files[path]
        return Response(200, {"content-type": media, "content-security-policy": policy}, text.encode())

    return fetch


def page(html: str, *, policy: str = POLICY):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a scan
    """Scan one page."""
    return scan(served({"/": ("text/html; charset=utf-8", html)}, policy=policy), ["/"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="preconnect" href="https://fonts.example">',
        '<link rel="stylesheet" href="https://fonts.example/a.css">',
        '<img src="https://img.example/a.png">',
        '<img srcset="/a.png 1x, https://img.example/b.png 2x">',
        '<video poster="https://img.example/a.png"></video>',
        '<iframe src="https://elsewhere.example"></iframe>',
        '<object data="https://elsewhere.example"></object>',
        '<form action="https://elsewhere.example"></form>',
        '<a ping="https://count.example" href="/x">x</a>',
        '<base href="https://elsewhere.example/">',
        '<meta http-equiv="refresh" content="0; url=https://elsewhere.example">',
        '<svg><image href="https://img.example/a.png"/></svg>',
        '<svg><use xlink:href="https://img.example/a.svg#x"/></svg>',
        '<p style="background:url(https://img.example/a.png)">x</p>',
        "<style>@import 'https://fonts.example/a.css';</style>",
        '<style>@font-face{src:url("//fonts.example/a.woff2")}</style>',
        '<script>import x from "https://cdn.example/x.js"</script>',
        '<script>import("https://cdn.example/x.js")</script>',
        '<img src="ht\ttps://img.example/a.png">',
        '<img src="\\\\img.example/a.png">',
    ],
)  # fmt: skip
def test_what_a_browser_would_load_is_found(html: str) -> None:
    """In every place where a browser fetches by itself."""
    found = page(html)
    assert len(found.loaded) == 1
    assert not found.clean


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://source.example/x" rel="noreferrer noopener">x</a>',
        "<p>https://source.example/x</p>",
        '<img src="data:image/png;base64,AA==">',
        '<script src="/a.js"></script><link href="b.css" rel="stylesheet">',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "<style>a{background:url('data:image/svg+xml,%3csvg xmlns=%27http://www.w3.org/2000/svg%27/%3e')}</style>",
    ],
)
def test_what_is_only_named_is_not(html: str) -> None:
    """Text, namespaces, data addresses, and links that a person clicks."""
    assert page(html).clean


def test_a_link_that_tells_whence_one_comes_is_found() -> None:
    """It would hand the page's address to the other side."""
    assert page('<a href="https://source.example/x" rel="noopener">x</a>').links == [
        "/ : https://source.example/x"
    ]


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "script-src 'self'",
        "default-src 'none'; script-src 'self' https://cdn.example",
        "default-src 'none'; img-src *",
        "default-src 'none'; img-src https:",
        "default-src 'self'",
    ],
)
def test_an_open_policy_is_found(policy: str) -> None:
    """Missing, or with a source that is not this server."""
    assert page("<p>x</p>", policy=policy).policies == ["/"]


def test_what_a_page_loads_is_read_in_its_turn() -> None:
    """Down to the font of a style sheet and the module of a module."""
    files = {
        "/": ("text/html", '<link rel="icon" href="./assets/a.css"><script src="/assets/a.js"></script>'),
        "/assets/a.css": ("text/css", "@font-face{src:url(../static/a.woff2)}"),
        "/static/a.woff2": ("font/woff2", ""),
        "/assets/a.js": (
            "text/javascript",
            'import{x}from"./b.js";const m=["assets/c.css","./d.js"];fetch("https://hub.example/a")',
        ),
        "/assets/b.js": ("text/javascript", 'import("https://cdn.example/x.js")'),
        "/assets/c.css": ("text/css", "a{background:url(https://img.example/x)}"),
        "/assets/d.js": ("text/javascript", 'new WebSocket("wss://live.example")'),
    }  # fmt: skip
    found = scan(served(files), ["/"])  # type: ignore[arg-type]
    assert sorted(found.read) == sorted(files)
    assert found.loaded == [
        "/assets/b.js : https://cdn.example/x.js",
        "/assets/c.css : https://img.example/x",
    ]
    assert found.dormant == ["hub.example", "live.example"]


def test_a_scan_that_read_nothing_proves_nothing() -> None:
    """An error page for an answer is no clean page."""
    assert not scan(served({}), ["/"]).clean  # type: ignore[arg-type]


def test_addresses_of_this_machine_are_not_outside() -> None:
    """By name and by address."""
    assert not any(
        map(outside, ["http://127.0.0.1:7860/x", "http://localhost/", "/x", "x", "#x", "", "mailto:a@b.c"])
    )
