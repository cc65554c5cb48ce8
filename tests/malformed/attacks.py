"""Files that loop, swell, nest or lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from malformed.makers import FONT, WORD, docx_of, odt_of, pdf_of, show, simple_pdf, stream_of, zip_of

Files = Iterator[tuple[str, bytes]]


# --- PDF ------------------------------------------------------------------------------------------


_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"


def page_trees() -> Files:
    """Yield PDFs whose page tree turns on itself or lies about its size."""
    trees = {
        "soi": b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
        "racine": b"<< /Type /Pages /Kids [1 0 R 3 0 R] /Count 2 >>",
        "boucle": b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "vide": b"<< /Type /Pages /Kids [] /Count 0 >>",
        "menteur": b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>",
        "negatif": b"<< /Type /Pages /Kids [3 0 R] /Count -5 >>",
        "absent": b"<< /Type /Pages /Kids [99 0 R] /Count 1 >>",
    }
    for name, tree in trees.items():
        back = b"<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 1 >>"
        yield f"pdf/arbre-{name}.pdf", pdf_of([_CATALOG, tree, _PAGE, back])


def pdf_attacks() -> Files:
    """Yield PDFs that loop, swell or lie."""
    yield from page_trees()
    many = b"<< /Type /Pages /Kids [%s] /Count 6000 >>" % (b"3 0 R " * 6000)
    yield "pdf/trop-de-pages.pdf", pdf_of([_CATALOG, many, _PAGE])
    bomb = zlib.compress(bytes(200_000_000), 1)
    yield "pdf/bombe.pdf", simple_pdf("", stream_of(bomb, b"/Filter /FlateDecode"))
    twice = zlib.compress(zlib.compress(bytes(200_000_000), 9), 9)
    yield "pdf/bombe-double.pdf", simple_pdf("", stream_of(twice, b"/Filter [/FlateDecode /FlateDecode]"))
    yield "pdf/operateurs.pdf", simple_pdf("", stream_of(b"q " * 300_000))
    yield "pdf/tableaux.pdf", simple_pdf("", stream_of(b"[" * 20_000))
    yield "pdf/dictionnaires.pdf", pdf_of([b"<< /A " * 5_000])
    yield "pdf/xref-boucle.pdf", _xref_loop()
    loop = b"<< /Title (a) /Parent 6 0 R /Next 7 0 R /Dest [3 0 R /Fit] >>"
    base = [
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    ]
    text = [
        _PAGE[:-2] + b"/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        stream_of(show("Un.")),
        FONT,
    ]
    yield "pdf/signets.pdf", pdf_of([*base, *text, b"<< /First 7 0 R /Last 7 0 R /Count 1 >>", loop])
    form = stream_of(
        b"/X0 Do /X0 Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X0 6 0 R >> >>",
    )
    own = _PAGE[:-2] + b"/Contents 4 0 R /Resources << /XObject << /X0 6 0 R >> >> >>"
    yield "pdf/formulaire.pdf", pdf_of([_CATALOG, base[1], own, stream_of(b"/X0 Do"), FONT, form])
    lock = b"/Encrypt << /Filter /Standard /V 9 /R 9 /O (x) /U (y) /P -1 >> /ID [(a) (b)]"
    yield "pdf/chiffre.pdf", pdf_of([_CATALOG, base[1], _PAGE], trailer=lock)
    yield "pdf/entete-seul.pdf", b"%PDF-1.7\n"
    yield "pdf/loin.pdf", b"x" * 900 + simple_pdf("Texte après des octets perdus.")


def _xref_loop() -> bytes:
    whole = simple_pdf("Un.")
    start = int(whole.rpartition(b"startxref\n")[2].split()[0])
    return whole.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % start)


# --- archives and XML -----------------------------------------------------------------------------


def archive_attacks() -> Files:
    """Yield DOCX and ODT that swell, nest or lie."""
    laughs = b"<!DOCTYPE d [<!ENTITY a 'ha'>%s]>" % b"".join(
        b"<!ENTITY %c '%s'>" % (c, b"&%c;" % (c - 1) * 10) for c in range(98, 110)
    )
    outside = b"<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
    kinds = {
        "docx": (
            docx_of,
            "word/document.xml",
            b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>",
            b"w:sdt",
            b"w:tbl><w:tr><w:tc",
        ),
        "odt": (
            odt_of,
            "content.xml",
            b"<text:p>%s</text:p>",
            b"text:section",
            b"table:table><table:table-row><table:table-cell",
        ),
    }
    for suffix, (make, member, shape, nest, table) in kinds.items():
        yield f"archives/rires.{suffix}", make(shape % b"&m;", laughs)
        yield f"archives/dehors.{suffix}", make(shape % b"&e;", outside)
        yield f"archives/bombe.{suffix}", zip_of({member: bytes(64_000_000)})
        yield f"archives/espaces.{suffix}", make(b" " * 30_000_000)
        deep = b"<%s>" % nest * 240 + shape % b"Au fond." + b"</%s>" % nest * 240
        yield f"archives/profond.{suffix}", make(deep)
        yield f"archives/tres-profond.{suffix}", make(b"<%s>" % nest * 50_000)
        parts = table.split(b"><")
        tables = b"<%s>" % table * 70 + b"".join(b"</%s>" % p for p in reversed(parts)) * 70
        yield f"archives/tableaux.{suffix}", make(tables)
        yield f"archives/long.{suffix}", make(shape % (b"a" * 11_000_000))
        yield f"archives/sans-texte.{suffix}", zip_of({"mimetype": b"application/zip"})
        yield f"archives/menteur.{suffix}", _lying(make(shape % (b"Une phrase. " * 500)))
        yield f"archives/chemins.{suffix}", zip_of({"../../" + member: b"<a/>", "/" + member: b"<a/>"})
        yield f"archives/poupees.{suffix}", zip_of({member: make(shape % b"Dedans.")})
    yield from _oddities()


def _oddities() -> Files:
    """Yield what only one of the two formats can suffer."""
    yield "archives/nombreux.docx", zip_of({f"f{n}": b"" for n in range(10_100)})
    yield (
        "archives/repete.odt",
        odt_of(
            b"<table:table><table:table-row table:number-rows-repeated='999999999'>"
            b"<table:table-cell table:number-columns-repeated='999999999'><text:p>A</text:p>"
            b"</table:table-cell></table:table-row></table:table>"
            b"<text:p>B<text:s text:c='999999999'/>C.</text:p>"
        ),
    )
    yield (
        "archives/styles.docx",
        zip_of(
            {
                "word/document.xml": b"<w:document %s><w:body><w:p><w:pPr><w:pStyle w:val='a'/></w:pPr><w:r>"
                b"<w:t>Un.</w:t></w:r></w:p></w:body></w:document>" % WORD,
                "word/styles.xml": b"<w:styles %s><w:style w:styleId='a'><w:basedOn w:val='b'/></w:style>"
                b"<w:style w:styleId='b'><w:basedOn w:val='a'/></w:style></w:styles>" % WORD,
                "_rels/.rels": b"<R><R Type='x/officeDocument' Target='/../../etc/passwd'/></R>",
            }
        ),
    )


def _lying(data: bytes) -> bytes:
    """Say in the directory of a ZIP that every member unpacks to four gigabytes or to nothing."""
    spoilt, at = bytearray(data), 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        spoilt[at + 24 : at + 28] = struct.pack("<I", 3)
        at += 4
    return bytes(spoilt)


def html_attacks() -> Files:
    """Yield pages that nest, repeat or pretend."""
    yield "html/profond.html", b"<div>" * 100_000 + b"Au fond."
    yield "html/assez-profond.html", b"<div>" * 800 + b"Au fond d'une page."
    yield "html/gras.html", b"<b>" * 5_000 + b"Gras." + b"<p>" * 5_000
    yield "html/tableaux.html", b"<table><tr><td>" * 2_000 + b"Au fond."
    cell = b"<td colspan=1000000000 rowspan=1000000000>A</td>"
    yield "html/etendue.html", b"<table>" + (b"<tr>" + cell * 20 + b"</tr>") * 200 + b"</table>"
    yield "html/entites.html", b"&#xD800;&#0;&#x110000;&nimporte;&amp" * 500 + b"<p>Une phrase."
    yield "html/encodage.html", "<meta charset=utf-16><p>Une phrase accentuée.".encode()
    yield "html/encodage-inconnu.html", "<meta charset=klingon><p>Une phrase accentuée.".encode()
    yield "html/ouverte.html", b"<p>Une phrase.<!-- " + b"x" * 100_000
    yield "html/script.html", b"<script>" + b"a" * 100_000
    yield "html/attributs.html", b"<p " + b"a=1 " * 50_000 + b">Une phrase."
    yield (
        "html/notes.html",
        b"<sup><a href='#a'>1</a></sup><p id=a>Une <sup><a href='#a'>1</a></sup> note." * 50,
    )
    yield "html/listes.html", b"<ul><li>" * 900 + b"Au fond."
    yield (
        "html/xhtml.xhtml",
        b"<?xml version='1.0' encoding='utf-8'?><html xmlns='http://www.w3.org/1999/xhtml'><p>Un.</p>",
    )
