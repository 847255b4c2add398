"""The agents' console in Chromium, with the service behind it."""

from collections.abc import Callable
from typing import Any

import pytest

from brain.feedback import Feedbacks
from brain.session import Brain

REFUND = "Combien de temps pour être remboursé ?"
Make = Callable[..., Any]


def ask(page: Any, question: str) -> None:
    page.locator("#question").fill(question)
    page.keyboard.press("Enter")


def answered(page: Any) -> Any:
    """The newest answer, once it is whole."""
    page.locator("article").first.locator("xpath=self::*[not(@aria-busy)]").wait_for()
    return page.locator("article").first


@pytest.mark.parametrize(
    ("locale", "ask_for", "copied", "question"),
    [
        ("fr-FR", "Question du client", "Copié.", REFUND),
        ("en-GB", "The customer's question", "Copied.", "How do I cancel my subscription?"),
    ],
)
def test_by_keyboard_alone(agents: str, new_page: Make, locale: str, ask_for: str, copied: str, question: str) -> None:
    page = new_page(locale=locale, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{agents}/console")
    field = page.get_by_role("textbox", name=ask_for)
    assert page.evaluate("document.documentElement.lang") == locale[:2]
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert field.evaluate("field => field === document.activeElement && field.value === ''")
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    article = answered(page)
    text = article.locator(".text").inner_text()
    assert text and " ms" in article.inner_text(), article.inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert page.evaluate("document.activeElement.parentElement.dataset.key") == "1"
    assert page.locator("#sources details[open] mark").first.inner_text() in text
    page.keyboard.press("c")
    page.get_by_role("button", name=copied).wait_for()
    title = page.locator("#sources summary").first.inner_text().partition(". ")[2]
    clipboard = page.evaluate("navigator.clipboard.readText()")
    assert f"\n\nSources\n- {title}" in clipboard and "[" not in clipboard
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("/", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert page.locator("article").count() == 0
    assert page.locator("#history button").count() == 1


def test_an_answer_from_an_internal_article_is_not_copied_for_a_customer(
    agents: str, new_page: Make, said: Make, answering: Make
) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    answering(page, said(), said(sources=[said()["sources"][0] | {"internal": True}]))
    page.goto(f"{agents}/console")
    ask(page, REFUND)
    answered(page).get_by_role("button", name="Copier pour le client").click()
    page.get_by_role("button", name="Copié.").wait_for()
    before = page.evaluate("navigator.clipboard.readText()")

    ask(page, REFUND)
    internal = answered(page)
    internal.get_by_text("article interne : à ne pas transmettre").wait_for()
    assert internal.get_by_role("button", name="Copier pour le client").count() == 0
    page.evaluate("navigator.clipboard.writeText('x')")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == "x" and before


def test_agents_shortcuts_can_be_turned_off(agents: str, new_page: Make) -> None:
    page = new_page()
    page.goto(f"{agents}/console")
    page.get_by_role("button", name="Raccourcis clavier").click()
    page.get_by_label("Raccourcis d'une touche actifs").uncheck()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="English").focus()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "language"


def test_a_follow_up_filters_and_the_session(agents: str, new_page: Make) -> None:
    page = new_page()
    page.goto(f"{agents}/console")
    ask(page, REFUND)
    answered(page)
    page.get_by_role("heading", name="Autres passages trouvés").wait_for()
    with page.expect_request("**/v1/answer") as asked:
        ask(page, "Et sur une carte cadeau ?")
    assert [turn["role"] for turn in asked.value.post_data_json["turns"]] == ["user", "assistant"]
    answered(page)
    tag = page.locator("#filters button").first
    name = tag.inner_text()
    with page.expect_request("**/v1/answer") as asked:
        tag.click()
    assert asked.value.post_data_json["tags"] == [name]
    assert asked.value.post_data_json["question"] == "Et sur une carte cadeau ?"
    answered(page)
    assert page.locator("#filters button[aria-pressed=true]").inner_text() == name
    page.reload()
    assert page.locator("#history button").count() == 3 == page.locator("article").count()
    page.locator("#history button", has_text=REFUND).click()
    assert page.locator("article[aria-current]").inner_text().startswith(REFUND)
    assert page.locator("#sources mark").count()


def test_a_citation_shows_its_own_quote(agents: str, new_page: Make) -> None:
    page = new_page()
    page.goto(f"{agents}/console")
    ask(page, "Quel délai pour un retour ?")
    article = answered(page)
    page.get_by_role("heading", name="Autres passages trouvés").wait_for()
    all_quotes = page.locator("#sources details[open] mark").count()
    assert all_quotes > 1
    article.locator(".cite").last.click()
    assert page.locator("#sources details[open] mark").count() < all_quotes
    assert article.locator(".cite[aria-pressed=true]").count() == 1
    assert page.locator("#sources mark").first.inner_text() in article.locator(".text").inner_text()
    link = page.locator("#sources details[open] a")
    assert link.get_attribute("href").startswith("https://") and ":~:text=" in link.get_attribute("href")


def test_a_quoted_table_is_a_table(agents: str, new_page: Make) -> None:
    page = new_page()
    page.goto(f"{agents}/console")
    ask(page, "Combien coûte la livraison en Corse pour un colis de 8 kg ?")
    said, cited = answered(page).locator(".text table"), page.locator("#sources mark table")
    assert (
        said.get_by_role("columnheader", name="Corse").count()
        == cited.get_by_role("columnheader", name="Corse").count()
        == 1
    )
    assert said.inner_text() == cited.inner_text() and "|" not in said.inner_text() and "--" not in said.inner_text()
    assert "De 5 à 15 kg" in said.get_by_role("row", name="16,90 €").nth(1).inner_text()
    assert said.locator("td.asked").all_inner_texts() == ["16,90 €"], "what 8 kg to Corsica costs is pointed at"


def test_each_status_is_told(agents: str, new_page: Make, said: Make, answering: Make) -> None:
    page = new_page()
    none: dict[str, Any] = {"sentences": [], "sources": [], "quoted": [], "text": ""}
    closest = [{"document_id": "d", "title": "Envoi", "url": "javascript:alert(1)"}]
    options = [{"value": v, "label": v.upper(), "documents": 2, "tag": f"produit:{v}"} for v in ("a1", "b2")]
    choices = [{"key": "produit", "label": "Produit", "options": options, "total": 2}]
    one = said()["sources"][0]
    two = one | {"number": 2, "document_id": "e", "title": "Envoi 2", "updated_at": "2026-05-02", "newer": True}
    doubtful = [said()["sentences"][0] | {"supported": False, "problems": ["2 jours"]}]
    asked = answering(
        page,
        said(
            status="refused",
            reason="expired",
            message="Plus valable.",
            closest=closest,
            contact="tel:+33102030405",
            **none,
        ),
        said(status="needs_clarification", message="Quel produit ?", choices=choices, **none),
        said(status="refused", reason="conflicting", message="Contradiction.", sources=[one, two]),
        said(status="degraded", reason="model_failed", message="Pas de rédaction.", sentences=doubtful),
        said(status="answered", reason="small_talk", message="Bonjour !", **none),
    )
    page.goto(f"{agents}/console")
    ask(page, REFUND)
    refused = answered(page).inner_text()
    assert all(words in refused for words in ("Sans réponse : article périmé", "Plus valable.", "Envoi"))
    assert page.locator("article a").get_attribute("href") == "tel:+33102030405"  # and no javascript:
    ask(page, REFUND)
    page.get_by_role("button", name="B2").click()
    page.get_by_text("articles contradictoires").first.wait_for()
    assert asked[2]["tags"] == ["produit:b2"] and asked[2]["question"] == REFUND
    sources = page.locator("#sources").inner_text()
    assert "2. Envoi 2" in sources and "mis à jour le 18 mars 2026" in sources
    assert page.locator("#sources details[open]").count() == 2
    page.get_by_text("mis à jour le 2 mai 2026 · le plus récent").wait_for()
    ask(page, REFUND)
    page.get_by_text("Réponse dégradée : rédaction indisponible").wait_for()
    assert "à vérifier" in answered(page).inner_text()
    ask(page, "Bonjour")
    page.get_by_text("Bonjour !").first.wait_for()


def test_a_key_is_asked_for_once_and_kept_in_this_tab_only(locked: tuple[str, str], new_page: Make) -> None:
    origin, right = locked
    page = new_page(strict=False)
    given: list[str | None] = []
    page.on("request", lambda r: given.append(r.headers.get("authorization")) if r.url.endswith("/v1/answer") else None)
    page.goto(f"{origin}/console")
    ask(page, REFUND)
    for key, why in (("brain_wrong", "Le service demande une clé."), (right, "Cette clé n'est pas valable.")):
        page.get_by_role("dialog").get_by_text(why).wait_for()
        page.get_by_role("dialog").get_by_label("Clé d'API").fill(key)
        page.keyboard.press("Enter")
    page.locator("article .cite").first.wait_for()
    page.get_by_role("heading", name="Autres passages trouvés").wait_for()
    ask(page, "Et sur une carte cadeau ?")
    page.locator("article").nth(1).wait_for()
    answered(page)
    assert given == [None, f"Bearer {right}", f"Bearer {right}"]  # with the wrong one no conversation could be begun
    assert right not in page.evaluate("JSON.stringify(localStorage) + document.cookie + document.body.textContent")
    page.get_by_role("button", name="Oublier la clé").click()
    page.locator("#forget").wait_for(state="hidden")
    assert right not in page.evaluate("JSON.stringify(sessionStorage)")
    assert page.locator("#history button").count() == 0


@pytest.mark.parametrize(
    ("locale", "give", "kept", "drop"),
    [
        ("fr-FR", "Donner une clé", "Conversations gardées", "Supprimer : "),
        ("en-GB", "Give a key", "Kept conversations", "Delete: "),
    ],
)
def test_with_a_key_the_conversations_outlive_the_tab(
    locked: tuple[str, str], new_page: Make, violations: Make, locale: str, give: str, kept: str, drop: str
) -> None:
    origin, key = locked

    def opened(strict: bool = True) -> Any:
        """A tab of its own, which knows nothing of the others."""
        page = new_page(locale=locale, strict=strict)
        page.goto(f"{origin}/console")
        page.get_by_role("button", name=give).click()
        page.locator("#key").fill(key)
        page.keyboard.press("Enter")
        return page

    first = opened()
    ask(first, REFUND)
    text = answered(first).locator(".text").inner_text()
    first.get_by_role("heading", name=kept).wait_for()
    first.context.close()

    page = opened(strict=False)  # it will meet a 404
    talk = page.locator("#kept button", has_text=REFUND).first
    talk.click()
    assert page.locator("article .text").inner_text() == text
    page.locator(".cite").first.click()
    assert page.locator("#cited mark").first.inner_text() in text
    assert page.locator("#kept [aria-current]").count() == 1 and violations(page) == []
    with page.expect_request("**/v1/answer") as asked:
        ask(page, "Et sur une carte cadeau ?")
    sent = asked.value.post_data_json
    assert sent["conversation_id"] and "turns" not in sent
    page.locator("article").nth(1).wait_for()
    answered(page)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert page.locator("article").count() == 0

    last = opened()
    last.locator("#kept button", has_text=REFUND).first.click()
    last.locator("article").nth(1).wait_for()
    assert last.locator("article h2").all_inner_texts() == ["Et sur une carte cadeau ?", REFUND]
    last.on("dialog", lambda dialog: dialog.accept())
    last.get_by_role("button", name=f"{drop}{REFUND}").click()
    last.locator("article").first.wait_for(state="detached")
    last.locator("#kept button").first.wait_for(state="detached")
    # The other tab still shows it; what is asked there goes on without being kept.
    page.locator("#history button", has_text=REFUND).click()
    ask(page, "Et sans le ticket ?")
    page.locator("article").nth(2).wait_for()
    assert answered(page).locator(".warn").count() == 0


def test_without_a_key_nothing_is_kept_for_all_who_come_from_there(agents: str, new_page: Make) -> None:
    page = new_page()
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if "/v1/conversations" in r.url else None)
    page.goto(f"{agents}/console")
    ask(page, REFUND)
    answered(page)
    assert sent == [] and page.locator("#kept").inner_text() == ""


