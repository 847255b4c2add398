"""Documents written to a running service that is killed (`kill -9`) meanwhile: is anything lost, or answered that was deleted?

python -m bench.live HOME [--writes 200] [--kills 5] [--measured 40]

HOME is the home folder of an index; a copy is used. Then, without kills: how long a PUT takes, how long after it the next
question knows, and how long questions take while others write. The service is a process of its own, asked over HTTP. A machine
that does other things meanwhile makes all times longer.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from threading import Event, Lock, Thread
from time import monotonic, perf_counter, sleep
from typing import Any

import httpx

from brain.index.copying import copy_sparse
from brain.keys.store import Keys
from brain.settings import Settings, load_settings

SERVE = """
import sys, typer
from api.cli import register
app = typer.Typer()
app.callback()(lambda: None)
register(app)
app()
"""
WRITERS = 4
IDS_EACH = 6
READY_S = 240


class Service:
    """`brain serve` in a process of its own, with a key that may write and ask."""

    def __init__(self, home: Path, environment: dict[str, str] | None = None, log: Path | None = None) -> None:
        self.home, self._environment, self._log = home, environment, log
        self._process: subprocess.Popen[bytes] | None = None
        keys = Keys(load_settings(home=home))
        made = keys.create(
            "x", ["ingest", "ask", "search"], tenant="default", audience="agent", actor="me", rate="9999/second"
        )
        keys.close()
        self.headers = {"Authorization": f"Bearer {made}"}
        self.url = ""

    def start(self) -> None:
        """Returns when it is ready."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--home", str(self.home)]
        with (self._log or Path(os.devnull)).open("ab") as said:
            self._process = subprocess.Popen(command, stderr=said, stdout=said, env=self._environment)
        end = monotonic() + READY_S
        with self.client() as client:
            while monotonic() < end:
                with suppress(httpx.TransportError):
                    if client.get("/readyz").status_code == 200:
                        return
                if self._process.poll() is not None:
                    raise RuntimeError("the service ended by itself")
                sleep(0.1)
        raise RuntimeError("the service did not become ready")

    def kill(self) -> None:
        """As the kernel does when there is no memory left."""
        assert self._process
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=300)


class Ledger:
    """What each document must be: the versions that it may have, None for deleted. One writer an id."""

    def __init__(self) -> None:
        self.may_be: dict[str, set[int | None]] = {}
        self.acknowledged = self.put = self.deleted = 0
        self._lock = Lock()

    def begun(self, id: str, version: int | None) -> None:
        with self._lock:
            self.may_be[id] = self.may_be.get(id, {None}) | {version}

    def done(self, id: str, version: int | None) -> None:
        with self._lock:
            self.may_be[id] = {version}
            self.acknowledged += 1
            self.put += version is not None
            self.deleted += version is None


def words(id: str, version: int) -> str:
    """What this version alone says."""
    return f"zq{id}version{version}"


def body_of(id: str, version: int) -> dict[str, Any]:
    """A document of which no other looks like a copy."""
    said = " ".join(f"{words(id, version)}{letter}" for letter in "abcdef")
    text = f"# Fiche {words(id, version)}\n\nLa fiche {id} en est à {words(id, version)}. Elle parle de {said}."
    return {"body": text, "language": "fr", "audience": ["public"]}


def write(service: Service, ledger: Ledger, number: int, until: Callable[[], bool], seed: int) -> None:
    """Puts and deletes this writer's own documents, until it is told or the service is gone."""
    moments, version = random.Random(seed), seed * 1000
    with suppress(httpx.TransportError), service.client() as client:
        while not until():
            id, version = f"w{number}d{moments.randrange(IDS_EACH)}", version + 1
            gone = None in ledger.may_be.get(id, {None})
            if not gone and moments.random() < 0.4:
                ledger.begun(id, None)
                status = client.delete(f"/v1/documents/{id}").status_code
                wanted: int | None = None
            else:
                ledger.begun(id, version)
                status, wanted = client.put(f"/v1/documents/{id}", json=body_of(id, version)).status_code, version
            if status in (200, 204) or (status == 404 and wanted is None):
                ledger.done(id, wanted)
            else:
                raise RuntimeError(f"status {status}")


