"""Drafts from the knowledge base: questions that its pages should answer, and some that nothing in it answers."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from brain.encoder import Encoder
from brain.index import Index
from brain.index.base import Payload
from brain.text.analyzer import terms
from brain.text.language import UNKNOWN
from eval.cases import Case
from eval.cases_from.drafts import Draft, draft_id

ALIKE = 0.97
"""Cosine of two questions from which on one of them is enough."""
_INFINITIVE = re.compile(r"(?:se |s')?\w{2,}(?:er|ir|re|oir)$", re.IGNORECASE)
_ENGLISH_VERB = re.compile(r"(\w{3,})ing$", re.IGNORECASE)
FORMS = {
    "fr": ("Comment {} ?", "Que dit l'aide sur « {} » ?", "{} : {} ?"),
    "en": ("How does {} work?", "What does the help say about “{}”?", "{}: {}?"),
}
FOREIGN = {
    "fr": (
        "Qui a gagné le dernier Tour de France ?",
        "Quel temps fera-t-il demain à Brest ?",
        "Peux-tu m'écrire un poème sur l'automne ?",
        "Quel est le cours de l'or aujourd'hui ?",
        "Combien de calories y a-t-il dans une banane ?",
    ),
    "en": (
        "Who won the last World Cup?",
        "What will the weather be like in Leeds tomorrow?",
        "Write me a poem about autumn.",
        "What is the price of gold today?",
        "How many calories are there in a banana?",
    ),
}
TWISTS = {
    "fr": ("par télécopie", "en bitcoins", "depuis le Groenland", "pour un navire de pêche", "un 29 février"),
    "en": ("by fax", "in bitcoins", "from Greenland", "for a fishing boat", "on a leap day"),
}


def drafts_from_index(
    index: Index, encoder: Encoder, count: int = 50, seed: int = 0, unanswerable: float = 0.25
) -> Iterator[Draft]:
    """About `count` drafts, of which the share `unanswerable` should be refused. Pages are drawn by `seed`.

    The encoder only keeps questions apart that mean the same.
    """
    rng = random.Random(seed)
    pages = _pages(index)
    rng.shuffle(pages)
    wanted = round(count * (1 - unanswerable))
    made = [draft for page in pages[: 3 * wanted] for draft in _answerable(page, rng)]
    yield from _apart(made, encoder)[:wanted]
    vocabulary = {term for page in pages for payload in page for term in terms(payload["text"], _language(page))}
    yield from list(_unanswerable(pages, vocabulary, rng))[: count - wanted]


def _pages(index: Index) -> list[list[Payload]]:
    """The passages of each document that has a title."""
    held: dict[tuple[str, str], list[Payload]] = defaultdict(list)
    for _, payload in index.points():
        if payload["title"]:
            held[payload["tenant"], payload["document_id"]].append(payload)
    return [held[key] for key in sorted(held)]


def _language(page: Sequence[Payload]) -> str:
    tag = page[0]["language"] or UNKNOWN
    return tag if tag in FORMS else "en"


def _answerable(page: Sequence[Payload], rng: random.Random) -> Iterator[Draft]:
    """A question of its title, or of one of its headings under the title."""
    first, language = page[0], _language(page)
    headings = [p["heading_path"][-1] for p in page if p["heading_path"] and p["heading_path"][-1] != p["title"]]
    how, about, both = FORMS[language]
    if headings and rng.random() < 0.4:
        heading = rng.choice(headings).rstrip(" ?:.")
        yield _draft(
            first, language, both.format(first["title"].rstrip(" ?:."), _lowered(heading)), f"heading “{heading}”"
        )
        return
    title = first["title"].strip()
    word = title.split()[0]
    if title.endswith("?"):
        question = title
    elif (language == "fr" and _INFINITIVE.match(word)) or (language == "en" and _ENGLISH_VERB.match(word)):
        question = how.format(_lowered(title.rstrip(".")))
    else:
        question = about.format(title.rstrip("."))
    yield _draft(first, language, question, f"title “{title}”")


def _unanswerable(pages: Sequence[Sequence[Payload]], vocabulary: set[str], rng: random.Random) -> Iterator[Draft]:
    """In turn a question about something else, and one about a page with a twist whose words no page has."""
    languages = sorted({_language(page) for page in pages})
    foreign = [(language, text) for language in languages for text in FOREIGN[language]]
    rng.shuffle(foreign)
    twisted = [(page, twist) for page in pages for twist in TWISTS[_language(page)]]
    rng.shuffle(twisted)
    for language, text in foreign:
        expect = {"status": "refused", "reason": "out_of_scope"}
        yield Draft(
            _case(draft_id("foreign", text), text, language, None, expect, ["unanswerable"]),
            "knowledge",
            "about something else",
        )
        while twisted:
            page, twist = twisted.pop()
            language_ = _language(page)
            if vocabulary.isdisjoint(terms(twist, language_)):
                title = page[0]["title"].rstrip(" ?:.")
                question = FORMS[language_][2].format(title, twist)
                id, about = draft_id("twist", page[0]["document_id"], twist), page[0]["document_id"]
                case = _case(id, question, language_, about, {"status": "refused"}, ["unanswerable", "near-miss"])
                yield Draft(case, "knowledge", f"no page holds “{twist}”")
                break


def _draft(payload: Payload, language: str, question: str, detail: str) -> Draft:
    document = payload["document_id"]
    expect = {"status": "answered", "documents": [document]}
    case = _case(draft_id("page", document, question), question, language, document, expect, ["drafted"])
    if "public" not in payload["audience"]:
        case = case.model_copy(update={"filters": case.filters.model_copy(update={"audience": payload["audience"][0]})})
    return Draft(case, "knowledge", f"{detail} of {document}")


def _case(
    id: str, question: str, language: str, cluster: str | None, expect: Mapping[str, object], tags: list[str]
) -> Case:
    return Case.model_validate(
        {"id": id, "question": question, "language": language, "cluster": cluster, "tags": tags, "expect": expect}
    )


def _apart(drafts: Sequence[Draft], encoder: Encoder) -> list[Draft]:
    if not drafts:
        return []
    vectors = encoder.encode_questions([draft.case.text for draft in drafts])
    kept: list[int] = []
    for at in range(len(drafts)):
        if not kept or float(np.max(vectors[kept] @ vectors[at])) < ALIKE:
            kept.append(at)
    return [drafts[at] for at in kept]


def _lowered(text: str) -> str:
    """The first letter small, unless the word is an acronym."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
