"""Insights and review in Chromium, with the real service, index and encoder: a tenant of its own beside the sample base."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from brain.keys.store import Keys
from brain.session import Brain
from brain.settings import LimitSettings, ServiceSettings
from brain.state import State
from eval.cases import load_cases
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading
from ingest.report import Silent
from ingest.source import list_folder
from ingest.sync import Source, Sync
from ingest.writer import Writer

Make = Callable[..., Any]
INSTALMENTS = ("Puis-je payer en plusieurs fois ?", "Est-ce possible de payer en plusieurs fois ?")
PARKING = "Is there a car park at your store?"
PAGES = {
    "retours.md": "# Retours\n\nUn article se renvoie sous 14 jours. Le remboursement arrive sous 5 jours.",
    "livraison.md": "# Livraison\n\nLa livraison coûte 5 euros en France. Elle prend 48 heures.",
    "horaires.md": "# Horaires\n\nLe magasin est ouvert de 9 h à 19 h, du lundi au samedi.",
}
PAYMENT = "# Payer en plusieurs fois\n\nVous pouvez payer en trois fois sans frais dès 100 euros d'achat."


class Shop:
    """A small shop's articles, and what was asked there in vain."""

    def __init__(self, brain: Brain, origin: str, folder: Path, tenant: str, keys: dict[str, str]) -> None:
        self.brain, self.origin, self.folder, self.tenant, self.keys = brain, origin, folder, tenant, keys

    def write(self, pages: dict[str, str]) -> None:
        """Into the source, and ingested while the service runs."""
        for name, text in pages.items():
            (self.folder / name).write_text(f"---\naudience: public\n---\n{text}\n", encoding="utf-8")
        settings, state = self.brain.settings, State(self.brain.settings)
        with self.brain.encoding() as encoder:
            writer = Writer(self.brain.index, state, lambda: encoder, settings)
            reading = Reading(
                Defaults(self.tenant, self.tenant), Limits(max_bytes=1_000_000), settings.splitter, "keep"
            )
            source = Source(self.tenant, list_folder(self.folder, SUFFIXES))
            assert Sync(source, reading, state, writer, settings, Silent()).run().failed == {}
        state.close()

    def ask(self, text: str) -> str:
        """Its status."""
        headers = {"Authorization": f"Bearer {self.keys['ask']}"}
        response = httpx.post(f"{self.origin}/v1/answer", json={"question": text}, headers=headers, timeout=30)
        return str(response.json()["status"])


@pytest.fixture
def shop(sample: Brain, serve: Any, read_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)  # drafts.jsonl and cases.jsonl are of the working folder
    changed = {"service": ServiceSettings(keys="required"), "limits": LimitSettings(address="", key="")}
    settings = sample.settings.model_copy(update=changed)
    keys = Keys(settings)
    made = {
        scope: str(keys.create(scope, (scope,), tenant=tmp_path.name, audience=who, actor="test"))
        for scope, who in (("ask", "public"), ("eval", "agent"))
    }
    keys.close()
    (tmp_path / "kb").mkdir()
    with serve(create_app(settings, sample)) as origin:
        # A tenant for each test: what one asks is not the other's.
        shop = Shop(sample, origin, tmp_path / "kb", tmp_path.name, made)
        shop.write(PAGES)
        for text in (*INSTALMENTS, INSTALMENTS[0], PARKING):
            assert shop.ask(text) == "refused"
        yield shop


