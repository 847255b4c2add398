"""`<brain-assistant>` in Chromium, with the service behind it."""

from collections.abc import Callable
from typing import Any

REFUND = "Combien de temps pour être remboursé ?"
Pages = Callable[..., Any]


def host(service: str, attributes: str = "", lang: str = "fr") -> str:
    return f'<script src="{service}/widget/brain-assistant.js"></script><brain-assistant {attributes}></brain-assistant>'


def test_it_asks_streams_and_cites(service: str, new_page: Pages) -> None:
    page = new_page()
    page.route(f"{service}/host", lambda route: route.fulfill(content_type="text/html", body=f"<!doctype html><html lang=fr><title>x</title>{host(service)}"))
    page.goto(f"{service}/host")
    page.get_by_role("button", name="Poser une question").click()
    page.keyboard.type(REFUND)
    page.keyboard.press("Enter")
    cite = page.locator("button.cite").first
    cite.click()
    card = page.locator(".card")
    assert card.locator("mark").first.inner_text()
    page.screenshot(path="/work/lab/widget/first.png")