def killed_while_writing(service: Service, ledger: Ledger, writes: int, seed: int) -> None:
    """Kills the running service when so many more writes are acknowledged, with others under way; starts it again."""
    killed, goal = Event(), ledger.acknowledged + writes
    writers = [
        Thread(target=write, args=(service, ledger, number, killed.is_set, 100 * seed + number))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    while ledger.acknowledged < goal and any(writer.is_alive() for writer in writers):
        sleep(0.001)
    service.kill()
    killed.set()
    for writer in writers:
        writer.join()
    if ledger.acknowledged < goal:
        raise RuntimeError("the writers ended by themselves")
    service.start()


def wrong(service: Service, ledger: Ledger) -> list[str]:
    """Documents that are not what was acknowledged, by what a question finds and an answer says. Settles what may be either."""
    found = []
    with service.client() as client:
        for id, versions in sorted(ledger.may_be.items()):
            is_there = {version for version in versions if version is not None and _finds(client, id, version)}
            now: int | None = next(iter(is_there), None)
            if len(is_there) > 1 or now not in versions:
                found.append(f"{id}: {is_there} is found, one of {versions} was acknowledged")
            status = client.get(f"/v1/documents/{id}").status_code
            if (status == 200) != (now is not None):
                found.append(f"{id}: {is_there} is found, and GET says {status}")
            asked = {"question": f"À quoi en est la fiche {id} ?"}
            answer = client.post("/v1/answer", json=asked).json()
            stale = [c for s in answer["sentences"] for c in s["citations"] if c["document_id"] == id]
            if now is None and stale:
                found.append(f"{id}: deleted, and answered")
            ledger.may_be[id] = {now}
    return found


def _finds(client: httpx.Client, id: str, version: int) -> bool:
    asked = {"question": words(id, version), "limit": 50}
    passages = client.post("/v1/search", json=asked).json()["passages"]
    return any(p["document_id"] == id and words(id, version) in p["text"] for p in passages)


def measured(service: Service, rounds: int) -> dict[str, list[float]]:
    """Milliseconds: of PUT and DELETE, and of the first question after each, which must know."""
    took: dict[str, list[float]] = {"PUT": [], "question after PUT": [], "DELETE": [], "question after DELETE": []}
    with service.client() as client:
        for version in range(rounds):
            asked = words("m", version)
            with _timed(took["PUT"]):
                client.put("/v1/documents/m", json=body_of("m", version)).raise_for_status()
            with _timed(took["question after PUT"]):
                known = _finds(client, "m", version)
            if not known:
                raise RuntimeError(f"{asked} is not found")
            with _timed(took["DELETE"]):
                client.delete("/v1/documents/m").raise_for_status()
            with _timed(took["question after DELETE"]):
                known = _finds(client, "m", version)
            if known:
                raise RuntimeError(f"{asked} is found after its deletion")
    return took


def questions(service: Service, seconds: float, *, writing: bool) -> tuple[list[float], int]:
    """Milliseconds of searches one after the other, and how many documents were written meanwhile."""
    stop, took, ledger = Event(), list[float](), Ledger()
    writer = Thread(target=write, args=(service, ledger, 9, stop.is_set, 7))
    if writing:
        writer.start()
    with service.client() as client:
        end = monotonic() + seconds
        while monotonic() < end:
            with _timed(took):
                client.post("/v1/search", json={"question": f"Comment faire, {len(took)} ?"}).raise_for_status()
    stop.set()
    if writing:
        writer.join()
    return took, ledger.acknowledged


@contextmanager
def _timed(took: list[float]) -> Iterator[None]:
    start = perf_counter()
    yield
    took.append(1e3 * (perf_counter() - start))


def _line(name: str, took: list[float], more: str = "") -> str:
    p95 = quantiles(took, n=20)[-1]
    return f"{name:34} n {len(took):5}   p50 {median(took):7.1f}   p95 {p95:7.1f}   max {max(took):7.1f} ms  {more}"


def main() -> None:
    from ingest.reconcile.run import check

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--writes", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--measured", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        copy_sparse(given.home, home)
        settings: Settings = load_settings(home=home)
        service, ledger, found = Service(home), Ledger(), list[str]()
        try:
            service.start()
            for number in range(given.kills):
                killed_while_writing(service, ledger, given.writes // given.kills, number)
                found += wrong(service, ledger)
                report = check(settings)
                alike = not (report.orphans or report.tombstones) and all(
                    not (s.missing or s.stale or s.surplus) for s in report.sources
                )
                print(
                    f"kill {number + 1}: {ledger.acknowledged} acknowledged, {len(found)} wrong, index = state: {alike}"
                )
                found += [] if alike else ["index and state differ"]
            print(f"{ledger.put} put, {ledger.deleted} deleted, {given.kills} kills; wrong: {found or 'nothing'}\n")
            for name, took in measured(service, given.measured).items():
                print(_line(name, took))
            for writing in (False, True):
                took, written = questions(service, given.seconds, writing=writing)
                name = "questions while one writer writes" if writing else "questions alone"
                print(_line(name, took, f"{written} written" if writing else ""))
        finally:
            service.stop()
            shutil.rmtree(home, ignore_errors=True)
    if found:
        sys.exit(1)


if __name__ == "__main__":
    main()
