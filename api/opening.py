"""Brain while it is being opened, once it is, and why it can't be. It takes seconds, meanwhile the service serves."""

import asyncio
import logging
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request

from api.caller import Caller, configured_caller, readable
from api.errors import NotReadyError, kind_of
from brain.errors import BrainError, SettingsError, StoreError
from brain.live import Editor, Knowledge, make_knowledge
from brain.session import Brain
from brain.settings import Settings
from brain.types import Question
from brain.upkeep import Upkeep

AGAIN_S = 5
"""Before a store that is away is tried again."""
_log = logging.getLogger(__name__)


class Opening:
    """Opens Brain in the background; a given one is used as it is and left open, as is what changes its documents."""

    def __init__(self, settings: Settings, brain: Brain | None = None, knowledge: Knowledge | None = None) -> None:
        self._settings, self._ready, self._knowledge = settings, brain, knowledge
        self._own_knowledge: Knowledge | None = None
        self._own: Brain | None = None
        self._upkeep: Upkeep | None = None
        self._problem: BrainError = NotReadyError("Brain is being opened.", "Ask again in a few seconds.")
        self._stopping = asyncio.Event()

    @property
    def brain(self) -> Brain:
        """Raises the BrainError that says why there is none; its status is always 503."""
        if self._ready is None:
            raise self._problem.with_traceback(None)
        return self._ready

    @property
    def knowledge(self) -> Knowledge:
        """What changes documents. Raises the BrainError that says why there is none."""
        _ = self.brain
        if self._knowledge is None:
            raise NotReadyError("This service doesn't change documents.", "Start it with: brain serve")
        return self._knowledge

    async def run(self) -> None:
        """Opens it and asks once, for the first caller not to wait. A failure is logged and kept for `brain`.

        A store that is away may come back: it is tried again until then.
        """
        while await self._try() and not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), AGAIN_S)

    def stop(self) -> None:
        """It is not tried again."""
        self._stopping.set()

    async def _try(self) -> bool:
        """Whether to try again."""
        try:
            brain = self._ready or await self._open()
            who = configured_caller(self._settings)
            await brain.search(Question("Bonjour, ça marche ?", tenant=who.tenant, audience=who.audience), limit=1)
            await self._log_readable(brain)
            if self._own:
                await asyncio.to_thread(self._begin_changing, self._own)
            self._ready = brain
            if self._own:
                self._upkeep = Upkeep(self._own, _log.info)
        except BrainError as error:
            if str(error) != str(self._problem):
                _log.error("Brain can't be opened: %s %s", error, error.hint)
            self._fail(error if kind_of(error).status == 503 else NotReadyError(str(error), error.hint))
            await self._close_own()
            return type(error) is StoreError
        except Exception as error:  # noqa: BLE001  whatever it was: /readyz must say that it failed
            _log.exception("Brain can't be opened: %s", error)
            self._fail(NotReadyError("Brain can't be opened.", "See the service's log."))
        return False

    async def close(self) -> None:
        if self._upkeep:
            self._upkeep.stop()
        await self._close_own()

    async def _close_own(self) -> None:
        knowledge, brain, self._own_knowledge, self._own = self._own_knowledge, self._own, None, None
        for opened in (knowledge, brain):
            if opened:
                await asyncio.to_thread(opened.close)

    async def _open(self) -> Brain:
        self._own = await asyncio.to_thread(lambda: Brain.open(self._settings, _log.info, apart=True))
        return self._own

    def _begin_changing(self, brain: Brain) -> None:
        """Before the first question: what a killed service acknowledged is there. Without a writer, questions are answered."""
        try:
            self._own_knowledge = make_knowledge(brain)
        except SettingsError as error:
            _log.warning("%s %s", error, error.hint)
            return
        self._own_knowledge.start()
        self._knowledge = self._own_knowledge

    def _fail(self, problem: BrainError) -> None:
        self._ready, self._problem = None, problem

    async def _log_readable(self, brain: Brain) -> None:
        who = configured_caller(self._settings)
        count = await asyncio.to_thread(brain.count, readable(who, self._settings))
        _log.info("ready: %d passages that '%s' may read", count, who.audience)
        if not count:
            _log.warning(
                "No document is %(audience)s: give `audience: %(audience)s` in the documents, "
                "or run: brain ingest FOLDER --audience %(audience)s",
                {"audience": who.audience},
            )


async def opened(request: Request) -> Brain:
    """Raises a BrainError while there is none."""
    opening: Opening = request.app.state.opening
    return opening.brain


BrainDep = Annotated[Brain, Depends(opened)]


async def changeable(request: Request) -> Knowledge:
    """Raises a BrainError while there is none."""
    opening: Opening = request.app.state.opening
    return opening.knowledge


KnowledgeDep = Annotated[Knowledge, Depends(changeable)]


def editor_of(who: Caller, settings: Settings) -> Editor:
    """It writes for those readers alone as which it could ask."""
    return Editor(who.tenant, settings.access.readers[who.audience], f"{who.kind}:{who.id}")
