"""The pages beside the chat: the dossier, its documents, the comparison, what is taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from markupsafe import Markup

from assistant.corpus import FORMATS, scan
from assistant.corpus.formats import known_formats
from assistant.corpus.scan import FoundFile
from assistant.store import Index, RebuildReport
from assistant.store.index import DocumentRow
from assistant.web.blocks import blocks_of
from assistant.web.cards import document_link
from assistant.web.comparison import Filters, compare, read_value, to_csv, to_ods
from assistant.web.conversations import Turn
from assistant.web.diagram import draw
from assistant.web.export import MEDIA, cite_block, cite_quote, pieces, to_docx, to_markdown, to_odt
from assistant.web.frame import asset, asset_names, render, templates
from assistant.web.french import count
from assistant.web.gate import user_of
from assistant.web.markup import copy_only
from assistant.web.reading import read, sentences_with
from assistant.web.rebuilding import RebuildState
from assistant.web.service import Service
from assistant.web.uploads import MAX_BYTES

_MEDIA_OF = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_WRITERS: dict[str, Callable[..., bytes]] = {"md": to_markdown, "odt": to_odt, "docx": to_docx}
_TITLE = "Réponses du dossier"
_GROUPS = {"fiche": "Fiches", "article": "Articles", "annexe": "Annexes"}
MOST_SENTENCES = 6
"""Sentences of a fiche shown behind a cell of the comparison."""


def pages(service: Service) -> APIRouter:
    """Return the routes of the pages; they are no part of the described API."""
    router = APIRouter(include_in_schema=False)
    _reading_routes(router, service)
    _comparison_routes(router, service)
    _takeaway_routes(router, service)
    _state_routes(router, service)
    return router


def _page(
    service: Service, template: str, /, *, title: str, view: str, status_code: int = 200, **values: Any
) -> HTMLResponse:
    html = render(template, title=f"{title} – Assistant du dossier", view=view, **service.frame(), **values)
    if not service.settings.source_links:
        html = copy_only(html)
    return HTMLResponse(html, status_code=status_code)


def _missing(service: Service, reason: str) -> HTMLResponse:
    return _page(
        service, "introuvable.html", title="Page introuvable", view="", status_code=404, reason=reason
    )


def _reading_routes(router: APIRouter, service: Service) -> None:
    @router.get("/ui/{name}")
    def static(name: str) -> Response:
        if name not in asset_names():
            return Response(status_code=404)
        return Response(asset(name), media_type=_MEDIA_OF[name.rpartition(".")[2]])

    # Scripts import each other by relative addresses, which so bear the version too.
    @router.get("/ui/{version}/{name}")
    def versioned(version: str, name: str) -> Response:
        return static(name) if version == templates().globals["version"] else Response(status_code=404)

    @router.get("/dossier")
    def dossier() -> Response:
        return _page(service, "dossier.html", title="Le dossier", view="dossier", **_dossier(service))

    @router.get("/document/{slug}")
    def document(slug: str) -> Response:
        index = service.assistant.index
        found = index.documents.get(slug)
        if found is None:
            return _missing(service, "Ce document n’est pas, ou n’est plus, dans l’index.")
        pdf = f"/fichier/{quote(slug, safe='')}" if found.path.lower().endswith(".pdf") else None
        return _page(
            service,
            "document.html",
            title=found.title,
            view="dossier",
            document=found,
            reading=read(index, slug),
            file=pdf,
        )

    @router.get("/fichier/{slug}")
    def file(slug: str) -> Response:
        found = service.assistant.index.documents.get(slug)
        root = service.corpus.resolve()
        path = (root / found.path).resolve() if found else root
        if (
            found is None
            or path.suffix.lower() != ".pdf"
            or not path.is_relative_to(root)
            or not path.is_file()
        ):
            return _missing(service, "Ce fichier n’est pas consultable.")
        return FileResponse(
            path, media_type="application/pdf", content_disposition_type="inline", filename=path.name
        )


def _group(document: DocumentRow) -> str:
    return _GROUPS.get(document.type, "Autres documents")


def _dossier(service: Service) -> dict[str, Any]:
    index = service.assistant.index
    state = service.rebuilds.state
    states = _file_states(service, index)
    documents = sorted(index.documents.values(), key=lambda d: d.title)
    paths = {d.path for d in documents}
    return {
        "groups": [
            (label, found)
            for label in (*_GROUPS.values(), "Autres documents")
            if (found := [d for d in documents if _group(d) == label])
        ],
        "total": len(documents),
        "passages": {slug: len(index.passages_of(slug)) for slug in index.documents},
        "states": states,
        "others": [(p, label, reason) for p, (_, label, reason) in sorted(states.items()) if p not in paths],
        "built_at": index.manifest.built_at,
        **_report(state.report),
        "error": state.error,
        "uploads": _uploads(service),
    }


def _uploads(service: Service) -> dict[str, Any] | None:
    """Return what the page needs to let one change the dossier, or None where it is not allowed."""
    if service.uploads is None:
        return None
    return {
        "folders": service.uploads.folders(),
        "held": service.uploads.held(),
        "most": MAX_BYTES,
        "formats": known_formats(),
        "accept": ",".join(sorted(FORMATS)),
    }


def _file_states(service: Service, index: Index) -> dict[str, tuple[str, str, str]]:
    """Return path -> (style, word, reason) for the files that are not simply indexed."""
    known = {p: FoundFile(p, *v) for p, v in index.manifest.files.items()}
    now = {f.path: f.digest for f in scan(service.corpus, known)} if service.corpus.is_dir() else {}
    later = "sera pris en compte à la prochaine reconstruction"
    found = {p: ("a-jour", "Modifié", later) for p, f in known.items() if p in now and now[p] != f.digest}
    found |= {p: ("a-jour", "Retiré du dossier", later) for p in known if p not in now}
    found |= {p: ("a-jour", "Nouveau", later) for p in now if p not in known}
    found |= {p: ("ignore", "Ignoré", reason) for p, reason in index.manifest.skipped.items() if p in now}
    found |= {p: ("echec", "En échec", reason) for p, reason in index.manifest.failed.items() if p in now}
    return found


def _report(report: RebuildReport | None) -> dict[str, Any]:
    if report is None:
        return {"report": None, "lead": "", "changes": [], "reasons": []}
    lead = (
        "Rien n’avait changé : l’index était à jour."
        if report.current
        else (f"{count(report.passages, 'passage')} en {report.seconds:.1f}".replace(".", ",") + "\u00a0s.")
    )
    return {
        "report": report,
        "lead": lead,
        "changes": [("Ajoutés", report.added), ("Modifiés", report.changed), ("Retirés", report.removed)],
        "reasons": [
            ("En échec", report.failed),
            ("Ignoré", report.skipped),
            ("Perdu à l’extraction", report.losses),
        ],
    }


Chosen = Annotated[list[str], Query()]


def _comparison_routes(router: APIRouter, service: Service) -> None:
    @router.get("/comparer")
    def comparer(fiche: Chosen = [], attribut: Chosen = [], offre: str = "") -> Response:  # noqa: B006 - FastAPI copies it
        catalogue = service.assistant.catalogue
        filters = Filters(tuple(fiche), tuple(attribut), offre or None)
        plan = "pro" if offre == "pro" else "grand public"
        drawn = draw(catalogue, plan=plan, providers=filters.providers)
        return _page(
            service,
            "comparer.html",
            title="Comparer",
            view="comparer",
            matrix=compare(catalogue, filters),
            filters=filters,
            attributes=catalogue.attributes,
            plan=plan,
            providers=[(s, catalogue.title(s)) for s in catalogue.providers],
            diagram=Markup(drawn) if drawn else None,  # noqa: S704 - its texts are escaped where they are drawn
            query=urlencode(
                [*(("fiche", f) for f in fiche), *(("attribut", a) for a in attribut), ("offre", offre)]
            ),
        )

    @router.get("/comparer.{kind}")
    def take(kind: str, fiche: Chosen = [], attribut: Chosen = [], offre: str = "") -> Response:  # noqa: B006
        catalogue = service.assistant.catalogue
        matrix = compare(catalogue, Filters(tuple(fiche), tuple(attribut), offre or None))
        if kind == "csv":
            return _attachment(to_csv(matrix), "comparaison.csv", "text/csv; charset=utf-8")
        if kind == "ods":
            return _attachment(
                to_ods(matrix), "comparaison.ods", "application/vnd.oasis.opendocument.spreadsheet"
            )
        drawn = draw(catalogue, plan="pro" if offre == "pro" else "grand public", providers=tuple(fiche))
        if kind != "svg" or drawn is None:
            return _missing(service, "Ce format n’existe pas.")
        return _attachment(drawn.encode(), "ou-vont-les-donnees.svg", "image/svg+xml")

    @router.get("/comparer/cellule")
    def cell(fiche: str, attribut: str) -> Response:
        catalogue, index = service.assistant.catalogue, service.assistant.index
        if fiche not in catalogue.providers or attribut not in catalogue.attributes:
            return _missing(service, "Cette case n’existe pas dans l’index actuel.")
        value = read_value(catalogue.rows.get((fiche, attribut)))
        notes = value.row.notes if value.row else ()
        return _page(
            service,
            "cellule.html",
            title="Comparer",
            view="comparer",
            name=catalogue.title(fiche),
            attribute=attribut,
            value=value,
            sources=[s for n in notes if (s := index.source(fiche, n))],
            link=document_link(fiche, value.row.text if value.row else None),
            sentences=[
                (t, document_link(fiche, t))
                for t in sentences_with(index, fiche, notes, limit=MOST_SENTENCES)
            ],
        )


def _attachment(data: bytes, name: str, media: str) -> Response:
    return Response(data, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})


def _takeaway_routes(router: APIRouter, service: Service) -> None:
    @router.get("/emporter/{token}/{name}")
    def take(token: str, name: str, request: Request) -> Response:
        conversation = service.conversations.find(token, owner=user_of(request))
        stem, _, kind = name.rpartition(".")
        if conversation is None or kind not in MEDIA:
            return _missing(service, "Cette conversation n’est plus en mémoire : reposez la question.")
        if kind == "txt":
            text = _quotation(conversation.turns, stem)
            return (
                Response(text, media_type=MEDIA["txt"])
                if text
                else _missing(service, "Cette phrase n’existe pas.")
            )
        turns = (
            conversation.turns
            if stem == "conversation"
            else [t for t in conversation.turns if str(t.number) == stem]
        )
        if not turns:
            return _missing(service, "Cette réponse n’est plus en mémoire : reposez la question.")
        title = _TITLE if stem == "conversation" else "Réponse du dossier"
        return _attachment(_WRITERS[kind](pieces(turns, title=title)), f"dossier-{stem}.{kind}", MEDIA[kind])


def _quotation(turns: list[Turn], stem: str) -> str | None:
    """Return the citation named ``TURN-BLOCK``, ``TURN-sCARD`` or ``TURN-vCARD`` (nearest passages)."""
    number, _, which = stem.partition("-")
    turn = next((t for t in turns if str(t.number) == number), None)
    if turn is None or turn.answer is None:
        return None
    if which.startswith("s"):
        return next((cite_quote(c) for c in turn.answer.citations if str(c.n) == which[1:]), None)
    if which.startswith("v"):
        near = dict(enumerate(turn.answer.nearest, start=1))
        return next((cite_quote(c) for n, c in near.items() if str(n) == which[1:]), None)
    blocks = dict(enumerate(blocks_of(turn.answer), start=1))
    return next((cite_block(b, turn.answer) for n, b in blocks.items() if str(n) == which), None)


def _state_routes(router: APIRouter, service: Service) -> None:
    @router.get("/api/exemples")
    def examples() -> Response:
        return JSONResponse({"exemples": service.examples()})

    @router.get("/api/etat")
    def state() -> Response:
        return JSONResponse(
            {
                "ligne": service.status_line(),
                "suivi": service.watching.running,
                "reconstruction": _state(service.rebuilds.state),
            }
        )

    @router.post("/api/reconstruire")
    def rebuild(request: Request) -> Response:
        del request
        started = service.rebuilds.start()
        body = {"lancee": started, "reconstruction": _state(service.rebuilds.state)}
        return JSONResponse(body, status_code=202 if started else 409)


def _state(state: RebuildState) -> dict[str, Any]:
    report = state.report
    summary = ""
    if report is not None and not state.running:
        summary = _report(report)["lead"] if report.current else _summary(report)
    return {
        "en_cours": state.running,
        "etape": state.step,
        "fait": state.done,
        "total": state.total,
        "erreur": state.error,
        "bilan": summary,
    }


def _summary(report: RebuildReport) -> str:
    parts = [
        count(len(report.added), "document ajouté", "documents ajoutés") if report.added else "",
        count(len(report.changed), "modifié", "modifiés") if report.changed else "",
        count(len(report.removed), "retiré", "retirés") if report.removed else "",
        count(len(report.failed), "en échec", "en échec") if report.failed else "",
    ]
    done = ", ".join(p for p in parts if p) or "aucun document changé"
    return f"Index reconstruit\u00a0: {done}."
