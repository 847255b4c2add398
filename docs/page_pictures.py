"""Takes docs/widget.png and docs/console.png of real pages: make demo && .venv/bin/python docs/page_pictures.py (needs chromium)"""

import io
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent
HERE = "http://127.0.0.1:8917"
HELP = f"""<!doctype html><html lang="fr"><meta charset="utf-8"><title>Aide</title>
<style>body {{ font: 17px/1.6 system-ui; margin: 0 auto; padding: 48px; max-width: 900px; color: #333 }}</style>
<h1>Centre d'aide Solvanelle</h1><p>Livraison, retours, garantie : toutes les réponses à vos questions.</p>
<ul><li>Suivre ma commande<li>Retourner un article<li>Mes factures<li>Garantie et réparation</ul>
<script src="{HERE}/widget/brain-assistant.js"></script><brain-assistant person></brain-assistant></html>"""


def take(page: Page, name: str) -> None:
    """In 128 colours: a third of the size."""
    page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(128).save(DOCS / name, optimize=True)


def main() -> None:
    command = [
        sys.executable,
        "-c",
        "from brain.cli import main; main()",
        "serve",
        "--home",
        ".demo",
        "--port",
        HERE[-4:],
    ]
    serving = subprocess.Popen(command)
    try:
        while True:
            try:
                if httpx.get(f"{HERE}/readyz").status_code == 200:
                    break
            except httpx.ConnectError:
                pass
            time.sleep(0.2)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
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
    finally:
        serving.terminate()
        serving.wait()


if __name__ == "__main__":
    main()
