"""A collection of a Qdrant server as one file, by the server's own snapshots. (Of a cluster, each node keeps its own.)"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from brain.errors import StoreError
from brain.settings import IndexSettings, redact_url

TIMEOUT_S = 3600
"""A snapshot of many points takes minutes to make and to read back."""


def download(settings: IndexSettings, collection: str, target: Path) -> None:
    """Has a snapshot made, fetches it, and deletes it on the server."""
    at = f"/collections/{collection}/snapshots"

    def fetch(client: httpx.Client) -> None:
        name = client.post(at).raise_for_status().json()["result"]["name"]
        try:
            with client.stream("GET", f"{at}/{name}") as reply, target.open("wb") as file:
                for block in reply.raise_for_status().iter_bytes():
                    file.write(block)
        finally:
            client.delete(f"{at}/{name}")

    _guarded(settings, fetch)


def upload(settings: IndexSettings, collection: str, source: Path) -> None:
    """Makes a collection of that name from the file."""

    def send(client: httpx.Client) -> None:
        with source.open("rb") as file:
            reply = client.post(
                f"/collections/{collection}/snapshots/upload",
                params={"priority": "snapshot", "wait": "true"},
                files={"snapshot": file},
            )
        reply.raise_for_status()

    _guarded(settings, send)


def _guarded(settings: IndexSettings, work: Callable[[httpx.Client], Any]) -> None:
    key = settings.api_key.get_secret_value()
    try:
        with httpx.Client(base_url=settings.url, headers={"api-key": key} if key else {}, timeout=TIMEOUT_S) as client:
            work(client)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        raise StoreError(
            f"The Qdrant server at {redact_url(settings.url)} failed: {type(error).__name__}",
            "Check index.url, index.api_key and the server's log.",
        ) from error
