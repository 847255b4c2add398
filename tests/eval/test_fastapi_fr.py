"""The French questions on English pages are what their README says."""

from collections import Counter
from pathlib import Path

import eval
from eval.cases import load_cases

CASES = load_cases(Path(eval.__file__).parent / "fastapi_fr" / "cases.jsonl")
SUFFIX = ".en"


def test_there_are_sixty_french_questions_on_english_pages() -> None:
    assert [case.id for case in CASES] == [f"fastapi-fr-{number:03d}" for number in range(1, 61)]
    assert {(case.language, case.filters.document_languages) for case in CASES} == {("fr", ("en",))}
    assert len({case.text for case in CASES}) == 60


def test_each_names_one_or_two_pages_and_its_cluster_is_the_first() -> None:
    for case in CASES:
        documents = case.expect.documents or ()
        assert 1 <= len(documents) <= 2, case.id
        assert all(document.endswith(".md" + SUFFIX) for document in documents), case.id
        assert case.cluster == documents[0].removesuffix(SUFFIX), case.id


def test_they_are_spread_over_the_documentation() -> None:
    assert len({case.unit for case in CASES}) == 60
    assert sum(len(case.expect.documents or ()) == 2 for case in CASES) == 8


def test_they_are_of_the_kinds_that_the_readme_counts() -> None:
    assert Counter(tag for case in CASES for tag in case.tags) == {
        "keyword": 13,
        "untidy": 9,
        "informal": 10,
        "misspelt": 10,
    }
