"""The short questions to a large help centre are what their README says."""

import gzip
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

import eval
from brain.text.asking import without_kind
from eval.cases import load_cases

CASES = load_cases(Path(eval.__file__).parent / "service_public_fr" / "cases.jsonl")
DATA = os.environ.get("BRAIN_DATA_DIR")


def test_there_are_135_short_french_questions() -> None:
    assert [case.id for case in CASES] == [f"service-public-fr-{number:03d}" for number in range(1, 136)]
    assert {case.language for case in CASES} == {"fr"}
    assert len({case.text for case in CASES}) == 135
    assert max(len(without_kind(case.text).split()) for case in CASES) <= 13


def test_they_are_of_the_kinds_that_the_readme_counts() -> None:
    assert Counter(tag for case in CASES for tag in case.tags) == {"short": 135, "seen": 77, "held-out": 58}


def test_each_names_its_pages_and_its_cluster_is_the_first() -> None:
    for case in CASES:
        documents = case.expect.documents or ()
        assert documents and all(re.fullmatch(r"F\d+", document) for document in documents), case.id
        assert case.cluster == documents[0] and len(set(documents)) == len(documents), case.id


@pytest.mark.skipif(not DATA, reason="BRAIN_DATA_DIR names no folder with the corpora")
def test_every_page_is_there() -> None:
    corpus = Path(DATA or "") / "fr_service_public" / "docs.jsonl.gz"
    ids = {json.loads(line)["id"] for line in gzip.decompress(corpus.read_bytes()).decode().split("\n") if line}
    assert {id for case in CASES for id in case.expect.documents or ()} <= ids