@pytest.mark.parametrize(
    ("locale", "lost", "try_again"),
    [
        ("fr-FR", "Réponse incomplète : la connexion a été coupée.", "Réessayer"),
        ("en-GB", "Incomplete answer: the connection was lost.", "Try again"),
    ],
)
def test_killed_in_mid_answer(killable: Any, new_page: Make, locale: str, lost: str, try_again: str) -> None:
    origin, start, wait = killable
    wait.touch()
    process = start()
    page = new_page(strict=False, locale=locale)
    page.goto(f"{origin}/console")
    ask(page, "Combien de jours pour renvoyer un article ?")
    article = page.locator("article")
    article.get_by_text("sous 14 jours").wait_for()
    process.kill()
    article.get_by_text(lost).wait_for()
    assert "sous 14 jours" in article.inner_text()
    process.wait()
    wait.unlink()
    start()
    page.get_by_role("button", name=try_again).click()
    article.get_by_text("soldés").wait_for()
    assert page.locator(".warn").count() == 0


@pytest.mark.parametrize(("locale", "says"), [("fr-FR", "Passages trouvés"), ("en-GB", "Passages found")])
def test_what_was_found_is_shown_while_the_answer_is_written(
    cable: Any, slow: Any, new_page: Make, violations: Make, locale: str, says: str
) -> None:
    page = new_page(strict=False, locale=locale)
    searched: list[str] = []
    page.on("request", lambda r: searched.append(r.url) if r.url.endswith("/v1/search") else None)
    page.goto(f"{cable.url}/console")
    ask(page, slow.question)
    sources = page.locator("#sources")
    sources.get_by_role("heading", name=says).wait_for()
    sources.locator("summary").click()
    assert "soldés" in sources.locator("blockquote").inner_text()
    assert page.locator("article .text").inner_text() == "" and violations(page) == []
    slow.may_say[0].set()
    # What is cited moves up, with its number and its quote marked, before the answer is whole.
    assert sources.locator("mark").inner_text() == "Un article se renvoie sous 14 jours."
    assert sources.locator("summary").all_inner_texts() == ["1. Retours"]
    page.locator(".cite").click()
    slow.may_say[1].set()
    answered(page)
    assert page.evaluate("document.activeElement.parentElement.dataset.key") == "1"
    assert sources.locator("mark").all_inner_texts() == ["Un article se renvoie sous 14 jours."]
    assert searched == []  # what was found came with the answer