def opened(shop: Shop, new_page: Make, path: str = "/insights", **look: Any) -> Any:
    """The page, once it has its key. (A refused request is an error in the browser's console.)"""
    page = new_page(strict=False, **look)
    page.goto(f"{shop.origin}{path}")
    page.locator("#keybox[open]").wait_for()
    page.keyboard.type(shop.keys["eval"])
    page.keyboard.press("Enter")
    return page


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent + ' ' + document.activeElement.id"))


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("fr-FR", ("2 groupes de questions", "pas assez d'éléments", "Proposer un cas")),
        ("en-GB", ("2 groups of questions", "not enough to go by", "Draft an acceptance case")),
    ],
)
def test_what_was_asked_in_vain_is_shown_by_meaning(shop: Shop, new_page: Make, locale: str, words: Any) -> None:
    page = opened(shop, new_page, locale=locale)
    first = page.locator(".groups > li").first
    first.wait_for()
    assert page.evaluate("document.documentElement.lang") == locale[:2]
    assert first.locator(".count").inner_text() == "3" and first.locator(".label").inner_text() in INSTALMENTS
    assert page.locator(".groups .label").nth(1).inner_text() == PARKING
    first.locator(".head").click()
    first.locator("tbody tr").nth(1).wait_for()
    assert [row.split("\t")[0] for row in first.locator("tbody tr").all_inner_texts()] == list(INSTALMENTS)
    told = page.locator("main").inner_text()
    assert words[0] in told and words[2] in told
    page.locator("#inlanguage").select_option("en")
    page.locator(".groups .label", has_text=PARKING).wait_for()
    page.locator(".groups > li").nth(1).wait_for(state="detached")
    assert page.locator("#from").input_value() < page.locator("#to").input_value()


def test_a_case_is_drafted_and_accepted_by_keyboard_alone(shop: Shop, new_page: Make) -> None:
    page = opened(shop, new_page)
    page.locator(".groups .head").first.wait_for()
    page.locator("#tab-groups").focus()
    page.keyboard.press("Tab")  # the panel
    for _ in range(9):
        page.keyboard.press("Tab")
        if "head" in (page.evaluate("document.activeElement.className") or ""):
            break
    page.keyboard.press("ArrowDown")
    assert PARKING in focused(page)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.locator(".groups tbody tr").first.wait_for()
    page.keyboard.press("d")
    page.locator("#toreview").wait_for()
    assert focused(page).endswith("toreview")
    page.keyboard.press("Enter")
    page.get_by_text("Cas 1 sur 1").wait_for()
    assert "rencontré 3 fois" in page.locator("main").inner_text()
    assert "Réponse donnée" in page.locator("main").inner_text()
    page.get_by_label("Question", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("paiement")
    page.keyboard.press("Tab")
    page.keyboard.type("trois fois\n100 euros")
    page.locator("#critical").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Aucun cas n'attend.").wait_for()
    (case,) = load_cases(Path("cases.jsonl"))
    assert case.text in INSTALMENTS and case.critical and case.expect.status == "answered"
    assert case.expect.documents == ("paiement",) and case.expect.must_include == ("trois fois", "100 euros")
    assert case.filters.tenant == shop.tenant and case.filters.audience == "public"


def test_a_case_is_rejected_with_a_reason(shop: Shop, new_page: Make) -> None:
    page = opened(shop, new_page)
    page.locator(".groups .head").nth(1).click()
    page.locator(".groups tbody button").first.click()
    page.locator("#toreview").click()
    page.locator("#case").wait_for()
    page.locator("#must").fill("parking")
    page.keyboard.press("Alt+r")
    page.keyboard.press("Escape")
    assert page.locator("#must").input_value() == "parking"  # what was typed stays
    page.keyboard.press("Alt+r")
    page.keyboard.type("Pas notre sujet")
    page.keyboard.press("Enter")
    page.get_by_text("Aucun cas n'attend.").wait_for()
    assert '"reason": "Pas notre sujet"' in Path("drafts.jsonl").read_text(encoding="utf-8")
    assert not Path("cases.jsonl").exists()


def test_a_written_article_turns_the_questions(shop: Shop, new_page: Make) -> None:
    page = opened(shop, new_page)
    page.locator(".groups .head").first.click()
    page.locator(".groups tbody tr").first.wait_for()
    shop.write({"paiement.md": PAYMENT})
    page.locator(".do-article").focus()
    page.keyboard.press("a")
    page.keyboard.type("paiement.md")
    page.keyboard.press("Enter")
    page.locator(".written").wait_for()
    page.keyboard.press("r")
    page.get_by_text("2 sur 2 ont maintenant une réponse.").first.wait_for()
    rows = page.locator(".again tbody tr").all_inner_texts()
    assert len(rows) == 2 and all("sans réponse" in row and "répondu" in row and "trois fois" in row for row in rows)
    assert shop.ask("Peut-on payer en plusieurs fois ?") == "answered"  # a customer, in other words
    page.reload()
    page.get_by_text("posée 1 fois depuis, 1 avec réponse").wait_for()
    page.locator(".groups .head").first.click()
    page.locator(".again tbody tr").first.wait_for()  # what came of it is kept
    page.get_by_role("button", name="Retirer cette note").click()
    page.locator(".written").wait_for(state="detached")


def test_each_table_is_exported(shop: Shop, new_page: Make) -> None:
    shop.ask("=1+1 : puis-je me garer au magasin ?")
    assert shop.ask("Combien coûte la livraison en France ?") == "answered"
    page = opened(shop, new_page)
    found = {}
    for tab, count in (("groups", 1), ("articles", 2), ("days", 1)):
        page.locator(f"#tab-{tab}").click()
        page.locator("#panel[aria-busy=false] .csv").first.wait_for()
        for number in range(count):
            with page.expect_download() as download:
                page.locator(".csv").nth(number).click()
            name = download.value.suggested_filename
            text = Path(download.value.path()).read_text(encoding="utf-8-sig")
            found[name.split("-")[1]] = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["document_id"]: row["answers"] for row in found["articles"]} == {"livraison.md": "1"}
    assert {row["document_id"] for row in found["unused"]} == {"retours.md", "horaires.md"}
    assert len(found["days"]) == 1 and any(row["label"].startswith("'=1+1") for row in found["groups"])


