"""An index opens with the settings that it was built with, or says what differs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brain.errors import IndexMismatchError
from brain.index import open_index
from brain.index.fingerprint import check_manifest, new_manifest
from brain.settings import Settings, load_settings
from brain.testing import HashEncoder
from brain.text import analyzer

ENDPOINT = {"provider": "endpoint", "model": "m", "url": "http://localhost:1/v1"}


class OtherEncoder(HashEncoder):
    name = "other-64"


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ({}, {"encoder": ENDPOINT}, ("encoder_provider", "'embedded'", "'endpoint'")),
        ({"encoder": ENDPOINT}, {"encoder": ENDPOINT | {"model": "n"}}, ("encoder_model", "'m'", "'n'")),
        ({"encoder": ENDPOINT}, {"encoder": ENDPOINT | {"question_prefix": "q: "}}, ("prefixes", "'q: '")),
        ({"encoder": ENDPOINT}, {"encoder": ENDPOINT | {"passage_prefix": "p: "}}, ("prefixes", "'p: '")),
        ({}, {"splitter": {"tokens": 100}}, ("splitter", "'tokens': 250", "'tokens': 100")),
        ({}, {"sparse": {"k1": 2}}, ("analyzer", "'k1': 1.2", "'k1': 2.0")),
        ({}, {"sparse": {"b": 0.5}}, ("analyzer", "'b': 0.75", "'b': 0.5")),
        ({}, {"sparse": {"average_length": 50}}, ("analyzer", "'average_length': 50.0")),
    ],
)
def test_a_setting_that_changes_vectors_or_terms_is_named(
    before: dict[str, Any], after: dict[str, Any], named: tuple[str, ...]
) -> None:
    manifest = new_manifest(load_settings(**before), HashEncoder())

    with pytest.raises(IndexMismatchError) as error:
        check_manifest(manifest, load_settings(**after))

    assert all(part in str(error.value) for part in named)
    assert "brain reindex" in error.value.hint


def test_every_difference_is_named_at_once() -> None:
    manifest = new_manifest(load_settings(), HashEncoder())

    with pytest.raises(IndexMismatchError) as error:
        check_manifest(manifest, load_settings(splitter={"tokens": 100}, sparse={"k1": 2}))

    assert "splitter" in str(error.value)
    assert "analyzer" in str(error.value)


def test_another_encoder_behind_the_same_settings_is_named() -> None:
    manifest = new_manifest(load_settings(), HashEncoder())
    check_manifest(manifest, load_settings(), HashEncoder())

    with pytest.raises(IndexMismatchError, match=r"'hash-64'.*'other-64'"):
        check_manifest(manifest, load_settings(), OtherEncoder())


def test_a_new_version_of_the_analyzer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = new_manifest(load_settings(), HashEncoder())
    monkeypatch.setattr(analyzer, "VERSION", analyzer.VERSION + 1)

    with pytest.raises(IndexMismatchError, match="analyzer"):
        check_manifest(manifest, load_settings())


@pytest.mark.parametrize(
    "after",
    [
        {},
        {"retrieval": {"per_document": 10}},
        {"encoder": {"timeout_s": 1}},
        {"answer": {"passages": 3}},
        {"ingest": {"workers": 1}},
    ],
)
def test_what_changes_no_vector_opens(after: dict[str, Any]) -> None:
    check_manifest(new_manifest(load_settings(), HashEncoder()), load_settings(**after))


def test_two_indexes_of_the_same_settings_have_different_identities() -> None:
    assert new_manifest(load_settings(), HashEncoder())["id"] != new_manifest(load_settings(), HashEncoder())["id"]


def test_an_index_that_does_not_fit_is_closed_again(settings: Settings, new_index: Callable[[Path], Path]) -> None:
    new_index(settings.home)

    with pytest.raises(IndexMismatchError):
        open_index(load_settings(home=settings.home, splitter={"tokens": 100}))

    open_index(settings).close()
