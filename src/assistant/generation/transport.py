"""Connections to the model's server: resolved, judged, then made to that very address."""

from __future__ import annotations

import asyncio
import socket
import ssl

import httpx

from assistant.address import addresses
from assistant.generation.address import Endpoint, checked


class CheckedTransport(httpx.AsyncBaseTransport):
    """Resolves the name itself before each request, and connects to what it has judged.

    Between a look-up that is judged and a second one that connects, a name could change its
    address (DNS rebinding); here there is no second one. TLS still asks for the name.
    """

    def __init__(self, target: Endpoint) -> None:
        """Serve requests to *target* alone."""
        self._target = target
        # The system's authorities, among them those of the organisation; no proxy, no netrc.
        secure = target.url.startswith("https:")
        self._inner = httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context() if secure else False, trust_env=False, retries=0
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* to the first judged address that answers.

        Raises:
            GenerationError: The name resolves to an address that may not be called.
            httpx.ConnectError: No address answers.
        """
        found = await self._resolve(request.url.host, request.url.port or self._target.port)
        error: httpx.ConnectError | None = None
        for address in checked(self._target, found):
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except httpx.ConnectError as failed:
                error = failed
        raise error or httpx.ConnectError("no address")

    async def _resolve(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            return addresses(await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """Return *request* to the address itself; the header Host and the name that TLS checks stay."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
