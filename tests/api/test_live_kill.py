"""`kill -9` of the real service while it is written to over HTTP: what was acknowledged is there, what was deleted is not answered."""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bench.live import Ledger, Service, killed_while_writing, wrong
from brain.settings import load_settings
from brain.testing import HashEncoder
from ingest.reconcile.run import check
from ingest.run import ingest_folder

WRITES, KILLS = 40, 2


class Embeddings(BaseHTTPRequestHandler):
    """An encoder's server that costs nothing: what is tested is who writes, not what it means."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        vectors = HashEncoder().encode_passages(asked["input"]).tolist()
        body = json.dumps({"data": [{"index": n, "embedding": v} for n, v in enumerate(vectors)]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def encoder_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def service(quick_path: Path, encoder_url: str, monkeypatch: pytest.MonkeyPatch, read_here: None) -> Iterator[Service]:
    given = {"PROVIDER": "endpoint", "MODEL": "hash", "URL": encoder_url}
    for name, value in given.items():
        monkeypatch.setenv(f"BRAIN_ENCODER__{name}", value)
    folder, home = quick_path / "kb", quick_path / "home"
    folder.mkdir()
    (folder / "page.md").write_text("# Livraison\n\nLa livraison prend trois jours.", encoding="utf-8")
    ingest_folder(folder, load_settings(home=home))
    made = Service(home, dict(os.environ), quick_path / "service.log")
    yield made
    made.stop()


def test_killed_while_it_is_written_to_the_service_keeps_its_word(service: Service) -> None:
    ledger = Ledger()
    service.start()
    for number in range(KILLS):
        killed_while_writing(service, ledger, WRITES // KILLS, number)

        assert wrong(service, ledger) == []
        report = check(load_settings(home=service.home))
        assert report.equal, report  # while the service runs

    assert ledger.acknowledged >= WRITES
    assert ledger.put and ledger.deleted
