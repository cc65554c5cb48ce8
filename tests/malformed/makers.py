"""Small files of each format, written byte by byte so that nothing mends them."""

from __future__ import annotations

import io
import zipfile


def pdf_of(objects: list[bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    """Return a PDF whose objects, numbered from 1, are *objects*."""
    out = io.BytesIO()
    out.write(b"%PDF-1.5\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root %d 0 R %s >>\n" % (len(objects) + 1, root, trailer))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def stream_of(data: bytes, extra: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


CONTENTS = b"/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"


def show(text: str) -> bytes:
    """Return the operators that print a line of text."""
    return b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % text.encode("cp1252")


def simple_pdf(text: str, content: bytes | None = None) -> bytes:
    """Return a PDF of one page."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] %s >>" % CONTENTS
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
            content or stream_of(show(text)),
            FONT,
        ]
    )


def zip_of(members: dict[str, bytes]) -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


WORD = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_O = b"urn:oasis:names:tc:opendocument:xmlns:"


def docx_of(body: bytes, prolog: bytes = b"") -> bytes:
    """Return a DOCX whose body is *body*."""
    document = b"<?xml version='1.0'?>%s<w:document %s><w:body>%s</w:body></w:document>" % (
        prolog,
        WORD,
        body,
    )
    return zip_of({"[Content_Types].xml": b"<Types/>", "word/document.xml": document})


def odt_of(body: bytes, prolog: bytes = b"") -> bytes:
    """Return an ODT whose text is *body*."""
    names = b" ".join(b'xmlns:%s="%s%s:1.0"' % (n, _O, n) for n in (b"office", b"text", b"table"))
    content = (
        b"<?xml version='1.0'?>%s<office:document-content %s><office:body><office:text>%s</office:text>"
        b"</office:body></office:document-content>" % (prolog, names, body)
    )
    return zip_of({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content})