@pytest.mark.parametrize(("locale", "says"), [("fr-FR", "Connexion perdue"), ("en-GB", "Connection lost")])
def test_a_lost_connection_is_taken_up_where_it_broke_off(
    cable: Any, slow: Any, new_page: Make, locale: str, says: str
) -> None:
    page = new_page(strict=False, locale=locale)
    page.goto(f"{cable.url}/console")
    slow.may_say[0].set()
    ask(page, slow.question)
    article = page.locator("article")
    article.get_by_text("sous 14 jours").wait_for()
    cable.pull()
    article.get_by_text(says).wait_for()
    slow.may_say[1].set()
    text = answered(page).locator(".text").inner_text()
    assert text.count("sous 14 jours") == text.count("soldés") == 1 and slow.times == 1
    assert page.locator(".warn").count() == 0


def test_on_a_slow_network(agents: str, new_page: Make) -> None:
    page = new_page()
    page.goto(f"{agents}/console")
    slow = {"offline": False, "latency": 400, "downloadThroughput": 8_000, "uploadThroughput": 8_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    ask(page, REFUND)
    page.locator("article[aria-busy]").get_by_text("Recherche en cours").wait_for()
    assert page.locator("#send").inner_text() == "Arrêter"
    assert answered(page).locator(".cite").count()


def test_feedback_with_its_reason(agents: str, new_page: Make, sample: Brain) -> None:
    page = new_page()
    page.goto(f"{agents}/console")
    ask(page, REFUND)
    answered(page)
    page.locator(".up").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("-")
    page.get_by_label("Pourquoi ?").select_option("outdated")
    page.get_by_label("Commentaire").fill("Depuis mai, c'est 3 jours.")
    page.get_by_label("Ce qu'il fallait répondre").fill("Sous 3 jours.")
    with page.expect_response("**/v1/feedback") as sent:
        page.get_by_role("button", name="Envoyer l'avis").click()
    assert sent.value.status == 201
    page.locator(".down[aria-pressed=true]").wait_for()
    page.keyboard.press("Escape")
    with page.expect_response("**/v1/feedback") as sent:
        page.keyboard.press("+")
    assert sent.value.status == 201
    page.locator(".up[aria-pressed=true]").wait_for()
    feedbacks = Feedbacks(sample.settings)
    up, down = feedbacks.newest(2)
    feedbacks.close()
    assert (up["thumbs"], up["answer_id"]) == ("up", down["answer_id"])
    assert (down["reason"], down["comment"], down["correction"]) == (
        "outdated",
        "Depuis mai, c'est 3 jours.",
        "Sous 3 jours.",
    )


@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 568}}]
)
def test_axe_finds_nothing_wrong(agents: str, new_page: Make, violations: Make, look: dict[str, Any]) -> None:
    page = new_page(**look)
    page.goto(f"{agents}/console")
    assert violations(page) == []
    ask(page, REFUND)
    answered(page)
    page.get_by_role("heading", name="Autres passages trouvés").wait_for()
    page.locator(".cite").first.click()
    page.get_by_role("button", name="Pas utile").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Raccourcis clavier").click()
    assert violations(page) == []


@pytest.mark.parametrize(
    ("status", "words"), [(403, "Votre clé ne permet pas"), (429, "Trop de questions à la fois."), (500, "n'a pas pu")]
)
def test_problems_are_told_in_the_agents_words(agents: str, new_page: Make, status: int, words: str) -> None:
    page = new_page(strict=False)
    page.route("**/v1/answer", lambda route: route.fulfill(status=status, json={"title": "x", "status": status}))
    page.goto(f"{agents}/console")
    ask(page, REFUND)
    answered(page).get_by_text(words).wait_for()
    page.unroute("**/v1/answer")
    page.get_by_role("button", name="Réessayer").click()
    page.locator("article .cite").first.wait_for()
