"""The routes by which documents are added, replaced and removed, where the administrator allows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from assistant.web.service import Service
from assistant.web.uploads import MAX_BYTES, RefusedFileError, Uploads

ADDRESS = "/api/dossier/fichier"
_OFF = (
    "Ce serveur n’autorise pas la modification du dossier depuis la page : l’administrateur peut la "
    "permettre par « uploads = true » dans « assistant.toml »."
)
_ROOM = 64 * 1024

Where = Annotated[str, Query(max_length=1_000)]


def bodies(allowed: Uploads | None) -> Mapping[tuple[str, str], int]:
    """Return how much a request may carry, where that is more than the shell lets through.

    A little over the limit passes, for the refusal to be told with the file's name.
    """
    return {("PUT", ADDRESS): MAX_BYTES + _ROOM} if allowed else {}


def uploads(service: Service) -> APIRouter:
    """Return the routes; every change is followed by a rebuild."""
    router = APIRouter(include_in_schema=False)

    @router.put(ADDRESS)
    async def add(request: Request, chemin: Where, *, remplacer: bool = False) -> Response:
        """Accept the request's body as the file *chemin*."""
        if service.uploads is None:
            return _told(_OFF, 403)
        try:
            accepted = await service.uploads.add(chemin, request.stream(), confirmed=remplacer)
        except RefusedFileError as error:
            return _refused(error)
        except ClientDisconnect:
            return _told("L’envoi a été interrompu : recommencez.", 400)
        service.rebuilds.follow_change()
        return JSONResponse(dataclasses.asdict(accepted), status_code=200 if accepted.aside else 201)

    @router.delete(ADDRESS)
    async def remove(chemin: Where) -> Response:
        """Put the file *chemin* aside."""
        if service.uploads is None:
            return _told(_OFF, 403)
        try:
            aside = await anyio.to_thread.run_sync(service.uploads.remove, chemin)
        except RefusedFileError as error:
            return _refused(error)
        service.rebuilds.follow_change()
        return JSONResponse({"path": chemin, "aside": aside})

    return router


def _refused(error: RefusedFileError) -> Response:
    return _told(str(error), error.status)


def _told(sentence: str, status: int) -> Response:
    return JSONResponse({"erreur": sentence}, status_code=status)
