"""French labour law, one question times a hundred agreements: without the agreement search says so, with it there is one page.

Real answers of the ministry, the embedded encoder, Qdrant Edge. Nine questions with all their agreements (`idcc:…`) and the
generic answers to all 41 are indexed: 1,086 documents, of which many say the same and are encoded once.
"""

import asyncio
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from brain.session import Brain
from brain.settings import load_settings
from brain.types import Passages, Question, Status
from ingest.parse import Defaults
from ingest.run import ingest_folder

TITLE = ""
"""Asked in the page's own words, its title."""

ASKED = {
    6: [
        TITLE,
        "Je suis tombé malade pendant ma période d'essai, est-elle prolongée ?",
        "Que se passe-t-il en cas d'arrêt maladie durant la période d'essai ?",
        "Un arrêt de travail suspend-il la période d'essai ?",
        "malade en période d'essai, l'employeur peut-il rompre le contrat",
    ],
    9: [
        TITLE,
        "Mon entreprise a-t-elle le droit de m'embaucher en CDI de chantier ?",
        "Le contrat de chantier est-il possible dans ma branche ?",
        "C'est quoi les règles pour recruter en CDI d'opération ?",
        "CDI de chantier : l'entreprise peut-elle en proposer un",
        "Un employeur peut-il recourir au contrat de chantier ou d'opération ?",
    ],
    12: [
        TITLE,
        "Combien de temps au maximum peut durer un CDD ?",
        "Mon CDD peut-il dépasser 18 mois ?",
        "Quelle durée maximale pour un CDD ?",
        "durée maximale d'un contrat à durée déterminée CDD",
        "Jusqu'à combien de mois peut-on employer quelqu'un en CDD ?",
    ],
    14: [
        TITLE,
        "À combien s'élève la prime de précarité à la fin de mon CDD ?",
        "Quelle indemnité de fin de contrat après un CDD ?",
        "Mon CDD se termine, est-ce que je touche 10 % de prime de précarité ?",
        "calcul de l'indemnité de fin de CDD",
        "Quel est le montant de l'indemnité à la fin d'un CDD ?",
    ],
    18: [
        TITLE,
        "Combien vaut l'indemnité de fin de mission en intérim ?",
        "Je suis intérimaire, à combien s'élève la prime de précarité à la fin de ma mission ?",
        "indemnité de fin de contrat de mission d'intérim : quel montant",
        "fin de contrat intérim, quelle indemnité dois-je toucher",
    ],
    19: [
        TITLE,
        "Quelles sont les règles du cumul d'emplois ?",
        "Ai-je droit au cumul d'emplois avec un autre employeur ?",
        "conditions pour cumuler deux emplois",
        "cumul de deux emplois salariés : quelles règles",
        "Le cumul de plusieurs emplois est-il permis ?",
    ],
    20: [
        TITLE,
        "Combien de temps de préavis si je démissionne ?",
        "Je démissionne : quelle est la durée de mon préavis ?",
        "durée préavis démission cadre",
        "durée du préavis quand le salarié donne sa démission",
        "Quel préavis dois-je respecter pour ma démission ?",
    ],
    37: [
        TITLE,
        "Je suis malade pendant mon préavis, est-il prolongé ?",
        "Un arrêt maladie repousse-t-il la fin du préavis ?",
        "J'ai démissionné et je tombe malade pendant le préavis, que se passe-t-il ?",
        "arrêt maladie durant le préavis : quelles conséquences pour le salarié",
    ],
    41: [
        TITLE,
        "Mon patron est mort, est-ce que mon contrat de travail s'arrête ?",
        "Que devient mon contrat si l'employeur décède ?",
        "L'employeur vient de décéder, suis-je licencié automatiquement ?",
        "bonjour, notre gérant est décédé la semaine dernière, que se passe t il pour les salariés et leur contrat",
    ],
}
"""By the number with which the ids of an answer's pages begin."""

QUESTIONS = [(number, text) for number, texts in ASKED.items() for text in texts]


class Corpus(NamedTuple):
    brain: Brain
    titles: dict[int, str]
    agreements: dict[int, list[str]]


