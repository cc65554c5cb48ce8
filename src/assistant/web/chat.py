"""The conversation, as a Gradio application."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from types import MethodType
from typing import Any

import anyio.to_thread
import gradio as gr
from gradio import events

from assistant.domain import Answer
from assistant.errors import AssistantError
from assistant.presentation import answer_dict
from assistant.sensitive import find, mask
from assistant.web.answers import answer_html, question_html
from assistant.web.blocks import blocks_of
from assistant.web.cards import panel_html
from assistant.web.conversations import Conversation, Turn
from assistant.web.gate import user_of
from assistant.web.markup import copy_only
from assistant.web.privacy import notice
from assistant.web.service import Service
from assistant.web.trace import report

SEGMENT_PAUSE_S = 0.035
"""Between two blocks: enough for the eye to follow, and ten updates a second at most count."""
CONCURRENCY = 16
QUEUE = 128
SESSIONS = 500
FORGET_AFTER_S = 600.0
UNEXPECTED = "La question n’a pas pu être traitée : réessayez, ou formulez-la autrement."

# The examples are fetched by the page: an event at its opening would share Gradio's stream with
# the first question, and a question asked as that stream closes waits for ever.
_WELCOME = (
    '<div class="accueil"><h2>Que voulez-vous vérifier&nbsp;?</h2>'
    "<p>Posez une question en français&nbsp;: la réponse cite les phrases du dossier qui la fondent, "
    'et leur source primaire.</p><ul class="exemples"></ul></div>'
)

Update = tuple[Any, Any, Any, str]


@dataclass(frozen=True, slots=True)
class Parts:
    """The components that events read and write."""

    chatbot: gr.Chatbot
    panel: gr.Markdown
    question: gr.Textbox
    retry: gr.Button
    clear: gr.Button
    mask: gr.Button
    token: gr.State

    @property
    def outputs(self) -> list[Any]:
        """What a turn changes."""
        return [self.question, self.chatbot, self.panel, self.token]


def build_chat(service: Service) -> gr.Blocks:
    """Return the conversation over *service*."""
    demo = gr.Blocks(
        title="Assistant du dossier", analytics_enabled=False, delete_cache=(60, 3600), fill_height=True
    )
    with demo:
        parts = _layout(service)
        _events(parts, service)
        events.api(_ask_once(service), api_name="demander")
        demo.unload(_forget_session(demo))
    demo.queue(default_concurrency_limit=CONCURRENCY, max_size=QUEUE, api_open=False)
    demo.state_session_capacity = SESSIONS
    return demo


def _layout(service: Service) -> Parts:
    with gr.Row(elem_id="espace", equal_height=False):
        with gr.Column(elem_id="fil", scale=3, min_width=280):
            chatbot = gr.Chatbot(
                elem_id="conversation",
                label="Conversation",
                show_label=False,
                container=False,
                height=None,
                latex_delimiters=[],
                buttons=[],
                line_breaks=False,
                placeholder=_WELCOME,
                feedback_options=None,
                group_consecutive_messages=False,
                autoscroll=True,
                layout="panel",
            )
            question = gr.Textbox(
                elem_id="question",
                label="Votre question",
                show_label=False,
                container=False,
                lines=1,
                max_lines=6,
                placeholder="Votre question…",
                submit_btn="Envoyer",
                stop_btn=False,
            )
            with gr.Row(elem_id="commandes"):
                retry = gr.Button("Refaire", elem_id="refaire", size="sm", variant="secondary")
                clear = gr.Button(
                    "Effacer la conversation", elem_id="effacer", size="sm", variant="secondary"
                )
                # Never seen: the link under a question clicks it.
                masker = gr.Button("Masquer les données personnelles", elem_id="masquer")
        with gr.Column(elem_id="volet", scale=2, min_width=280):
            panel = gr.Markdown(
                panel_html((), "", stale_after_days=service.settings.stale_after_days),
                elem_id="sources",
                latex_delimiters=[],
                container=False,
            )
    # The token is checked against the conversations held: the state itself holds no text.
    return Parts(chatbot, panel, question, retry, clear, masker, gr.State(""))


def _events(parts: Parts, service: Service) -> None:
    # Bound as methods are: Gradio does not see that a partial wants the request.
    ask = parts.question.submit(
        MethodType(_respond, service),
        [parts.question, parts.token],
        parts.outputs,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=CONCURRENCY,
    )
    retry = parts.retry.click(
        MethodType(_retry, service),
        [parts.token],
        parts.outputs,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=CONCURRENCY,
    )
    masking = parts.mask.click(
        MethodType(_mask, service),
        [parts.token],
        parts.outputs,
        cancels=[ask, retry],
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=CONCURRENCY,
    )
    parts.question.stop(
        MethodType(_stop, service),
        [parts.token],
        parts.outputs,
        cancels=[ask, retry, masking],
        show_progress="hidden",
        api_visibility="private",
    )
    parts.clear.click(
        MethodType(_clear, service),
        [parts.token],
        parts.outputs,
        cancels=[ask, retry, masking],
        show_progress="hidden",
        api_visibility="private",
    )


def _messages(conversation: Conversation) -> list[dict[str, str]]:
    found = []
    for turn in conversation.turns:
        last = turn is conversation.turns[-1] and len(conversation.turns) > 1
        found.append({"role": "user", "content": question_html(turn)})
        found.append(
            {"role": "assistant", "content": answer_html(turn, conversation.token, last_of_several=last)}
        )
    return found


def _panel(conversation: Conversation, service: Service) -> str:
    html = panel_html(
        conversation.turns, conversation.token, stale_after_days=service.settings.stale_after_days
    )
    return html if service.settings.source_links else copy_only(html)


def _asking() -> Any:
    return gr.Textbox(value="", submit_btn=False, stop_btn="Arrêter")


def _ready() -> Any:
    return gr.Textbox(submit_btn="Envoyer", stop_btn=False)


async def _respond(service: Service, question: str, token: str, request: gr.Request) -> AsyncIterator[Update]:
    """Answer *question*, block after block."""
    if not question.strip():
        yield gr.skip(), gr.skip(), gr.skip(), token
        return
    conversation = service.conversations.open(token, owner=user_of(request))
    async for update in _turn(service, question.strip(), conversation):
        yield update


async def _retry(service: Service, token: str, request: gr.Request) -> AsyncIterator[Update]:
    """Ask the last question again, in the place of its answer."""
    conversation = service.conversations.open(token, owner=user_of(request))
    if not conversation.turns:
        yield gr.skip(), gr.skip(), gr.skip(), conversation.token
        return
    last = conversation.turns.pop()
    async for update in _turn(service, last.question, conversation):
        yield update


async def _mask(service: Service, token: str, request: gr.Request) -> AsyncIterator[Update]:
    """Mask the personal data of the conversation; the questions that held any are asked again."""
    conversation = service.conversations.open(token, owner=user_of(request))
    again = [t for t in conversation.turns if t.notice or (t.answer and find(t.answer.interpreted or ""))]
    # All of them first: what is masked is so at once, whatever the answers take.
    for turn in again:
        turn.question, turn.notice = mask(turn.question), ""
        turn.answer, turn.error, turn.stopped, turn.shown = None, None, False, 0
    yield _asking(), _messages(conversation), _panel(conversation, service), conversation.token
    for turn in again:
        earlier = [t.question for t in conversation.turns if t.number < turn.number and t.answer]
        async with contextlib.aclosing(_written(service, turn, earlier)) as parts:
            async for _ in parts:
                pass
        turn.shown = None
        yield gr.skip(), _messages(conversation), _panel(conversation, service), conversation.token
    yield _ready(), gr.skip(), gr.skip(), conversation.token


async def _turn(service: Service, question: str, conversation: Conversation) -> AsyncIterator[Update]:
    history = conversation.history()
    turn = conversation.begin(question)
    turn.notice = notice(question, service.assistant.llm, service.reach())
    yield _asking(), _messages(conversation), gr.skip(), conversation.token
    async with contextlib.aclosing(_written(service, turn, history)) as parts:
        async for written in parts:
            turn.answer, turn.shown, turn.writing = written, len(blocks_of(written)), True
            yield gr.skip(), _messages(conversation), _panel(conversation, service), conversation.token
    if turn.answer is not None:
        # The panel comes first: a marker must lead somewhere as soon as it is shown. What a model
        # wrote has been read already.
        panel: Any = _panel(conversation, service)
        for shown in range(len(blocks_of(turn.answer)) if turn.writing else 1, len(blocks_of(turn.answer))):
            turn.shown = shown
            yield gr.skip(), _messages(conversation), panel, conversation.token
            panel = gr.skip()
            await asyncio.sleep(SEGMENT_PAUSE_S)
    turn.shown, turn.writing = None, False
    if turn.answer is not None and turn.error is None:
        service.records.note_answer(conversation.owner, turn.answer, via="page")
    yield _ready(), _messages(conversation), _panel(conversation, service), conversation.token


async def _written(service: Service, turn: Turn, history: list[str]) -> AsyncGenerator[Answer, None]:
    """Yield the answer as a language model writes it; at the end, *turn* holds what came of it.

    Whoever stops reading, by « Arrêter » or by leaving, cancels the model's work.
    """
    stop, loop = threading.Event(), asyncio.get_running_loop()
    parts: asyncio.Queue[Answer | None] = asyncio.Queue()

    def put(part: Answer | None) -> None:
        # A server that is being stopped has no loop left, and nobody to read.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(parts.put_nowait, part)

    def fill() -> None:
        try:
            _fill(service, turn, history, put, stop)
        finally:
            put(None)

    work = asyncio.ensure_future(anyio.to_thread.run_sync(fill))
    try:
        while (part := await parts.get()) is not None:
            yield part
        await work
    finally:
        stop.set()


def _fill(
    service: Service,
    turn: Turn,
    history: list[str],
    put: Callable[[Answer], None],
    stop: threading.Event,
) -> None:
    """Ask the assistant, *put* what grows; whatever goes wrong becomes a sentence."""
    try:
        for part in service.assistant.stream(turn.question, history=history, stop=stop):
            if not part.complete:
                put(part)
            elif not stop.is_set():
                turn.writer, turn.build = service.assistant.writer(part), service.build()
                turn.answer = part
    except AssistantError as error:
        turn.error = str(error)
    except Exception as error:  # noqa: BLE001 - the question must reach neither the log nor the page
        report(error)
        turn.error = UNEXPECTED


def _stop(service: Service, token: str, request: gr.Request) -> Update:
    conversation = service.conversations.open(token, owner=user_of(request))
    if conversation.turns and conversation.turns[-1].shown is not None:
        conversation.turns[-1].stopped = True
    return _ready(), _messages(conversation), _panel(conversation, service), conversation.token


def _clear(service: Service, token: str, request: gr.Request) -> Update:
    owner = user_of(request)
    service.conversations.forget(token, owner=owner)
    conversation = service.conversations.open("", owner=owner)
    question = gr.Textbox(value="", submit_btn="Envoyer", stop_btn=False)
    return question, [], _panel(conversation, service), conversation.token


def _ask_once(service: Service) -> Callable[[str, gr.Request], dict[str, Any]]:
    """Return what answers a Gradio client: it reads the types from the signature."""

    def demander(question: str, request: gr.Request) -> dict[str, Any]:
        """Répond à une question par une réponse citée, pour les clients Gradio."""
        try:
            answer = service.assistant.ask(question)
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error
        service.records.note_answer(user_of(request), answer, via="gradio")
        found = answer_dict(answer)
        # To Gradio, anything that has a "path" is a file to fetch.
        for cited in (*found["citations"], *found["nearest"]):
            cited["file"] = cited.pop("path")
        return found

    return demander


def _forget_session(demo: gr.Blocks) -> Callable[[gr.Request], Awaitable[None]]:
    """Return what drops the texts that Gradio keeps of a closed page's components.

    A sleeping laptop closes its connection too: it has a few minutes to come back.
    """

    def drop(session: str) -> None:
        used = demo.state_holder.time_last_used.get(session)
        if used is None or (datetime.now() - used).total_seconds() >= FORGET_AFTER_S:  # noqa: DTZ005 - Gradio's clock
            demo.state_holder.session_data.pop(session, None)
            demo.state_holder.time_last_used.pop(session, None)

    async def forget(request: gr.Request) -> None:
        if request.session_hash is not None:
            asyncio.get_running_loop().call_later(FORGET_AFTER_S, drop, request.session_hash)

    return forget
