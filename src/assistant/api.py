"""HTTP API for other programs: the answer object, search, documents, and OpenAI's chat format."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.domain import Answer
from assistant.errors import AssistantError, QuestionError
from assistant.presentation import answer_dict, french_date

if TYPE_CHECKING:
    from assistant.answering import Assistant

MODEL = "assistant-du-dossier"
UNEXPECTED = "La demande n’a pas pu être traitée : réessayez, ou formulez-la autrement."
DESCRIPTION = (
    "Le dossier, interrogé depuis un autre programme. Chaque réponse cite les phrases du dossier "
    "qui la fondent, avec leur source primaire. Rien ne sort de la machine ; rien n’y est gardé, sauf "
    "réglage contraire."
)


class Ask(BaseModel):
    """Une question, et celles qui l’ont précédée dans la conversation."""

    question: str = Field(description="La question, en français.", examples=["Qu’est-ce que SecNumCloud ?"])
    history: list[str] = Field(
        default=[], description="Les questions précédentes, dans l’ordre.", max_length=100
    )
    id: str | None = Field(default=None, description="Identifiant recopié dans la réponse.")


class Search(BaseModel):
    """Une recherche de passages, sans réponse rédigée."""

    query: str = Field(description="Ce que l’on cherche.")
    limit: Annotated[int, Field(ge=1, le=100)] = Field(default=10, description="Nombre de passages au plus.")


class ContentPart(BaseModel):
    """Un morceau de message ; seuls ceux de type « text » sont lus."""

    model_config = ConfigDict(extra="ignore")
    type: str = "text"
    text: str = ""


class ChatMessage(BaseModel):
    """Un message de la conversation, au format d’OpenAI."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """The message's text."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(p.text for p in self.content or [] if p.type == "text")


