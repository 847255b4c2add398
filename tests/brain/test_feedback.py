"""Feedback is the same on SQLite and on PostgreSQL: written once, masked, kept as long as it is to be."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from brain.cli import app
from brain.errors import RepeatedError
from brain.feedback import Feedback, Feedbacks
from brain.settings import Settings, load_settings

GIVEN = Feedback("a" * 32, "acme", "public", "key::1", "down", "outdated", "C'est 30 jours.", "Sous 30 jours.")


@pytest.fixture
def feedbacks(place: Settings) -> Iterator[Feedbacks]:
    opened = Feedbacks(place)
    yield opened
    opened.close()


def test_what_was_said_comes_back_newest_first(feedbacks: Feedbacks) -> None:
    first = feedbacks.save(GIVEN)
    second = feedbacks.save(replace(GIVEN, thumbs="up", reason=None, comment=None, correction=None))
    feedbacks.save(replace(GIVEN, tenant="other"))

    newest, oldest = feedbacks.newest(tenant="acme")
    assert {newest["id"], oldest["id"]} == {first, second} and len(feedbacks.newest()) == 3
    down = next(row for row in (newest, oldest) if row["id"] == first)
    assert (down["thumbs"], down["reason"], down["comment"], down["correction"]) == (
        "down",
        "outdated",
        "C'est 30 jours.",
        "Sous 30 jours.",
    )
    assert newest["given_at"] >= oldest["given_at"]


def test_the_same_key_writes_once_and_for_each_caller_apart(feedbacks: Feedbacks) -> None:
    one = feedbacks.save(GIVEN, "k1")
    assert feedbacks.save(GIVEN, "k1") == one
    others = {
        feedbacks.save(GIVEN, "k2"),
        feedbacks.save(replace(GIVEN, given_by="key::2"), "k1"),
        feedbacks.save(GIVEN),
    }

    assert len({one, *others}) == len(feedbacks.newest()) == 4
    with pytest.raises(RepeatedError):
        feedbacks.save(replace(GIVEN, thumbs="up"), "k1")
    assert len(feedbacks.newest()) == 4


def test_the_same_request_many_times_at_once_is_written_once(feedbacks: Feedbacks) -> None:
    ids: list[str] = []
    threads = [Thread(target=lambda: ids.append(feedbacks.save(GIVEN, "k"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 8 and len(set(ids)) == 1 == len(feedbacks.newest())


def test_personal_data_is_masked(feedbacks: Feedbacks) -> None:
    feedbacks.save(replace(GIVEN, comment="Écrivez à jean@exemple.fr", correction="ou appelez le 01 53 73 22 22"))

    (row,) = feedbacks.newest()
    assert "jean@" not in row["comment"] and "53 73" not in row["correction"]


def test_the_command_lists_it(quick_path: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["feedback", *words, "--home", str(quick_path)], catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    assert run() == "no feedback yet\n"
    feedbacks = Feedbacks(load_settings(home=quick_path))
    feedbacks.save(GIVEN)
    feedbacks.close()
    assert all(word in run() for word in ("down", "outdated", "a" * 32, "C'est 30 jours."))
    (shown,) = json.loads(run("--json", "--tenant", "acme"))["feedback"]
    assert shown["correction"] == "Sous 30 jours." and json.loads(run("--json", "--tenant", "x")) == {"feedback": []}