@pytest.mark.parametrize(
    "look",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 568}, "locale": "en-GB"}],
)
def test_axe_finds_nothing_wrong(shop: Shop, new_page: Make, violations: Make, look: dict[str, Any]) -> None:
    shop.ask("Combien coûte la livraison en France ?")
    page = opened(shop, new_page, **look)
    page.locator(".groups .head").first.click()
    page.locator(".groups tbody tr").first.wait_for()
    page.locator(".do-article").click()
    page.locator("#which").fill("/articles/paiement-en-plusieurs-fois-sans-frais-et-avec.html")
    page.keyboard.press("Enter")
    page.locator(".written").wait_for()
    page.locator(".do-article").click()
    page.locator(".do-draft").click()
    page.locator("#toreview").wait_for()
    narrow = page.evaluate(
        "[...document.querySelectorAll('.body > :not(.wide)')].every((e) => e.scrollWidth <= e.clientWidth)"
    )
    assert violations(page) == [] and narrow and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for tab in ("articles", "stale", "days"):
        page.locator(f"#tab-{tab}").click()
        page.locator("#panel[aria-busy=false]").wait_for()
        assert violations(page) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
    page.locator("#keyshelp").click()
    assert violations(page) == []
    page.goto(f"{shop.origin}/review")
    page.locator("#case").wait_for()
    page.locator("#reject").click()
    assert violations(page) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_key_that_may_not_is_told_so_and_nothing_breaks_a_policy(shop: Shop, new_page: Make) -> None:
    page = new_page(strict=False)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "status of 40" not in message.text else None)
    page.goto(f"{shop.origin}/insights")
    page.get_by_text("Cette page demande une clé").wait_for()
    for key, told in ((shop.keys["ask"], "n'a pas le droit"), ("brain_wrong", "n'est pas valable")):
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        page.locator("#keybox[open]").get_by_text(told).wait_for()
    page.locator("#key").fill(shop.keys["eval"])
    page.keyboard.press("Enter")
    page.locator(".groups .head").first.wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_text("2 groups of questions").wait_for()
    page.get_by_role("button", name="Forget the key").click()
    page.locator("#keybox[open]").wait_for()
    assert shop.keys["eval"] not in page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert complaints == []
