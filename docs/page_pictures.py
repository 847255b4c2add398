"""Takes docs/widget.png, console.png, insights.png: make demo && .venv/bin/python docs/page_pictures.py (needs chromium)"""

import asyncio
import io
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from brain.keys.store import Keys
from brain.session import Brain
from brain.settings import load_settings
from brain.traces.store import Traces
from brain.types import Question

DOCS = Path(__file__).parent
HERE = "http://127.0.0.1:8917"
HELP = f"""<!doctype html><html lang="fr"><meta charset="utf-8"><title>Aide</title>
<style>body {{ font: 17px/1.6 system-ui; margin: 0 auto; padding: 48px; max-width: 900px; color: #333 }}</style>
<h1>Centre d'aide Solvanelle</h1><p>Livraison, retours, garantie : toutes les réponses à vos questions.</p>
<ul><li>Suivre ma commande<li>Retourner un article<li>Mes factures<li>Garantie et réparation</ul>
<script src="{HERE}/widget/brain-assistant.js"></script><brain-assistant person></brain-assistant></html>"""


ASKED = {
    "Livrez-vous en Suisse ?": 6,
    "Est-ce que vous livrez en Suisse ?": 4,
    "Peut-on se faire livrer à Genève, en Suisse ?": 2,
    "Do you deliver to Switzerland?": 3,
    "Puis-je louer une machine à café pour un mariage ?": 3,
    "Louez-vous des machines à café pour un évènement ?": 4,
    "Avez-vous un programme de parrainage ?": 3,
    "Comment parrainer un ami ?": 2,
    "Can I recycle my coffee capsules with you?": 4,
    "Reprenez-vous les capsules de café usagées ?": 2,
    "Combien de temps pour être remboursé ?": 9,
    "Combien coûte la livraison en Corse pour un colis de 8 kg ?": 6,
    "Quelle est la durée de la garantie ?": 5,
}
ASKING = ThreadPoolExecutor(1)
"""Playwright has an event loop in this thread."""


def take(page: Page, name: str) -> None:
    """In 128 colours: a third of the size."""
    page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(128).save(DOCS / name, optimize=True)


@contextmanager
def serving(home: Path) -> Iterator[None]:
    command = [sys.executable, "-c", "from brain.cli import main; main()", "serve", "--home", str(home)]
    process = subprocess.Popen([*command, "--port", HERE[-4:]])
    try:
        while True:
            try:
                if httpx.get(f"{HERE}/readyz").status_code in {200, 401}:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def ask_in_vain(home: Path) -> str:
    """Invented questions, as if they had been asked over the last weeks; a key to look at them."""
    settings, chance = load_settings(home=home), random.Random(4)
    with Brain.open(settings) as brain:
        for question, times in ASKED.items():
            for _ in range(times):
                asyncio.run(brain.ask(Question(question)))
    with closing(Traces(settings)) as traces:
        for record in traces.newest(sum(ASKED.values())):
            ago = timedelta(days=28 * chance.random() ** 2, minutes=5)
            traces.save([record | {"answered_at": (datetime.now(UTC) - ago).isoformat(timespec="milliseconds")}])
    with closing(Keys(settings)) as keys:
        return str(keys.create("picture", ("eval",), tenant="default", audience="agent", actor="picture"))


def take_insights(browser: Browser, key: str) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 900}, locale="fr-FR")
    page.goto(f"{HERE}/insights")
    page.locator("#key").fill(key)
    page.keyboard.press("Enter")
    page.locator(".groups .head").first.click()
    page.locator(".groups tbody tr").first.wait_for()
    take(page, "insights.png")


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving(Path(".demo")):
            page = browser.new_page(viewport={"width": 1000, "height": 720}, locale="fr-FR")
            page.route(f"{HERE}/help", lambda route: route.fulfill(content_type="text/html", body=HELP))
            page.goto(f"{HERE}/help")
            page.get_by_role("button", name="Poser une question").click()
            page.keyboard.type("Combien coûte la livraison en Corse pour un colis de 8 kg ?")
            page.keyboard.press("Enter")
            page.locator(".cite").first.click()
            take(page, "widget.png")
            page = browser.new_page(viewport={"width": 1280, "height": 720}, locale="fr-FR")
            page.goto(f"{HERE}/console")
            for question in (
                "Comment suis-je remboursé ?",
                "Combien coûte la livraison en Corse pour un colis de 8 kg ?",
            ):
                page.locator("#question").fill(question)
                page.keyboard.press("Enter")
                page.get_by_role("heading", name=question).wait_for()
                page.locator("article .cite").first.wait_for()
            page.locator("#others details").first.wait_for()
            take(page, "console.png")
        home = shutil.copytree(".demo", Path(folder) / "home")
        key = ASKING.submit(ask_in_vain, home).result()
        with serving(home):
            take_insights(browser, key)


if __name__ == "__main__":
    main()
