"""Replies of endpoints, kept: the same request is paid once, whoever makes it (a variant, a judge, ragas)."""

import contextlib
import hashlib
import json
import re
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

_FENCE = re.compile(r'key=\\?"([0-9a-f]{6,64})\\?"')
"""The key that marks passages is drawn anew for each prompt: two requests that differ by it alone are the same."""


class Replies:
    """A SQLite file of replies by key. Safe between threads; several processes may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
        self._lock = threading.Lock()
        with self._lock, self._connection:
            # A write-ahead log: what was committed survives a killed process.
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, headers TEXT NOT NULL, body BLOB NOT NULL)"
            )

    def get(self, key: str) -> tuple[dict[str, str], bytes] | None:
        with self._lock:
            row = self._connection.execute("SELECT headers, body FROM replies WHERE key = ?", (key,)).fetchone()
        return (json.loads(row[0]), row[1]) if row else None

    def put(self, key: str, headers: Mapping[str, str], body: bytes) -> None:
        with self._lock, self._connection:
            values = (key, json.dumps(dict(headers)), body)
            self._connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", values)

    def close(self) -> None:
        self._connection.close()


def key_of(url: str, body: bytes, repeat: int) -> str:
    """SHA-256 (hex) of endpoint, model, parameters, messages (all of them are in the body) and repeat."""
    text = body.decode("utf-8", "replace")
    for number, fence in enumerate(dict.fromkeys(_FENCE.findall(text))):
        text = text.replace(fence, f"<fence {number}>")
    with contextlib.suppress(ValueError):  # what is not JSON stays as it is
        text = json.dumps(json.loads(text), sort_keys=True)
    return hashlib.sha256("\0".join((url, text, str(repeat))).encode()).hexdigest()
