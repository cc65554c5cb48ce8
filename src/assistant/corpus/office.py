"""The zip-and-XML containers of DOCX and ODT, opened with care."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from assistant.corpus.draft import Job
from assistant.corpus.limits import RATIO_FROM, megabytes
from assistant.corpus.signature import refuse, refuse_foreign
from assistant.errors import UnreadableDocumentError
from assistant.text import clean, squeeze

Element = etree._Element  # noqa: SLF001 - lxml's stubs name the class so
_MAX_MEMBERS = 10_000
# The member by which each kind of container is known.
_KINDS = {
    "word/document.xml": "un document Word (DOCX)",
    "content.xml": "un document OpenDocument (ODT)",
    "xl/workbook.xml": "un classeur Excel",
    "ppt/presentation.xml": "un diaporama PowerPoint",
}


def damaged(path: Path, kind: str) -> UnreadableDocumentError:
    """Return the error of a file that cannot be read as what it is."""
    message = (
        f"Le document {kind} « {path.name} » est endommagé et n'a pas pu être lu : "
        "ouvrez-le dans un traitement de texte puis enregistrez-le de nouveau, ou remplacez-le."
    )
    return UnreadableDocumentError(message, path=path)


def name_of(element: Element) -> str:
    """Return an element's name without its namespace, "" for comments and the like."""
    tag: object = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """Return an attribute by its name without namespace.

    DOCX has two families of namespaces (transitional and strict) with the same names.
    """
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def children(element: Element, name: str) -> Iterator[Element]:
    """Yield the children of *element* called *name*."""
    return (child for child in element if name_of(child) == name)


def child(element: Element | None, *names: str) -> Element | None:
    """Return the first descendant along the path *names*, or None."""
    for name in names:
        if element is None:
            return None
        element = next(children(element, name), None)
    return element


def property_of(root: Element | None, name: str) -> str | None:
    """Return a property of the document (title, author, date), None where it is not set."""
    element = child(root, name)
    return (squeeze(clean(element.text)) or None) if element is not None and element.text else None


class Package:
    """A container whose members are read one at a time, within limits."""

    def __init__(self, job: Job, kind: str) -> None:
        """Open the container of *job*; *kind* is its French name.

        Raises:
            UnreadableDocumentError: It is not one, or unpacks to more than the limits allow.
        """
        self.job = job
        self.kind = kind
        with job.path.open("rb") as stream:
            refuse_foreign(stream.read(16), job.path, "archive")
        try:
            self._archive = zipfile.ZipFile(job.path)
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
            raise damaged(job.path, kind) from error
        self._refuse_other_kind()
        self._refuse_bomb()

    def _refuse_other_kind(self) -> None:
        kinds = [name for member, name in _KINDS.items() if member in self]
        if kinds and not any(f" {self.kind} " in name for name in kinds):
            raise refuse(self.job.path, kinds[0])

    def _refuse_bomb(self) -> None:
        """Refuse an archive by what it declares; a member never gives more than it declares."""
        members = self._archive.infolist()
        unpacked = sum(m.file_size for m in members)
        packed = max(1, sum(m.compress_size for m in members))
        limits = self.job.limits
        swollen = unpacked > RATIO_FROM and unpacked / packed > limits.max_ratio
        if swollen or unpacked > limits.max_unpacked or len(members) > _MAX_MEMBERS:
            message = (
                f"Le document {self.kind} « {self.job.path.name} » se déplie jusqu'à "
                f"{megabytes(unpacked)} (éléments : {len(members)}), ce qui passe les limites : "
                "vérifiez d'où il vient, ou allégez-le (images comprises)."
            )
            raise UnreadableDocumentError(message, path=self.job.path)

    def __contains__(self, member: str) -> bool:
        """Tell whether the archive holds *member*."""
        return member in self._archive.NameToInfo

    def xml(self, member: str) -> Element:
        """Return the root of an XML member.

        Entities are not resolved, nothing is fetched, and libxml2's own limits on depth and
        length of text stay on.

        Raises:
            UnreadableDocumentError: The member is missing, damaged, locked or not XML.
        """
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            data = self._archive.read(member)
            root = etree.fromstring(data, parser)
        except RuntimeError as error:  # the word of zipfile for a member that needs a password
            raise self.locked() from error
        except MemoryError:
            raise
        except Exception as error:
            # Damage shows as KeyError, BadZipFile, EOFError, zlib.error, LZMAError, LxmlError…
            raise damaged(self.job.path, self.kind) from error
        self.job.tick()
        return root

    def optional(self, member: str) -> Element | None:
        """Return the root of an XML member, None where it is missing or damaged."""
        if member not in self:
            return None
        try:
            return self.xml(member)
        except UnreadableDocumentError:
            return None

    def locked(self) -> UnreadableDocumentError:
        """Return the error of a document that needs a password."""
        message = (
            f"Le document {self.kind} « {self.job.path.name} » est protégé par un mot de passe : "
            "enregistrez-en une copie sans protection, puis relancez « assistant index »."
        )
        return UnreadableDocumentError(message, path=self.job.path)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