class StreamOptions(BaseModel):
    """Options de la réponse en continu."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class ChatRequest(BaseModel):
    """Une demande au format d’OpenAI ; les réglages de génération sont ignorés."""

    model_config = ConfigDict(extra="ignore")
    messages: list[ChatMessage] = Field(min_length=1, max_length=500)
    model: str = MODEL
    stream: bool = False
    stream_options: StreamOptions | None = None


Note = Callable[[Request, Answer, str], None]
"""What is told of each answer given: the request, the answer, and ``api`` or ``openai``."""


def _unnoted(request: Request, answer: Answer, via: str) -> None:
    """Keep nothing."""


def add_api(app: FastAPI, assistant: Assistant, *, note: Note = _unnoted) -> None:
    """Add the API to *app*, its errors told in French, its description at ``/api/openapi.json``."""
    router = APIRouter()
    _dossier_routes(router, assistant, note)
    _health_routes(router, assistant)
    _openai_routes(router, assistant, note)
    app.include_router(router)
    app.add_exception_handler(AssistantError, _on_assistant_error)
    app.add_exception_handler(RequestValidationError, _on_bad_request)
    app.add_exception_handler(Exception, _on_unexpected)

    @app.get("/api/openapi.json", include_in_schema=False)
    def description() -> Response:
        return JSONResponse(
            get_openapi(
                title="Assistant du dossier", version="1", description=DESCRIPTION, routes=router.routes
            )
        )


def _status_of(error: AssistantError) -> int:
    return 422 if isinstance(error, QuestionError) else 503


async def _on_assistant_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AssistantError)  # noqa: S101 - registered for this class
    return _error(request, _status_of(error), str(error))


async def _on_bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | ValidationError)  # noqa: S101 - registered for this class
    fields = ", ".join(
        dict.fromkeys(".".join(str(p) for p in e["loc"][1:]) or "corps" for e in error.errors())
    )
    return _error(
        request, 422, f"La demande est mal formée (champs en cause : {fields}) : voyez /api/openapi.json."
    )


async def _on_unexpected(request: Request, error: Exception) -> Response:
    del error  # It may carry the question: neither shown nor logged here.
    return _error(request, 500, UNEXPECTED)


def _error(request: Request, status: int, sentence: str) -> Response:
    """Return an error in the shape that the client expects."""
    if request.url.path.startswith("/v1/"):
        kind = "invalid_request_error" if status < 500 else "server_error"
        return JSONResponse(
            {"error": {"message": sentence, "type": kind, "param": None, "code": None}}, status
        )
    return JSONResponse({"erreur": sentence}, status)


def _dossier_routes(router: APIRouter, assistant: Assistant, note: Note) -> None:
    @router.post("/api/ask", summary="Poser une question", tags=["Dossier"])
    def ask(body: Ask, request: Request) -> dict[str, Any]:
        """Renvoie la réponse et ses citations ; `abstained` dit le silence du dossier."""
        answer = assistant.ask(body.question, history=body.history)
        note(request, answer, "api")
        return {**answer_dict(answer), "id": body.id}

    @router.post("/api/search", summary="Chercher des passages", tags=["Dossier"])
    def search(body: Search) -> dict[str, Any]:
        """Renvoie les documents et passages les plus proches, sans réponse."""
        return assistant.search(body.query, limit=body.limit)

    @router.get("/api/documents", summary="Lister les documents", tags=["Dossier"])
    def documents() -> dict[str, Any]:
        """Renvoie les documents indexés et la date de l’index."""
        index = assistant.index
        return {
            "index": {"build": index.name, "built_at": index.manifest.built_at},
            "documents": [
                {
                    "slug": d.slug,
                    "title": d.title,
                    "type": d.type,
                    "path": d.path,
                    "updated": d.updated,
                    "provider": d.provider,
                    "assistant": d.assistant,
                    "passages": len(index.passages_of(d.slug)),
                }
                for d in index.documents.values()
            ],
            "failed": index.manifest.failed,
            "skipped": index.manifest.skipped,
        }


def _health_routes(router: APIRouter, assistant: Assistant) -> None:
    @router.get("/healthz", summary="Le serveur tourne", tags=["Exploitation"])
    def healthy() -> dict[str, str]:
        """Répond tant que le processus vit."""
        return {"statut": "ok"}

    @router.get("/readyz", summary="Le serveur peut répondre", tags=["Exploitation"])
    def ready() -> Response:
        """Répond 200 si un index est en service, 503 sinon, avec la raison."""
        try:
            index = assistant.index
        except AssistantError as error:
            return JSONResponse({"statut": "indisponible", "erreur": str(error)}, 503)
        return JSONResponse({"statut": "ok", "index": index.name, "documents": len(index.documents)})


def _openai_routes(router: APIRouter, assistant: Assistant, note: Note) -> None:
    @router.get("/v1/models", summary="Lister les modèles", tags=["Compatible OpenAI"])
    def models() -> dict[str, Any]:
        """Renvoie le dossier comme un modèle."""
        return {"object": "list", "data": [_model()]}

    @router.get("/v1/models/{name}", summary="Décrire un modèle", tags=["Compatible OpenAI"])
    def model(name: str, request: Request) -> Any:
        """Renvoie la description du modèle."""
        return _model() if name == MODEL else _error(request, 404, f"Le modèle « {name} » n’existe pas.")

    @router.post("/v1/chat/completions", summary="Converser", tags=["Compatible OpenAI"], response_model=None)
    def complete(body: ChatRequest, request: Request) -> Response:
        """Répond au dernier message de l’utilisateur, les précédents servant de contexte."""
        asked = [m.text for m in body.messages if m.role == "user" and m.text.strip()]
        answer = assistant.ask(asked[-1] if asked else "", history=asked[:-1])
        note(request, answer, "openai")
        if not body.stream:
            return JSONResponse(_completion(answer))
        usage = body.stream_options is not None and body.stream_options.include_usage
        return StreamingResponse(_chunks(answer, usage=usage), media_type="text/event-stream")


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "dossier"}


def _references(answer: Answer) -> str:
    """Return the citations as Markdown, so that a client that shows only text shows them too."""
    if not answer.citations:
        return ""
    lines = []
    for c in answer.citations:
        place = ", ".join(p for p in (c.section, c.leaf) if p)
        source = c.source
        said_by = (source.title, french_date(source.date), source.url) if source else ()
        primary = ", ".join(p for p in said_by if p)
        said = f"[{c.n}] {', '.join(p for p in (c.title, place) if p)} : « {c.quote} »"
        lines.append(f"- {said}" + (f" Source primaire : {primary}." if primary else ""))
    return "\n\n**Sources**\n\n" + "\n".join(lines)


def _usage(answer: Answer) -> dict[str, int]:
    """Return counts of words: nothing here is counted in tokens, yet clients read the field."""
    asked, said = len(answer.question.split()), len(answer.answer.split())
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _completion(answer: Answer) -> dict[str, Any]:
    content = answer.answer + _references(answer)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": _usage(answer),
        "citations": answer_dict(answer)["citations"],
        "abstained": answer.abstained,
    }


def _chunks(answer: Answer, *, usage: bool) -> Iterator[str]:
    """Yield the answer as server-sent events, a line of it at a time."""
    base = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": MODEL,
    }

    def event(delta: dict[str, str], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return f"data: {json.dumps({**base, 'choices': [choice], **more}, ensure_ascii=False)}\n\n"

    yield event({"role": "assistant", "content": ""})
    for line in (answer.answer + _references(answer)).splitlines(keepends=True):
        yield event({"content": line})
    yield event({}, "stop", citations=answer_dict(answer)["citations"], abstained=answer.abstained)
    if usage:
        yield f"data: {json.dumps({**base, 'choices': [], 'usage': _usage(answer)})}\n\n"
    yield "data: [DONE]\n\n"
