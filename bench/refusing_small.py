"""Small help centres with short questions, made of larger corpora, for `bench.refusing`: what somebody meets who tries Brain out.

    python -m bench.refusing_small DATA OUT

Of each corpus a few dozen short pages; the questions to pages that were left out are those that can't be answered. Names are
`CORPUS.small…`, so that `bench.refusing` never judges one by weights fitted on the rest of its corpus. Each folder of OUT holds `kb`,
for `brain ingest --audience public`, and `cases.jsonl`. `docs/decisions/0017-sufficiency.md` says what they are for.
"""

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWERABLE = 0.6
"""Share of the pages that are put into the knowledge base."""
PAGES = 100
HOTELS = 6
TOPICS = {
    "Parking": r"\bpark|\bcars?\b",
    "WiFi": r"wi-?fi|internet",
    "Breakfast": r"breakfast",
    "Pets": r"\bpets?\b|\bdogs?\b",
    "Smoking": r"smok",
    "Children": r"child|\bkids?\b|crib|\bcots?\b",
    "Check-in and check-out": r"check.?(in|out)",
    "Payment": r"pay|deposit|credit",
    "Cancellation": r"cancel",
    "Laundry": r"laundry|dry clean|iron",
    "Accessibility": r"disab|wheelchair|access|\blift\b|elevator",
    "Fitness and spa": r"fitness|gym|\bspa\b|\bpool|sauna|massage",
    "Food and drinks": r"restaurant|\bbar\b|room service|dinner|meal",
    "Rooms": r"room|\bbeds?\b|kitchen|housekeep|balcon|terrace",
    "Getting here": r"shuttle|airport|transport|tour",
    "Front desk": r"front desk|concierge|luggage|language|staff",
    "Meetings": r"meeting|banquet|business",
}
"""What a hotel's page is about, in the order in which a question is assigned."""


@dataclass(frozen=True)
class Page:
    """A page, and the questions that it answers."""

    id: str
    title: str
    text: str
    language: str
    questions: tuple[str, ...]


def rows(path: Path) -> list[dict[str, Any]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.decode().split("\n") if line]


def hotels(data: Path) -> Iterator[tuple[str, list[Page]]]:
    """Some hotels' answers, a page a topic; of one that has been asked about twice the pages hold both answers."""
    of: dict[str, list[dict[str, Any]]] = {}
    for row in rows(data / "en_dstc10_faq" / "docs.jsonl.gz"):
        if row["domain"] == "hotel":
            of.setdefault(row["entity"], []).append(row)
    for number, name in enumerate(random.Random(0).sample(sorted(of), HOTELS)):
        about: dict[str, list[dict[str, Any]]] = {}
        for row in of[name]:
            topic = next((topic for topic, words in TOPICS.items() if re.search(words, row["question"], re.I)), None)
            if topic:
                about.setdefault(topic, []).append(row)
        pages = [
            Page(
                topic.lower(), topic, "\n\n".join(r["answer"] for r in found), "en", tuple(r["question"] for r in found)
            )
            for topic, found in about.items()
        ]
        yield f"en_dstc10_faq.small{number}", pages


def service_public(data: Path) -> list[Page]:
    """Short questions with the paragraph that answers them."""
    titles = {row["id"]: row["title"] for row in rows(data / "fr_service_public" / "docs.jsonl.gz")}
    found: dict[str, Page] = {}
    for row in rows(data / "fr_service_public" / "qr_short_answers.jsonl"):
        id, before = row["gold_id"], found.get(row["gold_id"])
        title = titles.get(id, "Service public")
        asked = (*(before.questions if before else ()), row["question"])
        text = row["context"] if not before or row["context"] in before.text else f"{before.text}\n\n{row['context']}"
        found[id] = Page(id, title, text, "fr", asked)
    return list(found.values())


def cnil(data: Path) -> list[Page]:
    """Pages under their theme; the title is the question."""
    pages = rows(data / "fr_cnil" / "docs.jsonl.gz")
    return [
        Page(p["id"], p["theme"] or "Questions", p["text"], "fr", (p["title"],)) for p in pages if "?" in p["title"]
    ]


def code_travail(data: Path) -> list[Page]:
    """The generic answers to questions on labour law, without a title."""
    found = rows(data / "fr_code_travail" / "contributions_generic.jsonl.gz")
    return [Page(p["id"], "Questions", p["answer"], "fr", (p["question"],)) for p in found]


def product_docs(data: Path) -> list[Page]:
    """Sections that answer a question alone."""
    text = {row["chunk_link"]: row for row in rows(data / "en_product_docs_eval" / "docs.jsonl")}
    found: dict[str, list[str]] = {}
    for case in rows(data / "en_product_docs_eval" / "cases.jsonl"):
        for gold in case["expect"]["documents"][:1]:
            found.setdefault(gold, []).append(case["question"])
    return [
        Page(link, text[link]["chunk_heading"], text[link]["text"], "en", tuple(asked)) for link, asked in found.items()
    ]


def write(out: Path, name: str, pages: Sequence[Page]) -> None:
    pages = random.Random(name).sample(list(pages), min(PAGES, len(pages)))
    inside = pages[: round(ANSWERABLE * len(pages))]
    folder = out / name / "kb"
    folder.mkdir(parents=True, exist_ok=True)
    for at, page in enumerate(inside):
        fields = {"id": page.id, "title": page.title, "language": page.language}
        head = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items())
        (folder / f"{at}.md").write_text(f"---\n{head}---\n\n{page.text}\n", encoding="utf-8")
    lines = [json.dumps(case, ensure_ascii=False) for case in _cases(pages, inside)]
    (out / name / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(inside)} pages, {len(lines)} questions")


def _cases(pages: Iterable[Page], inside: Sequence[Page]) -> Iterator[dict[str, Any]]:
    for page in pages:
        for number, question in enumerate(page.questions):
            answered = {"status": "answered", "documents": [page.id]}
            expect = answered if page in inside else {"status": "refused", "reason": "insufficient_evidence"}
            case = {"id": f"{page.id}-{number}", "question": question, "language": page.language, "cluster": page.id}
            yield case | {"expect": expect}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the corpora")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    for name, pages in (
        *hotels(given.data),
        ("fr_service_public.small", service_public(given.data)),
        ("fr_cnil.small", cnil(given.data)),
        ("fr_code_travail.small", code_travail(given.data)),
        ("en_product_docs_eval.small", product_docs(given.data)),
    ):
        write(given.out, name, pages)


if __name__ == "__main__":
    main()
