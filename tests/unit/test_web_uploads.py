"""Documents added, replaced and removed through the page: what is refused, and what is never lost."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import anyio
import pytest
from starlette.testclient import TestClient

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.web import create_app, uploads
from assistant.web.upload_routes import ADDRESS
from assistant.web.uploads import ASIDE, Accepted, RefusedFileError, Uploads, checked_name
from samples import Built, write_pdf

NOTE = "# Note de service\n\nLa durée de conservation est de 90 jours.\n".encode()


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 10):
        yield data[start : start + 10]


def add(corpus: Path, path: str, data: bytes = NOTE, *, confirmed: bool = False) -> Accepted:
    """Add a file as the route does."""

    async def run() -> Accepted:
        return await Uploads(corpus).add(path, _chunks(data), confirmed=confirmed)

    return anyio.run(run)


def files(corpus: Path) -> set[str]:
    """Return every file under *corpus*, those put aside included."""
    return {p.relative_to(corpus).as_posix() for p in corpus.rglob("*") if p.is_file()}


def test_a_document_is_added_where_it_was_asked(corpus: Path) -> None:
    """Whole, read by the confined reader first, with nothing left of its waiting."""
    before = files(corpus)
    found = add(corpus, "annexes/Note de service (2026).MD")
    assert found == Accepted("annexes/Note de service (2026).md", "Note de service", 1, None)
    assert files(corpus) - before == {found.path}
    assert (corpus / found.path).read_bytes() == NOTE


def test_the_confined_reader_reads_it_whatever_its_size(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short text too is read in the other process: it comes from someone else."""
    from assistant.corpus import reader

    asked = []
    isolated = reader.read_isolated
    monkeypatch.setattr(
        reader, "read_isolated", lambda job, suffix: asked.append(suffix) or isolated(job, suffix)
    )
    add(corpus, "note.md")
    assert asked == [".md"]


@pytest.mark.parametrize(
    "path",
    [
        "../note.md", "annexes/../../note.md", "/etc/note.md", "//note.md", "./note.md", "annexes//note.md",
        "annexes/./note.md", "nulle-part/note.md", ".corbeille/note.md", "annexes\\note.md", "C:\\note.md",
        "annexes/sous/note.md", "annexes/note.md/", "..\\note.md", "annexes/%2e%2e/note.md",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_folders_offered(corpus: Path, path: str) -> None:
    """Only a folder of the list, only a plain name in it."""
    everything = set(corpus.parent.rglob("*"))
    with pytest.raises(RefusedFileError):
        add(corpus, path)
    assert set(corpus.parent.rglob("*")) == everything


@pytest.mark.parametrize(
    "name",
    [
        ".cache.md", "~$note.docx", "-rf.md", " note.md", "note .md", "note..md", "no\nte.md", "no\x00te.md",
        "facture\u202efdp.md", "a*b.md", "no\u200bte.md", "<script>.md", 'no"te.md',
        "CON.md", "lpt1.txt", "aux.quoi.pdf", "README.md", "readme.MD", "a" * 130 + ".md", "é" * 119 + ".md",
        ".md", "\ud800.md", "note|x.md", "note:flux.md",
    ],
)  # fmt: skip
def test_a_name_that_some_system_or_reader_would_misread_is_refused(name: str) -> None:
    """The sentence says how to name it."""
    with pytest.raises(RefusedFileError, match="renommez") as refusal:
        checked_name(name)
    assert refusal.value.status == 422
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "name",
    ["programme.exe", "note", "note.md.exe", "fiche.questions.yaml", "attributs.yaml", "a.zip", "md", ""],
)
def test_only_formats_that_are_read_are_accepted(name: str) -> None:
    """The companions of documents are none."""
    with pytest.raises(RefusedFileError, match="formats lus") as refusal:
        checked_name(name)
    assert refusal.value.status == 415


def test_french_names_are_accepted() -> None:
    """Composed, whatever system they come from."""
    assert checked_name("L’e\u0301te\u0301 & l'œuvre, n° 3 (v2).PDF") == "L’été & l'œuvre, n° 3 (v2).pdf"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("faux.pdf", b"MZ\x90\x00" * 100, "faux.pdf"),
        ("page.pdf", b"<!doctype html><p>Une page.</p>", "page HTML"),
        ("image.docx", b"\x89PNG\r\n\x1a\n" + bytes(200), "image PNG"),
        ("archive.odt", b"PK\x03\x04" + bytes(200), "archive.odt"),
        ("vide.md", b"", "aucun texte"),
        ("blanc.txt", b" \n \n", "aucun texte"),
    ],
)
def test_what_cannot_be_read_is_not_accepted(corpus: Path, name: str, data: bytes, said: str) -> None:
    """Its extension may lie; the reader is asked."""
    before = files(corpus)
    with pytest.raises(RefusedFileError, match=said) as refusal:
        add(corpus, name, data)
    assert refusal.value.status == 422
    assert files(corpus) == before


