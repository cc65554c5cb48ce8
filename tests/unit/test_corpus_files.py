"""Plain text, PDF, the scan of a folder, and reading any file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.corpus import read_document, scan
from assistant.corpus.reader import slug_of
from assistant.errors import EmptyDocumentError, UnreadableDocumentError, UnsupportedFormatError
from samples import DOCUMENTS, REPORT_PAGES, write_pdf

# --- plain text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_of_any_common_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    """Accents come out right."""
    text = "Les données à caractère personnel sont protégées. Où sont-elles hébergées\u00a0? À l’étranger."
    path = tmp_path / "note.txt"
    path.write_bytes(text.encode(encoding))
    assert text == " ".join(s.text for s in read_document(tmp_path, path.name).sections[0].sentences)


def test_paragraphs_are_parted_by_blank_lines(tmp_path: Path) -> None:
    """A line break inside a paragraph is a space."""
    path = tmp_path / "note.txt"
    path.write_text("Une phrase\nsur deux lignes. Une autre.\n\n \nUn paragraphe.\n", encoding="utf-8")
    (section,) = read_document(tmp_path, path.name).sections
    assert [(s.text, s.opens) for s in section.sentences] == [
        ("Une phrase sur deux lignes.", True),
        ("Une autre.", False),
        ("Un paragraphe.", True),
    ]


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """A picture called .txt is not indexed as noise."""
    path = tmp_path / "image.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(UnreadableDocumentError, match="PNG"):
        read_document(tmp_path, path.name)


# --- PDF ------------------------------------------------------------------------------------------


def test_a_pdf_is_read_page_by_page(corpus: Path) -> None:
    """Pages count from 1; the title is the file's own."""
    document = read_document(corpus, "annexes/rapport.pdf")
    assert document.title == "Rapport de comparaison"
    assert [section.page for section in document.sections] == [1, 2]
    assert list(REPORT_PAGES) == [
        " ".join(s.text for s in section.sentences) for section in document.sections
    ]
    assert document.losses == ()


def test_pages_without_text_are_named(tmp_path: Path) -> None:
    """A scanned page is a loss that the report tells."""
    document = read_document(tmp_path, write_pdf(tmp_path / "a.pdf", ["Un.", "", "Trois.", ""]).name)
    (loss,) = document.losses
    assert "2, 4" in loss
    assert [section.page for section in document.sections] == [1, 3]


def test_a_word_cut_at_the_end_of_a_line_is_joined(tmp_path: Path) -> None:
    """« conser-vation » is one word again."""
    document = read_document(
        tmp_path, write_pdf(tmp_path / "a.pdf", ["La durée de conser-\nvation est fixée."]).name
    )
    assert document.sections[0].sentences[0].text == "La durée de conservation est fixée."


def test_an_encrypted_pdf_is_told(tmp_path: Path) -> None:
    """And says what to do."""
    path = write_pdf(tmp_path / "a.pdf", ["Secret."], password="clef")  # noqa: S106 - the test's own
    with pytest.raises(UnreadableDocumentError, match="mot de passe"):
        read_document(tmp_path, path.name)


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"]
)
def test_a_damaged_pdf_is_told(data: bytes, tmp_path: Path) -> None:
    """Whatever pypdf stumbles on."""
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with pytest.raises(UnreadableDocumentError, match="endommagé"):
        read_document(tmp_path, path.name)


def test_a_truncated_pdf_is_read_or_told(tmp_path: Path) -> None:
    """Cut anywhere, it never raises anything else."""
    whole = write_pdf(tmp_path / "whole.pdf", ["Un.", "Deux."]).read_bytes()
    path = tmp_path / "a.pdf"
    for end in range(0, len(whole), 97):
        path.write_bytes(whole[:end])
        try:
            read_document(tmp_path, path.name)
        except UnreadableDocumentError:
            continue


# --- scan -----------------------------------------------------------------------------------------


def test_the_documents_are_found_in_order(corpus: Path) -> None:
    """README, attributes and questions files are not documents."""
    assert list(DOCUMENTS) == [f.path for f in scan(corpus)]


@pytest.mark.parametrize(
    "name", [".cache.md", ".git/a.md", "~$note.docx", "note.md~", "note.md.swp", "note.tmp", "Thumbs.db"]
)
def test_what_editors_leave_behind_is_left_out(name: str, corpus: Path) -> None:
    """Hidden and temporary files are nobody's documents."""
    (corpus / name).parent.mkdir(exist_ok=True)
    (corpus / name).write_text("Texte.", encoding="utf-8")
    assert list(DOCUMENTS) == [f.path for f in scan(corpus)]


