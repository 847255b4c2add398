"""`<brain-assistant>` in Chromium, on another site's page under a strict policy, with the service behind it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

REFUND = "Combien de temps pour être remboursé ?"
CANCEL = "How do I cancel my subscription?"
Make = Callable[..., Any]
Service = tuple[str, str]


@pytest.fixture
def url(host: str, service: Service) -> Callable[..., str]:
    """The address of a page with the component."""
    origin, site = service

    def make(attributes: str = "", lang: str = "fr", **more: str) -> str:
        return f"{host}/{lang}?{urlencode({'of': origin, 'is': f'site-key={site} {attributes}', **more})}"

    return make


def ask(page: Any, question: str = REFUND) -> None:
    page.locator("textarea").fill(question)
    page.keyboard.press("Enter")


def ended(page: Any, times: int = 1) -> Any:
    """The last answer, once it is whole."""
    given = page.locator(".given").nth(times - 1)
    given.locator("xpath=self::*[not(@aria-busy)]").wait_for()
    return given


def focused(page: Any) -> Any:
    """The element that has the focus, within the component."""
    return page.evaluate(
        "document.activeElement.shadowRoot?.activeElement?.className ?? document.activeElement.tagName"
    )


@pytest.mark.parametrize(
    ("lang", "opens", "field", "source", "question"),
    [
        ("fr", "Poser une question", "Votre question", "Source 1 : ", REFUND),
        ("en", "Ask a question", "Your question", "Source 1: ", CANCEL),
    ],
)
def test_by_keyboard_alone(
    url: Make, new_page: Make, lang: str, opens: str, field: str, source: str, question: str
) -> None:
    page = new_page(locale="en-GB" if lang == "en" else "fr-FR")
    page.goto(url(lang=lang))
    page.keyboard.press("Tab")
    assert focused(page) == "launch"
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert page.get_by_role("textbox", name=field).evaluate("field => field === field.getRootNode().activeElement")
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    ended(page)
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if focused(page) == "cite":
            break
    page.keyboard.press("Enter")
    assert focused(page) == "card"
    assert page.get_by_role("group").locator("mark").first.inner_text()
    page.keyboard.press("Escape")
    assert focused(page) == "cite" and page.locator(".card").count() == 0
    cite = page.locator(".cite").first
    assert cite.get_attribute("aria-label").startswith(source)
    assert len(cite.get_attribute("aria-label")) > len(source)
    for _ in range(30):  # round and round, never onto the page below
        page.keyboard.press("Tab")
        assert page.evaluate("['BRAIN-ASSISTANT', 'BODY'].includes(document.activeElement.tagName)")
    page.locator("textarea").focus()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert focused(page) == "launch"


def test_a_citation_opens_its_passage_and_leads_to_the_article(url: Make, new_page: Make) -> None:
    page = new_page()
    page.goto(url("mode=inline"))
    ask(page)
    ended(page)
    page.locator(".cite").first.click()
    card = page.locator(".card")
    quote = card.locator("mark").first.inner_text()
    assert quote in page.locator(".given").inner_text()
    assert len(card.locator("blockquote").first.inner_text()) > len(quote)
    link = card.get_by_role("link", name="Ouvrir l'article à ce passage")
    assert link.get_attribute("href").startswith("https://") and "#:~:text=" in link.get_attribute("href")
    page.locator(".cite").first.click()
    assert card.count() == 0


def test_the_site_key_becomes_a_token_and_an_old_token_is_renewed_once(
    url: Make, new_page: Make, service: Service
) -> None:
    page = new_page(strict=False)
    sent: list[tuple[str, str | None]] = []
    page.on(
        "request",
        lambda r: (
            sent.append((r.url.rpartition("/")[2], r.headers.get("authorization"))) if r.method == "POST" else None
        ),
    )
    refused = [401]

    def once(route: Any) -> None:
        if refused:
            route.fulfill(
                status=refused.pop(),
                headers={"Access-Control-Allow-Origin": "*"},
                json={"title": "The key is not valid."},
            )
        else:
            route.continue_()

    page.route("**/v1/answer", once)
    page.goto(url("mode=inline"))
    ask(page)
    assert ended(page).locator(".cite").count()
    assert [name for name, _ in sent] == ["token", "answer", "token", "answer"]
    assert all((value or "").startswith("Bearer ") == (name == "answer") for name, value in sent)
    ask(page, "Et pour un retour ?")
    ended(page, 2)
    assert [name for name, _ in sent][4:] == ["answer"]
    assert service[1] in page.content() and "Bearer" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_page_of_another_origin_has_no_access(url: Make, new_page: Make) -> None:
    page = new_page(strict=False)
    page.goto(url("mode=inline").replace("127.0.0.1", "localhost", 1))
    ask(page)
    assert "Le service est injoignable" in ended(page).inner_text()
    assert page.locator(".cite").count() == 0


def test_the_conversation_goes_on_on_the_next_page(url: Make, new_page: Make) -> None:
    page = new_page()
    page.goto(url("mode=inline"))
    ask(page)
    first = ended(page).inner_text()
    assert page.locator(".cite").count()
    page.goto(url("mode=inline", page="2"))
    assert ended(page).inner_text() == first
    with page.expect_request("**/v1/answer") as asked:
        ask(page, "Et sur une carte cadeau ?")
    turns = asked.value.post_data_json["turns"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"] and turns[0]["text"] == REFUND
    assert ended(page, 2).locator(".cite").count()
    ask(page, "Et si ma carte bancaire a expiré ?")
    assert ended(page, 3).locator(".cite").count()
    page.get_by_role("button", name="Nouvelle conversation").click()
    assert page.locator(".given").count() == 0
    page.reload()
    assert page.locator(".given").count() == 0


def test_a_question_left_unanswered_is_still_there_on_the_next_page(url: Make, new_page: Make) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/widget/brain" not in request.url else None)
    page.route("**/v1/answer", lambda _: None)
    page.goto(url("mode=inline"))
    assert len(asked) == 1  # the page itself: nothing is sent before there is a question
    with page.expect_request("**/v1/answer"):
        ask(page)
    page.goto(url("mode=inline", page="2"))
    page.unroute("**/v1/answer")
    assert "Réponse incomplète" in page.locator(".given").inner_text()
    page.get_by_role("button", name="Réessayer").click()
    page.locator(".cite").first.wait_for()


def test_copying_where_there_is_no_clipboard(url: Make, new_page: Make, said: Make, answering: Make) -> None:
    """As on pages without https."""
    page = new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    answering(page, said())
    page.goto(url("mode=button"))
    page.get_by_role("button", name="Poser une question").click()
    ask(page)
    ended(page)
    page.get_by_role("button", name="Copier").click()
    page.get_by_text("Copié").first.wait_for()
    page.locator("textarea").focus()
    page.keyboard.press("Control+V")
    assert page.locator("textarea").input_value().startswith("Le colis part sous 2 jours.\n\nSources\n- Envoi")


@pytest.mark.parametrize(
    ("lang", "stop", "stopped", "lost", "away", "try_again"),
    [
        (
            "fr",
            "Arrêter",
            "Réponse incomplète : vous l'avez arrêtée.",
            "Réponse incomplète : la connexion a été coupée.",
            "Le service est injoignable",
            "Réessayer",
        ),
        (
            "en",
            "Stop",
            "Incomplete answer: you stopped it.",
            "Incomplete answer: the connection was lost.",
            "The service can't be reached",
            "Try again",
        ),
    ],
)
def test_stopped_killed_and_asked_again(
    killable: Any, new_page: Make, lang: str, stop: str, stopped: str, lost: str, away: str, try_again: str
) -> None:
    origin, start, wait = killable
    wait.touch()
    process = start()
    page = new_page(strict=False)
    script = f'<script src="{origin}/widget/brain-assistant.js"></script>'
    body = f"<!doctype html><html lang={lang}><title>x</title>{script}<brain-assistant mode=inline></brain-assistant>"
    page.route(f"{origin}/host", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{origin}/host")
    given, again = page.locator(".given"), page.get_by_role("button", name=try_again)

    ask(page, "Combien de jours pour renvoyer un article ?")
    given.get_by_text("sous 14 jours").wait_for()
    assert given.get_attribute("aria-busy") == "true" and "soldés" not in given.inner_text()
    page.get_by_role("button", name=stop).click()
    given.get_by_text(stopped).wait_for()
    page.reload()
    given.get_by_text(stopped).wait_for()
    assert "sous 14 jours" in given.inner_text()

    again.click()
    given.locator("xpath=self::*[@aria-busy]").get_by_text("sous 14 jours").wait_for()
    process.kill()
    given.get_by_text(lost).wait_for()
    assert "sous 14 jours" in given.inner_text()
    again.click()
    given.get_by_text(away).wait_for()

    process.wait()
    start()
    again.click()
    given.locator("xpath=self::*[@aria-busy]").get_by_text("sous 14 jours").first.wait_for()
    page.locator(".cite").click()
    assert page.locator(".card mark").inner_text() == "Un article se renvoie sous 14 jours."
    wait.unlink()
    given.get_by_text("soldés").first.wait_for()
    assert ended(page).locator(".warn").count() == 0
    # What was opened meanwhile stays open, and is known by its title now.
    assert page.locator(".card").get_by_role("heading", name="Retours").count() == 1 and focused(page) == "card"


@pytest.mark.parametrize(
    ("lang", "says", "writes"), [("fr", "Pages trouvées", "Rédaction"), ("en", "Pages found", "Writing")]
)
def test_what_was_found_is_shown_while_the_answer_is_written(
    cable: Any, slow: Any, new_page: Make, violations: Make, lang: str, says: str, writes: str
) -> None:
    page = new_page(strict=False)
    script = f'<script src="{cable.url}/widget/brain-assistant.js"></script>'
    widget = "<main><h1>x</h1><brain-assistant mode=inline></brain-assistant></main>"
    body = f"<!doctype html><html lang={lang}><title>x</title>{script}{widget}"
    page.route(f"{cable.url}/host", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{cable.url}/host")
    ask(page, slow.question)
    given = page.locator(".given")
    given.get_by_role("heading", name=says).wait_for()
    assert given.locator("li").all_inner_texts() == ["Retours"] and given.locator(".text").inner_text() == ""
    assert writes in given.locator(".waits").inner_text() and violations(page) == []
    slow.may_say[0].set()
    page.locator(".cite").click()
    card = page.locator(".card")
    # Its title and what stands around the quote are known while the answer is still written.
    assert card.get_by_role("heading").inner_text() == "Retours" and "soldés" in card.inner_text()
    assert given.get_by_role("heading", name=says).count() == 1
    slow.may_say[1].set()
    given.locator("xpath=self::*[not(@aria-busy)]").wait_for()
    assert given.get_by_role("heading", name=says).count() == 0
    assert given.locator("ol li").all_inner_texts() == ["Retours"]


@pytest.mark.parametrize(("lang", "says"), [("fr", "Connexion perdue"), ("en", "Connection lost")])
def test_a_lost_connection_is_taken_up_where_it_broke_off(
    cable: Any, slow: Any, new_page: Make, lang: str, says: str
) -> None:
    page = new_page(strict=False)
    sent: list[str | None] = []
    page.on(
        "request",
        lambda r: sent.append(r.headers.get("last-event-id")) if r.url.endswith("/v1/answer") else None,
    )
    script = f'<script src="{cable.url}/widget/brain-assistant.js"></script>'
    body = f"<!doctype html><html lang={lang}><title>x</title>{script}<brain-assistant mode=inline></brain-assistant>"
    page.route(f"{cable.url}/host", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{cable.url}/host")
    slow.may_say[0].set()
    ask(page, slow.question)
    given = page.locator(".given")
    given.get_by_text("sous 14 jours").wait_for()
    page.locator(".cite").click()
    cable.pull()
    given.get_by_text(says).wait_for()
    slow.may_say[1].set()
    given.locator("xpath=self::*[not(@aria-busy)]").wait_for()
    assert given.locator(".cite").count() == 2 and given.locator(".warn").count() == 0
    assert given.locator(".text").inner_text().count("sous 14 jours") == 1
    assert page.locator(".card").count() == 1  # what the reader opened stays open
    assert slow.times == 1 and len(sent) == 2 and not sent[0] and sent[1] and sent[1].endswith("-3")


def test_a_service_that_forgot_answers_anew(cable: Any, slow: Any, new_page: Make) -> None:
    """As one that was started anew meanwhile: what came before is taken away, not shown twice."""
    page = new_page(strict=False)
    page.route("**/v1/answer", lambda r: r.continue_(headers=r.request.headers | {"last-event-id": "x-1"}))
    script = f'<script src="{cable.url}/widget/brain-assistant.js"></script>'
    body = f"<!doctype html><html lang=fr><title>x</title>{script}<brain-assistant mode=inline></brain-assistant>"
    page.route(f"{cable.url}/host", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{cable.url}/host")
    slow.may_say[0].set()
    ask(page, slow.question)
    given = page.locator(".given")
    given.get_by_text("sous 14 jours").wait_for()
    slow.may_say[1].set()
    cable.pull()
    given.locator("xpath=self::*[not(@aria-busy)]").wait_for()
    assert given.locator(".text").inner_text().count("sous 14 jours") == 1
    assert given.locator(".cite").count() == 2 and slow.times == 2


def test_on_a_slow_network(url: Make, new_page: Make) -> None:
    page = new_page()
    page.goto(url("mode=inline"))
    slow = {"offline": False, "latency": 400, "downloadThroughput": 8_000, "uploadThroughput": 8_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    ask(page)
    page.get_by_text("Recherche en cours").first.wait_for()
    assert page.get_by_role("button", name="Arrêter").count() == 1
    assert ended(page).locator(".cite").count()


def test_the_service_is_away(url: Make, new_page: Make) -> None:
    page = new_page(strict=False)
    page.goto(url("mode=inline", lang="en"))
    page.context.set_offline(True)
    ask(page)
    page.get_by_text("The service can't be reached at the moment.").first.wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.locator(".cite").first.wait_for()


@pytest.mark.parametrize(
    ("status", "words"),
    [(429, "Réessayez dans un instant. (30 s)"), (503, "démarre"), (422, "trop longue"), (500, "n'a pas pu")],
)
def test_problems_are_told_in_the_readers_words(url: Make, new_page: Make, status: int, words: str) -> None:
    page = new_page(strict=False)
    shown = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
    late = {"Retry-After": "30"} if status == 429 else {}
    problem = {"title": "x", "status": status}
    page.route("**/v1/answer", lambda r: r.fulfill(status=status, headers=shown | late, json=problem))
    page.goto(url("mode=inline"))
    ask(page)
    ended(page).get_by_text(words).wait_for()


def test_a_refusal_says_why_where_to_look_and_who_to_ask(
    url: Make, new_page: Make, said: Make, answering: Make
) -> None:
    page = new_page()
    closest = [{"document_id": "d", "title": "Envoi", "url": "https://aide.example.com/envoi"}]
    none: dict[str, Any] = {"sentences": [], "sources": [], "quoted": [], "text": ""}
    answering(
        page,
        said(
            status="refused",
            reason="no_evidence",
            message="Rien trouvé.",
            closest=closest,
            contact="01 02 03 04 05",
            **none,
        ),
    )
    page.goto(url("mode=inline"))
    assert page.get_by_role("button", name="Parler à une personne").count() == 0
    ask(page)
    given = ended(page)
    assert "Rien trouvé." in given.inner_text()
    assert given.get_by_role("link", name="Envoi").get_attribute("href") == "https://aide.example.com/envoi"
    page.get_by_role("button", name="Parler à une personne").click()
    page.get_by_text("01 02 03 04 05").first.wait_for()
    page.evaluate(
        "document.addEventListener('talk-to-person', event => { event.preventDefault(); window.told = event.detail; })"
    )
    page.get_by_role("button", name="Parler à une personne").click()
    told = page.evaluate("window.told")
    assert (told["question"], told["status"], told["answer_id"]) == (REFUND, "refused", "a1")


def test_a_choice_asks_again_with_its_tag(url: Make, new_page: Make, said: Make, answering: Make) -> None:
    page = new_page()
    options = [{"value": v, "label": v.upper(), "documents": 2, "tag": f"produit:{v}"} for v in ("a1", "b2")]
    choices = [{"key": "produit", "label": "Produit", "options": options, "total": 12}]
    none: dict[str, Any] = {"sentences": [], "sources": [], "quoted": [], "text": ""}
    which = said(status="needs_clarification", message="La réponse dépend du produit.", choices=choices, **none)
    asked = answering(page, which, said())
    page.goto(url("mode=inline"))
    ask(page)
    assert "et 10 autres" in ended(page).inner_text()
    page.get_by_role("button", name="B2").click()
    assert ended(page, 2).locator(".cite").count() == 1
    assert [body.get("tags") for body in asked] == [None, ["produit:b2"]]
    assert asked[1]["question"] == REFUND and asked[1]["turns"] == []


def test_contradicting_articles_are_shown_with_their_dates(
    url: Make, new_page: Make, said: Make, answering: Make
) -> None:
    page = new_page()
    one = said()["sources"][0]
    sources = [
        one,
        one | {"number": 2, "document_id": "e", "title": "Envoi 2", "updated_at": "2026-05-02", "newer": True},
    ]
    answering(
        page, said(status="refused", reason="conflicting", message="Les articles se contredisent.", sources=sources)
    )
    page.goto(url("mode=inline"))
    ask(page)
    shown = ended(page).inner_text()
    for words in (
        "Les articles se contredisent.",
        "mis à jour le 18 mars 2026",
        "mis à jour le 2 mai 2026, le plus récent",
    ):
        assert words in shown


def test_what_pages_hold_is_shown_as_text(url: Make, new_page: Make, said: Make, answering: Make) -> None:
    """And a quote behind characters that JavaScript counts as two is still the one that is highlighted."""
    page = new_page()
    attack = "<img src=x onerror=alert(1)>"
    answer = said()
    answer["sources"][0] |= {"title": attack, "url": "javascript:alert(1)"}
    answer["sentences"][0] |= {"text": attack, "supported": False, "problems": ["x"]}
    answering(page, answer)
    page.goto(url("mode=inline"))
    ask(page)
    given = ended(page)
    assert attack in given.inner_text() and "à vérifier" in given.inner_text()
    assert page.locator("img").count() == 0 and given.get_by_role("link").count() == 0
    page.locator(".cite").click()
    assert page.locator("mark").inner_text() == "Le colis part sous 2 jours."
    assert page.locator(".card").get_by_role("link").count() == 0


def test_suggestions_copy_and_opinions(url: Make, new_page: Make) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(url(f"mode=inline suggestions='{REFUND} | Comment payer ?' title='Besoin d’aide ?'"))
    page.get_by_role("heading", name="Besoin d’aide ?").wait_for()
    page.get_by_role("button", name=REFUND).click()
    given = ended(page)
    assert page.get_by_role("button", name="Comment payer ?").count() == 0
    page.get_by_role("button", name="Copier").click()
    page.get_by_text("Copié").first.wait_for()
    source = given.locator("ol a").first
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"\n\nSources\n- {source.inner_text()} – {source.get_attribute('href')}" in copied
    with page.expect_response("**/v1/feedback") as sent:
        page.get_by_role("button", name="Réponse utile").click()
    assert sent.value.status == 201 and sent.value.request.post_data_json["thumbs"] == "up"
    page.locator("[aria-pressed=true]").wait_for()


def test_without_feedback_there_are_no_thumbs(url: Make, new_page: Make, said: Make, answering: Make) -> None:
    page = new_page()
    page.route(
        "**/widget/features",
        lambda r: r.fulfill(json={"feedback": False}, headers={"Access-Control-Allow-Origin": "*"}),
    )
    answering(page, said())
    page.goto(url("mode=inline"))
    ask(page)
    ended(page)
    assert page.get_by_role("button", name="Copier").count() == 1
    assert page.get_by_role("button", name="Réponse utile").count() == 0


@pytest.mark.parametrize("mode", ["button", "inline"])
@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 568}}]
)
def test_axe_finds_nothing_wrong(url: Make, new_page: Make, violations: Make, mode: str, look: dict[str, Any]) -> None:
    page = new_page(reduced_motion="reduce", **look)
    page.goto(url(f"mode={mode} person suggestions='Où est mon colis ?'"))
    assert violations(page) == []
    if mode == "button":
        page.get_by_role("button", name="Poser une question").click()
        assert page.locator("dialog").evaluate("dialog => getComputedStyle(dialog).animationName") == "none"
    ask(page)
    ended(page)
    page.locator(".cite").first.click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")


def test_axe_sees_into_the_component(url: Make, new_page: Make, violations: Make) -> None:
    page = new_page()
    page.goto(url("mode=inline"))
    page.locator(".send").evaluate("send => { send.removeAttribute('aria-label'); send.removeAttribute('title'); }")
    assert [found.partition(":")[0] for found in violations(page)] == ["button-name"]


def test_pressing_beside_the_dialog_closes_it_and_selecting_text_does_not(url: Make, new_page: Make) -> None:
    page = new_page()
    page.goto(url())
    page.get_by_role("button", name="Poser une question").click()
    box = page.get_by_role("dialog").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(20, 20)
    page.mouse.up()
    assert page.get_by_role("dialog").is_visible()
    page.mouse.click(20, 20)
    page.get_by_role("dialog").wait_for(state="hidden")
    assert focused(page) == "launch"
