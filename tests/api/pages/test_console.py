"""The agents' console in Chromium, with the service behind it."""

from collections.abc import Callable
from typing import Any

REFUND = "Combien de temps pour être remboursé ?"
Pages = Callable[..., Any]


def test_look(agents: str, new_page: Pages) -> None:
    page = new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{agents}/console")
    page.keyboard.type(REFUND)
    page.keyboard.press("Enter")
    page.locator("#sources mark").first.wait_for()
    page.locator("#sources details").nth(3).wait_for()
    page.screenshot(path="/work/lab/widget/console.png")