def test_a_link_out_of_the_corpus_is_not_followed(corpus: Path, tmp_path: Path) -> None:
    """Only the corpus's own documents are read."""
    (tmp_path / "secret.md").write_text("Secret.", encoding="utf-8")
    (corpus / "lien.md").symlink_to(tmp_path / "secret.md")
    (corpus / "interne.md").symlink_to(corpus / "annexes/glossaire.md")
    (corpus / "mort.md").symlink_to(tmp_path / "absent.md")
    assert {"interne.md"} == {f.path for f in scan(corpus)} - set(DOCUMENTS)


def test_a_digest_follows_the_file_and_its_questions(corpus: Path) -> None:
    """New questions are a change of their document."""
    before = {f.path: f.digest for f in scan(corpus)}
    with (corpus / "fiches/nordix-boreal.questions.yaml").open("a", encoding="utf-8") as stream:
        stream.write("- Où ?\n")
    with (corpus / "annexes/glossaire.md").open("a", encoding="utf-8") as stream:
        stream.write("\nFin.\n")
    after = {f.path: f.digest for f in scan(corpus)}
    changed = {p for p in before if before[p] != after[p]}
    assert {"fiches/nordix-boreal.md", "annexes/glossaire.md"} == changed


def test_an_untouched_file_is_not_read_again(corpus: Path) -> None:
    """Same size and time, same digest, even of other bytes: that is the bargain."""
    known = {f.path: f for f in scan(corpus)}
    path = corpus / "annexes/glossaire.md"
    stats = path.stat()
    path.write_bytes(bytes(stats.st_size))
    os.utime(path, ns=(stats.st_atime_ns, stats.st_mtime_ns))
    assert known == {f.path: f for f in scan(corpus, known)}
    os.utime(path, ns=(stats.st_atime_ns, stats.st_mtime_ns + 1))
    assert known != {f.path: f for f in scan(corpus, known)}


# --- reader ---------------------------------------------------------------------------------------


def test_a_document_knows_its_questions(corpus: Path) -> None:
    """By fact, as the companion file lists them."""
    document = read_document(corpus, "fiches/nordix-boreal.md")
    assert (document.slug, document.path) == ("nordix-boreal", "fiches/nordix-boreal.md")
    questions = dict(document.questions)
    assert questions["nordix-identite-01"] == ("Où se trouve Nordix ?",)
    assert len(questions["nordix-conservation-01"]) == 2


def test_a_document_without_front_matter_has_defaults(tmp_path: Path) -> None:
    """Its title is the file's name, its type is « document »."""
    (tmp_path / "note_de-service.txt").write_text("Texte.", encoding="utf-8")
    document = read_document(tmp_path, "note_de-service.txt")
    assert (document.title, document.type, document.provider) == ("note de service", "document", None)


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("fiches/openai-chatgpt.md", "openai-chatgpt"),
        ("a/Note de service (v2).pdf", "Note-de-service-v2"),
        ("été.md", "été"),
        ("v1.2.md", "v1.2"),
        ("---.md", "document"),
    ],
)
def test_slugs_are_plain(path: str, slug: str) -> None:
    """Fit for an address and an anchor."""
    assert slug == slug_of(path)


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    """So that the reader knows what to convert to."""
    (tmp_path / "a.xyz").touch()
    with pytest.raises(UnsupportedFormatError, match=r"md.*pdf.*txt"):
        read_document(tmp_path, "a.xyz")


@pytest.mark.parametrize("text", ["", "\n \n", "---\ntitre: Vide\n---\n", "# Un titre seul\n", "\ufeff"])
def test_a_file_without_text_is_told(text: str, tmp_path: Path) -> None:
    """A title alone answers nothing."""
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    with pytest.raises(EmptyDocumentError, match=r"« a\.md »"):
        read_document(tmp_path, "a.md")


@pytest.mark.parametrize("text", ["- liste", "texte", "a: [", "\x00"])
def test_a_misshapen_questions_file_is_told(text: str, tmp_path: Path) -> None:
    """The sentence names that file, not the document."""
    (tmp_path / "a.md").write_text("Texte.", encoding="utf-8")
    (tmp_path / "a.questions.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableDocumentError, match=r"a\.questions\.yaml"):
        read_document(tmp_path, "a.md")


def test_an_empty_questions_file_is_none(tmp_path: Path) -> None:
    """An editor may begin one."""
    (tmp_path / "a.md").write_text("Texte.", encoding="utf-8")
    (tmp_path / "a.questions.yaml").write_text("# à écrire\n", encoding="utf-8")
    assert read_document(tmp_path, "a.md").questions == ()


def test_a_folder_with_a_documents_name_is_no_document(tmp_path: Path) -> None:
    """Asked for by name, it is told; in a scan it is passed over."""
    (tmp_path / "a.md").mkdir()
    assert scan(tmp_path) == []
    with pytest.raises(UnreadableDocumentError):
        read_document(tmp_path, "a.md")
