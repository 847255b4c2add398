"""A small service with keys, asked over ASGI; one on a socket; one that writes as slowly as a test wants."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

import eval
from api.app import create_app
from brain.answerers.base import Draft
from brain.answerers.extractive import ExtractiveAnswerer
from brain.keys.sites import Site, Sites
from brain.keys.store import Keys, Right
from brain.session import Brain
from brain.settings import AnswerSettings, LimitSettings, ServiceSettings, Settings, load_settings
from brain.testing import HashEncoder
from brain.types import Around, Citation, Passages, Question, Sentence
from ingest.live.apart import Here
from ingest.live.knowledge import LiveKnowledge
from ingest.parse import Defaults
from ingest.run import ingest_folder

HERE = ("127.0.0.1", 5000)


class House:
    """A Brain, and the keys to it."""

    page = "https://help.example.com"

    def __init__(self, workspace: Any) -> None:
        settings = workspace.settings.model_copy(update={"answer": AnswerSettings(sufficiency=0)})
        brain = Brain(workspace.index, HashEncoder(), ExtractiveAnswerer(), settings)
        self.workspace = workspace
        self.brain, self.keys, self.sites = brain, Keys(brain.settings), Sites(brain.settings)

    def key(self, *scopes: Right, audience: str = "agent", tenant: str = "default", **more: Any) -> dict[str, str]:
        """A new key, as a header."""
        rights = scopes or ("ask", "search")
        made = self.keys.create("x", rights, tenant=tenant, audience=audience, actor="me", **more)
        return {"Authorization": f"Bearer {made}"}

    def site(self, *origins: str, tenant: str = "default", rate: str | None = None) -> Site:
        return self.sites.create("x", origins or (self.page,), tenant=tenant, actor="me", rate=rate)

    def with_settings(self, limits: dict[str, str] | None = None, **service: Any) -> Settings:
        changed = {"service": ServiceSettings(**service), "limits": LimitSettings(**(limits or {}))}
        return self.brain.settings.model_copy(update=changed)

    @asynccontextmanager
    async def asking(
        self, settings: Settings | None = None, client: tuple[str, int] = HERE, host: str = "localhost"
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A client at that address, of a service of these settings."""
        app = create_app(settings or self.brain.settings, self.brain)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app, client=client), base_url=f"http://{host}")
        async with app.router.lifespan_context(app), http as asks:
            yield asks

    def close(self) -> None:
        self.keys.close()
        self.sites.close()
        self.brain.close()
        self.workspace.state.close()


@pytest.fixture
def house(make_workspace: Callable[[Path], Any], quick_path: Path) -> Iterator[House]:
    """With one page for the public and one for agents."""
    workspace = make_workspace(quick_path)
    workspace.write("retours.md", "---\naudience: public\n---\n# Retours\n\nUn article se renvoie sous 14 jours.")
    workspace.write("geste.md", "# Geste\n\nUn conseiller peut accorder 30 euros.")
    workspace.run()
    house = House(workspace)
    yield house
    house.close()


@pytest.fixture
def knowledge(house: House) -> Iterator[LiveKnowledge]:
    """Changes the documents of the house."""
    made = LiveKnowledge(house.brain, Here(HashEncoder()))
    made.start()
    yield made
    made.close()


@contextmanager
def _serving(app: ASGIApp) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def _client_of(app: ASGIApp) -> Iterator[httpx.Client]:
    with _serving(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def serve() -> Callable[[ASGIApp], AbstractContextManager[str]]:
    """Serves an app on a free port of this machine; gives its URL."""
    return _serving


@pytest.fixture(scope="session")
def serving() -> Callable[[ASGIApp], AbstractContextManager[httpx.Client]]:
    """The same, giving a client of it."""
    return _client_of


class Slow:
    """Quotes the page's two sentences, and waits before each until it may go on."""

    name = "slow"

    def reads(self, question: Question) -> Around:
        return "nothing"

    text = "Un article se renvoie sous 14 jours. Les articles soldés ne sont pas repris."
    question = "Combien de jours pour renvoyer un article ?"

    def __init__(self) -> None:
        self.may_say = [Event(), Event()]
        self.asked, self.ended = Event(), Event()
        self.times = 0

    async def write(self, question: Question, language: str, passages: Passages) -> AsyncGenerator[Draft, None]:
        (passage,) = passages
        self.times += 1
        self.asked.set()
        try:
            for may, text in zip(self.may_say, self.text.split(". "), strict=True):
                while not may.is_set():  # noqa: ASYNC110  set by another thread
                    await asyncio.sleep(0.01)
                quote = text.removesuffix(".") + "."
                start = passage.text.index(quote)
                citation = Citation(passage.id, passage.document_id, (start, start + len(quote)), quote)
                yield Draft((Sentence(quote, (citation,)),))
        finally:
            self.ended.set()

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def patient(slow_brain: Brain) -> Brain:
    """Waits a minute for callers who may come back: no test does."""
    service = slow_brain.settings.service.model_copy(update={"resume_s": 60})
    slow_brain.settings = slow_brain.settings.model_copy(update={"service": service})
    return slow_brain


class Cable:
    """A TCP connection to a server that can be pulled out: what runs over it breaks off on both sides."""

    def __init__(self, url: str) -> None:
        self._to = (str(httpx.URL(url).host), httpx.URL(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                # Not closed politely: as a network that goes away does not say goodbye.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.pull()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
                self._ends += [near, far]
                for pair in ((near, far), (far, near)):
                    Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def cable(patient: Brain, serve: Callable[[ASGIApp], AbstractContextManager[str]]) -> Iterator[Cable]:
    """To a service whose answers are as slow as the test wants, and which waits for callers who were cut off."""
    with serve(create_app(patient.settings, patient)) as url:
        cable = Cable(url)
        yield cable
        cable.close()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def slow_brain(make_workspace: Callable[[Path], Any], quick_path: Path, slow: Slow) -> Iterator[Brain]:
    """Answers an agent without a key, and stops for a caller who is gone for a fifth of a second."""
    workspace = make_workspace(quick_path)
    workspace.write("retours.md", f"# Retours\n\n{slow.text}")
    workspace.run()
    service = ServiceSettings(audience="agent", resume_s=0.2)
    changed = {"answer": AnswerSettings(sufficiency=0), "service": service}
    with Brain(workspace.index, HashEncoder(), slow, workspace.settings.model_copy(update=changed)) as brain:
        yield brain
    workspace.state.close()


@pytest.fixture(scope="session")
def sample_brain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brain]:
    """The sample help centre with the embedded encoder."""
    settings = load_settings(home=tmp_path_factory.mktemp("sample") / "home", ingest={"workers": 1})
    ingest_folder(Path(eval.__file__).parent / "sample" / "kb", settings, defaults=Defaults("sample"))
    with Brain.open(settings) as brain:
        yield brain
