"""Opinions on answers: routes that exist only where the administrator keeps opinions."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from assistant.web.gate import user_of
from assistant.web.service import Service


def opinion_routes(service: Service) -> APIRouter:
    """Return the route that takes an opinion."""
    router = APIRouter(include_in_schema=False)

    @router.post("/api/avis/{token}/{number}/{said}")
    def note(token: str, number: int, said: Literal["utile", "inutile"], request: Request) -> Response:
        owner = user_of(request)
        conversation = service.conversations.find(token, owner=owner)
        turn = conversation.turn(number) if conversation else None
        if turn is None or turn.answer is None:
            sentence = "Cette réponse n’est plus en mémoire : reposez la question."
            return JSONResponse({"erreur": sentence}, 404)
        service.records.note_opinion(owner, turn.answer, useful=said == "utile")
        return JSONResponse({"garde_jours": turn.opinion_days})

    return router