@pytest.fixture(scope="module")
def corpus(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    root = tmp_path_factory.mktemp("code-travail")
    kb = root / "kb"
    kb.mkdir()
    titles: dict[int, str] = {}
    agreements: dict[int, list[str]] = defaultdict(list)
    for row in rows(data_dir / "fr_code_travail" / "contributions_by_convention.jsonl.gz"):
        number = int(row["id"].split("-")[0])
        if number in ASKED and row["markdown"].strip():
            titles[number] = " ".join(row["question"].split())
            agreements[number].append(row["idcc"])
            page(kb, row["id"], row["question"], row["markdown"], f"idcc:{row['idcc']}")
    for number, row in enumerate(rows(data_dir / "fr_code_travail" / "contributions_generic.jsonl.gz"), 1):
        page(kb, f"generic-{number}", row["question"], row["markdown"])
    settings = load_settings(home=root / "home", ingest={"workers": 1})
    summary = ingest_folder(kb, settings, defaults=Defaults("code-travail"))
    assert (summary.added, summary.failed) == (1086, {})
    assert summary.encoded == 275, "equal texts are encoded once"
    brain = Brain.open(settings)
    yield Corpus(brain, titles, agreements)
    brain.close()


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def page(kb: Path, id: str, title: str, body: str, *tags: str) -> None:
    fields = {"id": id, "title": title.strip(), "language": "fr", "audience": "public", "tags": list(tags)}
    front = "\n".join(f"{name}: {json.dumps(value)}" for name, value in fields.items())
    (kb / f"{id}.md").write_text(f"---\n{front}\n---\n\n{body.strip()}\n", encoding="utf-8")


def search(corpus: Corpus, number: int, text: str, *tags: str) -> Passages:
    return asyncio.run(corpus.brain.search(Question(text or corpus.titles[number], tags=tags)))


def titles_of(passages: Passages, *, tagged: bool) -> list[str]:
    return [
        " ".join(found[0].title.split()) for found in passages.by_document().values() if bool(found[0].tags) == tagged
    ]


@pytest.mark.parametrize(("number", "text"), QUESTIONS)
def test_without_an_agreement_search_says_that_the_pages_differ_by_it(corpus: Corpus, number: int, text: str) -> None:
    found = search(corpus, number, text)

    (facet,) = found.facets
    assert facet.key == "idcc"
    assert {value for value, _ in facet.values} >= set(corpus.agreements[number])
    variants = titles_of(found, tagged=True)
    assert corpus.titles[number] in variants
    assert len(variants) == len(set(variants)), "of each answer's variants one is shown"
    assert titles_of(found, tagged=False), "the generic pages stay visible"
    assert len(found.by_document()) >= 4


@pytest.mark.parametrize(("at", "number", "text"), [(at, *question) for at, question in enumerate(QUESTIONS)])
def test_with_its_agreement_only_that_ones_and_generic_pages_are_found(
    corpus: Corpus, at: int, number: int, text: str
) -> None:
    agreement = random.Random(at).choice(corpus.agreements[number])

    found = search(corpus, number, text, f"idcc:{agreement}")

    assert found
    assert {tag for passage in found for tag in passage.tags} <= {f"idcc:{agreement}"}
    assert found.facets == ()


def test_with_its_agreement_its_page_is_found_and_mostly_among_the_first_two(corpus: Corpus) -> None:
    places = []
    for at, (number, text) in enumerate(QUESTIONS):
        agreement = random.Random(at).choice(corpus.agreements[number])
        ranked = list(search(corpus, number, text, f"idcc:{agreement}").by_document())
        places += [ranked.index(f"{number}-{agreement}")] if f"{number}-{agreement}" in ranked else []

    assert len(places) >= 0.96 * len(QUESTIONS)
    assert sum(place < 2 for place in places) >= 0.9 * len(QUESTIONS)


@pytest.mark.parametrize(("number", "text"), QUESTIONS)
def test_without_an_agreement_the_answer_asks_which(corpus: Corpus, number: int, text: str) -> None:
    found = asyncio.run(corpus.brain.ask(Question(text or corpus.titles[number])))

    if found.status is not Status.NEEDS_CLARIFICATION:  # ranking may put another page first
        assert not found.choices
        return
    (choice,) = found.choices
    assert (choice.key, found.sentences, found.reason) == ("idcc", (), None)
    assert len(choice.options) == 10 < choice.total
    assert {option.value for option in choice.options} <= set(corpus.agreements[number])


def test_most_questions_are_asked_back_and_answered_with_the_agreement(corpus: Corpus) -> None:
    asked_back, answered, named = 0, 0, 0
    for at, (number, text) in enumerate(QUESTIONS):
        agreement, asked = random.Random(at).choice(corpus.agreements[number]), text or corpus.titles[number]
        asked_back += asyncio.run(corpus.brain.ask(Question(asked))).status is Status.NEEDS_CLARIFICATION
        with_tag = asyncio.run(corpus.brain.ask(Question(asked, tags=(f"idcc:{agreement}",))))
        answered += with_tag.status is Status.ANSWERED
        within = asyncio.run(corpus.brain.ask(Question(f"{asked} (convention {agreement})")))
        assert within.trace.named in ((f"idcc:{agreement}",), ())
        assert within.status is not Status.NEEDS_CLARIFICATION or not within.trace.named
        named += within.trace.named != ()
    assert asked_back >= 0.8 * len(QUESTIONS)
    assert answered >= 0.8 * len(QUESTIONS)
    assert named >= 0.9 * len(QUESTIONS)