def test_a_file_too_large_is_refused_as_it_comes(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever length was announced; what had come is erased."""
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    before = files(corpus)
    with pytest.raises(RefusedFileError, match="pèse plus de") as refusal:
        add(corpus, "long.txt", b"Un texte. " * 50)
    assert refusal.value.status == 413
    assert files(corpus) == before


def test_nothing_is_overwritten_without_confirmation(corpus: Path) -> None:
    """Nor under a name that differs by its capitals or by how its accents are composed."""
    add(corpus, "été.md")
    for path in ("été.md", "Été.md", "e\u0301te\u0301.md", "ÉTÉ.MD"):
        with pytest.raises(RefusedFileError, match=r"contient déjà « été\.md »") as refusal:
            add(corpus, path, b"Autre chose.")
        assert refusal.value.status == 409
    assert (corpus / "été.md").read_bytes() == NOTE


def test_what_is_replaced_is_kept_aside(corpus: Path) -> None:
    """Once confirmed, under its own spelling."""
    add(corpus, "note.md")
    found = add(corpus, "NOTE.md", "Une autre note, plus récente.".encode(), confirmed=True)
    assert found.path == "note.md"
    assert found.aside is not None
    assert found.aside.startswith(f"{ASIDE}/")
    assert (corpus / found.aside).read_bytes() == NOTE
    assert "récente" in (corpus / "note.md").read_text(encoding="utf-8")


def test_a_replacement_that_cannot_be_read_changes_nothing(corpus: Path) -> None:
    """Confirmed or not."""
    path = "annexes/rapport.pdf"
    before = (corpus / path).read_bytes()
    with pytest.raises(RefusedFileError):
        add(corpus, path, b"%PDF-1.7 coupe", confirmed=True)
    assert (corpus / path).read_bytes() == before
    assert not (corpus / ASIDE).exists()


def test_removing_puts_the_document_and_its_questions_aside(corpus: Path) -> None:
    """Nothing is destroyed from the page, and what is aside is not indexed."""
    path = "fiches/nordix-boreal.md"
    (corpus / "fiches" / "nordix-boreal.questions.yaml").write_text("note:\n- Quand ?\n", encoding="utf-8")
    held = Uploads(corpus).held()
    before = (corpus / path).read_bytes()
    aside = Uploads(corpus).remove(path)
    assert (corpus / aside).read_bytes() == before
    assert (corpus / aside).with_name("nordix-boreal.questions.yaml").is_file()
    assert Uploads(corpus).held() == held - {path}


@pytest.mark.parametrize(
    "path",
    ["README.md", "attributs.yaml", "../corpus/annexes/rapport.pdf", "annexes/../annexes/rapport.pdf",
     "/etc/passwd", "", ".", "annexes", "fiches/nordix-boreal.questions.yaml", "annexes/rapport.pdf\x00"],
)  # fmt: skip
def test_only_what_is_indexed_can_be_removed(corpus: Path, path: str) -> None:
    """By its exact path, as the list gives it."""
    (corpus / "README.md").write_text("Pour les rédacteurs.", encoding="utf-8")
    before = files(corpus)
    with pytest.raises(RefusedFileError) as refusal:
        Uploads(corpus).remove(path)
    assert refusal.value.status == 404
    assert files(corpus) == before


def test_links_lead_nowhere(corpus: Path, tmp_path: Path) -> None:
    """A folder reached by a link outside the corpus is not offered, and cannot be written to."""
    (tmp_path / "ailleurs").mkdir()
    (corpus / "lien").symlink_to(tmp_path / "ailleurs", target_is_directory=True)
    assert "lien" not in Uploads(corpus).folders()
    with pytest.raises(RefusedFileError):
        add(corpus, "lien/note.md")
    assert list((tmp_path / "ailleurs").iterdir()) == []


def test_a_full_disk_is_told_in_a_sentence(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves nothing behind."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = files(corpus)
    with pytest.raises(RefusedFileError, match=r"disque plein.*demandez") as refusal:
        add(corpus, "note.md")
    assert refusal.value.status == 507
    assert files(corpus) == before


# --- the routes -----------------------------------------------------------------------------------


def client_of(built: Built, *, allowed: bool) -> TestClient:
    """Return a client of the whole application."""
    settings = Settings(abstention=0.0, uploads=allowed)
    assistant = Assistant.open(built.folder, settings, encoder=built.encoder)
    app = create_app(assistant, corpus=built.corpus, index=built.folder, settings=settings)
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.fixture
def client(built: Built) -> Iterator[TestClient]:
    """Return a client where the administrator allows changes."""
    with client_of(built, allowed=True) as opened:
        yield opened


def settled(client: TestClient) -> dict[str, object]:
    """Return the state of the rebuild that a change has started, once it has ended."""
    while True:
        state: dict[str, object] = client.get("/api/etat").json()["reconstruction"]
        if not state["en_cours"]:
            return state


def test_by_default_the_page_changes_nothing(built: Built) -> None:
    """Neither button nor route; the refusal names the setting."""
    before = files(built.corpus)
    with client_of(built, allowed=False) as client:
        assert "data-depot" not in client.get("/dossier").text
        assert "data-retirer" not in client.get("/dossier").text
        for answer in (
            client.put(f"{ADDRESS}?chemin=note.md", content=NOTE),
            client.delete(f"{ADDRESS}?chemin=annexes/rapport.pdf"),
        ):
            assert answer.status_code == 403
            assert "uploads = true" in answer.json()["erreur"]
    assert files(built.corpus) == before


def indexed(client: TestClient) -> set[str]:
    """Return the paths of the documents that can be cited."""
    return {d["path"] for d in client.get("/api/documents").json()["documents"]}


def test_the_index_follows_what_is_added_and_removed(client: TestClient, tmp_path: Path) -> None:
    """By itself; a second file of that name is refused until it is confirmed."""
    path = "annexes/Été.pdf"
    address = f"{ADDRESS}?chemin={quote(path)}"
    pdf = write_pdf(tmp_path / "a.pdf", ["Le chiffre de Sirius est 4242 selon le rapport."]).read_bytes()
    added = client.put(address, content=pdf)
    assert (added.status_code, added.json()["path"]) == (201, path)
    assert settled(client)["erreur"] is None
    assert path in indexed(client)
    assert "4242" in client.get("/document/Été").text
    assert client.put(address, content=pdf).status_code == 409
    replaced = client.put(f"{address}&remplacer=true", content=pdf)
    assert replaced.json()["aside"].startswith(ASIDE)
    settled(client)
    removed = client.delete(address)
    assert removed.json()["aside"].startswith(ASIDE)
    settled(client)
    assert path not in indexed(client)


def test_the_page_offers_folders_and_gestures(client: TestClient) -> None:
    """One of each for every document; README and companions have none."""
    html = client.get("/dossier").text
    assert '<option value="fiches">fiches</option>' in html
    assert html.count("data-retirer") == html.count("data-remplacer") == 5


def test_another_page_cannot_change_the_dossier(client: TestClient) -> None:
    """A foreign origin is refused before the file is read."""
    answer = client.put(f"{ADDRESS}?chemin=note.md", content=NOTE, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client: TestClient) -> None:
    """By the length that it announces; other routes keep their small one."""
    answer = client.put(
        f"{ADDRESS}?chemin=note.md", content=b"x", headers={"content-length": str(60 * 1024 * 1024)}
    )
    assert answer.status_code == 413
    assert client.post("/api/ask", content=b"x" * 1_500_000).status_code == 413
