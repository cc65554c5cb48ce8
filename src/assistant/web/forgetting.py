"""What is forgotten by itself: conversations that idle, records that have passed their days."""

from __future__ import annotations

import asyncio
import time

import anyio.to_thread

from assistant.errors import RecordError
from assistant.web.service import Service
from assistant.web.trace import report

EVERY_S = 60.0
"""Between two looks at idle conversations, which cost nothing."""
PURGE_EVERY_S = 3600.0


async def forget_regularly(service: Service) -> None:
    """Forget what is due, at once and then for as long as the server runs."""
    purge_at = 0.0
    while True:
        service.conversations.forget_idle()
        if time.monotonic() >= purge_at:
            purge_at = time.monotonic() + PURGE_EVERY_S
            try:
                await anyio.to_thread.run_sync(service.records.purge)
            except RecordError as error:
                report(error)
        await asyncio.sleep(EVERY_S)
