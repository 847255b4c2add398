"""What a key costs a request: milliseconds of `POST /v1/search` over ASGI, with and without one, where nothing is searched.

python -m bench.keys
"""

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from types import SimpleNamespace
from typing import Any, cast

import httpx

from api.app import create_app
from brain.keys.store import Keys
from brain.session import Brain
from brain.settings import LimitSettings, load_settings
from brain.types import Passages

ROUNDS = 500
ASKED = {"question": "Combien de temps ?"}


class Nothing:
    """Finds nothing at once: what is left is the service's own time."""

    metrics = SimpleNamespace()

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    async def search(self, *_: Any) -> Passages:
        return Passages()


async def measure(home: Path, limits: LimitSettings, headers: dict[str, str]) -> float:
    settings = load_settings(home=home).model_copy(update={"limits": limits})
    app = create_app(settings, cast(Brain, Nothing(settings)))
    took = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        for _ in range(ROUNDS):
            start = perf_counter()
            response = await client.post("/v1/search", json=ASKED, headers=headers)
            took.append(1e3 * (perf_counter() - start))
            assert response.status_code == 200, response.text
    await app.state.gate.close()
    return median(took)


async def main() -> None:
    none = LimitSettings(key="")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows.append(("no key", await measure(home, none, {})))
        keys = Keys(load_settings(home=home))
        made = keys.create("x", ["search"], tenant="default", audience="public", actor="bench")
        keys.close()
        headers = {"Authorization": f"Bearer {made}"}
        rows.append(("a key", await measure(home, none, headers)))
        rows.append(("a key, counted in memory", await measure(home, LimitSettings(key="100000/minute"), headers)))
        counted = LimitSettings(key="100000/minute", url="redis://127.0.0.1:6379")
        rows.append(("a key, counted in Redis", await measure(home, counted, headers)))
    print("| | p50 ms |\n|---|---|")
    for name, milliseconds in rows:
        print(f"| {name} | {milliseconds:.2f} |")


if __name__ == "__main__":
    asyncio.run(main())
