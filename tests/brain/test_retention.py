"""What is too old goes, what is of one person goes on demand, and nothing else; on SQLite and on PostgreSQL."""

import json
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from typer.testing import CliRunner

from brain.cli import app
from brain.conversations.owner import Owner
from brain.conversations.store import ConversationRow, Conversations, ExchangeRow
from brain.feedback import Feedback, FeedbackRow, Feedbacks
from brain.insights.tables import ARTICLE, GroupRow, NoteRow
from brain.keys.audit import Audit, AuditRow, note
from brain.retention.erasing import Erasing, Reach, Whose
from brain.retention.matching import matcher
from brain.retention.purging import KEPT, Purging, purge_when_due
from brain.settings import Settings, load_settings
from brain.traces.store import CitedRow, TraceRow, Traces

NOW = datetime.now(UTC)
KEY, OTHER_KEY, VISITOR = "key::0a1b2c3d4e5f", "key::ffffffffffff", "visitor:site_1:aabbccddeeff00112233445566778899"


def record(id: str, text: str = "Combien ?", tenant: str = "acme", audience: str = "public") -> dict[str, Any]:
    citation = {"document_id": "retours", "quote": "30 jours", "quote_length": 8, "quote_hash": "x"}
    return {
        "id": id,
        "answered_at": NOW.isoformat(timespec="milliseconds"),
        "status": "answered",
        "question": {"text": text, "tenant": tenant, "audience": audience},
        "sentences": [{"text": "Sous 30 jours.", "citations": [citation]}],
    }


NONE = {"notes": 0, "groups": 0}


class Everything:
    """All that is kept of people, in one database."""

    def __init__(self, place: Settings) -> None:
        self.settings, self.home = place, place.home
        self.conversations, self.traces = Conversations(place), Traces(place)
        self.feedbacks, self.audit, self.erasing = Feedbacks(place), Audit(place), Erasing(place)

    def talk(self, owner: str, *texts: str, tenant: str = "acme", audience: str = "public") -> str:
        """A conversation with these questions, their traces, and feedback on each; its id."""
        whose = Owner(tenant, audience, owner)
        made = self.conversations.create(whose).id
        for number, text in enumerate(texts):
            asked = record(f"{made[:30]}{number:02}", text, tenant, audience)
            self.conversations.add(whose, made, asked)
            self.traces.save([asked], [owner])
            self.feedbacks.save(Feedback(asked["id"], tenant, audience, owner, "up"))
        return made

    def ask(self, id: str, text: str, asked_by: str | None = None, **about: str) -> None:
        self.traces.save([record(id, text, **about)], [asked_by])

    def remark(self, group: str, text: str = "Article écrit") -> None:
        """A note about a group, of which no question is left."""
        with self.audit._session() as session:
            if session.get(GroupRow, group) is None:
                session.add(GroupRow(id=group, tenant="acme", encoder="x", centre=b""))
            at = NOW.isoformat(timespec="milliseconds")
            about = {"tenant": "acme", "group_id": group, "kind": ARTICLE, "at": at, "by": KEY, "audience": "agent"}
            session.add(NoteRow(id=uuid4().hex, **about, document_id=None, text=text, found=None))

    def rows(self) -> dict[str, int]:
        tables = {
            "conversations": ConversationRow.id,
            "exchanges": ExchangeRow.number,
            "answers": TraceRow.id,
            "cited": CitedRow.trace_id,
            "feedback": FeedbackRow.id,
            "notes": NoteRow.id,
            "groups": GroupRow.id,
        }
        with self.audit._session() as session:
            return {name: session.scalar(select(func.count(key))) or 0 for name, key in tables.items()}

    def close(self) -> None:
        for store in (self.conversations, self.traces, self.feedbacks, self.audit, self.erasing):
            store.close()


@pytest.fixture
def everything(place: Settings) -> Iterator[Everything]:
    opened = Everything(place)
    yield opened
    opened.close()


def age(everything: Everything, days: float) -> None:
    """Makes all that there is older."""
    then = (NOW - timedelta(days=days)).isoformat(timespec="milliseconds")
    with everything.audit._session() as session:
        for kept in KEPT:
            session.execute(update(kept.key.class_).values({kept.at.key: then}))


def counts(purged: Any) -> dict[str, int]:
    return {one.name: one.count for one in purged}


def test_each_kind_is_kept_as_long_as_its_setting_says(everything: Everything) -> None:
    settings = everything.settings.model_copy(
        update={
            name: getattr(everything.settings, name).model_copy(update={"keep_days": days})
            for name, days in {"traces": 10, "feedback": 20, "conversations": 30, "insights": 40, "audit": 0}.items()
        }
    )
    everything.talk(KEY, "Combien ?", "Et sans ticket ?")
    with everything.audit._session() as session:
        note(session, "me", "key created", "1")
    everything.remark("g1")
    purging = Purging(settings)
    steps = ((11, {"answers"}), (21, {"feedback"}), (31, {"conversations"}), (41, {"notes"}), (9999, set[str]()))
    for days, gone in ((9, set[str]()), *steps):
        age(everything, days)
        there = counts(purging.too_old())
        assert {name for name, count in there.items() if count} == gone
        assert counts(purging.purge("me")) == there
    purging.close()

    assert everything.rows() == dict.fromkeys(everything.rows(), 0)
    acts = [act for act in everything.audit.acts() if act["act"] == "purged"]
    assert [act["details"] for act in reversed(acts)] == [
        {"answers": 2, "feedback": 0, "conversations": 0, "notes": 0, "acts": 0},
        {"answers": 0, "feedback": 2, "conversations": 0, "notes": 0, "acts": 0},
        {"answers": 0, "feedback": 0, "conversations": 1, "notes": 0, "acts": 0},
        {"answers": 0, "feedback": 0, "conversations": 0, "notes": 1, "acts": 0},
    ]


def test_an_old_note_goes_and_with_the_last_one_its_group_that_nothing_else_holds(everything: Everything) -> None:
    everything.remark("g1", "Écrit l'article")
    everything.remark("g2")
    age(everything, 366)
    everything.remark("g1", "Encore")
    purging = Purging(everything.settings)

    assert counts(purging.purge("me"))["notes"] == 2
    with everything.audit._session() as session:
        assert list(session.scalars(select(NoteRow.text))) == ["Encore"]
        assert list(session.scalars(select(GroupRow.id))) == ["g1"]
    purging.close()


def test_more_rows_than_one_transaction_takes_and_none_that_is_young(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brain.retention.purging.BATCH", 10)
    old = [record(f"{number:032x}") for number in range(27)]
    everything.traces.save(old)
    age(everything, 91)
    everything.ask("f" * 32, "neu")
    purging = Purging(everything.settings)

    assert counts(purging.purge("me"))["answers"] == 27
    assert everything.rows()["answers"] == everything.rows()["cited"] == 1
    purging.close()


def test_it_is_done_once_a_day_whoever_comes_first(everything: Everything) -> None:
    with ThreadPoolExecutor(4) as pool:
        purgings = [Purging(everything.settings) for _ in range(4)]
        for then, claims in ((NOW, 1), (NOW + timedelta(hours=23), 0), (NOW + timedelta(hours=25), 1)):
            assert sum(pool.map(lambda one, then=then: one.claim(then), purgings)) == claims
        for purging in purgings:
            purging.close()


def test_what_does_not_exist_is_not_made_by_purging(settings: Settings) -> None:
    assert purge_when_due(settings) == [] and not settings.home.exists()


def test_a_key_or_a_visitor_is_erased_whole_and_nobody_else(everything: Everything) -> None:
    mine, theirs = everything.talk(KEY, "Combien ?", "Et après ?"), everything.talk(VISITOR, "Combien ?")
    everything.ask("1" * 32, "sans conversation", KEY)
    everything.ask("2" * 32, "d'avant", None)
    everything.feedbacks.save(Feedback("2" * 32, "acme", "public", KEY, "down"))

    found = everything.erasing.find(Whose("key", KEY.rsplit(":", maxsplit=1)[-1]))
    assert found.counts() == {"conversations": 1, "answers": 3, "feedback": 3} and found.conversations == {mine}
    everything.erasing.erase(found, "key", "me")
    assert everything.rows() == {"conversations": 1, "exchanges": 1, "answers": 2, "cited": 2, "feedback": 1} | NONE
    found = everything.erasing.find(Whose("visitor", "aabbccddeeff"))
    assert found.conversations == {theirs} and len(found.answers) == len(found.feedback) == 1
    assert everything.erasing.find(Whose("visitor", "%")).counts() == dict.fromkeys(found.counts(), 0)


def test_a_text_is_found_wherever_it_stands_and_its_conversation_goes_whole(everything: Everything) -> None:
    mine = everything.talk(KEY, "Je m'appelle Élodie\n  DUPONT, mon colis ?", "Et après ?")
    everything.talk(KEY, "Je suis à Dupontville")
    everything.ask("1" * 32, "pour elodie dupont")
    everything.feedbacks.save(Feedback("2" * 32, "acme", "public", OTHER_KEY, "down", comment="Élodie Dupont a tort"))

    found = everything.erasing.find(Whose("text", "Elodie Dupont"))
    assert found.conversations == {mine} and found.counts() == {"conversations": 1, "answers": 3, "feedback": 3}
    everything.erasing.erase(found, "text", "me")

    assert everything.rows() == {"conversations": 1, "exchanges": 1, "answers": 1, "cited": 1, "feedback": 1} | NONE
    assert everything.erasing.find(Whose("text", "elodie dupont")).counts()["answers"] == 0
    (act,) = everything.audit.acts()
    assert (act["act"], act["details"]) == ("erased", {"by": "text", "conversations": 1, "answers": 3, "feedback": 3})
    assert "dupont" not in json.dumps(everything.audit.acts()).lower()
    if not everything.settings.state_url:
        left = b"".join(path.read_bytes() for path in everything.home.glob("state.db*"))
        assert b"DUPONT" not in left and b"Dupontville" in left


def test_nothing_is_erased_beyond_the_reach(everything: Everything) -> None:
    for tenant in ("acme", "other"):
        for audience in ("public", "agent"):
            everything.talk(KEY, "Élodie Dupont", tenant=tenant, audience=audience)
    for whose in (Whose("text", "dupont"), Whose("key", KEY.rsplit(":", maxsplit=1)[-1])):
        assert len(everything.erasing.find(whose).conversations) == 4
        within = everything.erasing.find(whose, Reach("acme", ["public"]))
        assert within.counts() == {"conversations": 1, "answers": 1, "feedback": 1}
    (there,) = within.conversations
    assert everything.erasing.find(Whose("conversation", there), Reach("other")).counts()["conversations"] == 0
    assert everything.erasing.find(Whose("conversation", there)).counts()["answers"] == 1


@given(
    st.text(string.ascii_letters + "éÉàç' -", min_size=3).filter(lambda text: text.strip(" -'")), st.text(max_size=20)
)
def test_a_text_is_found_whatever_stands_around_it(text: str, around: str) -> None:
    words = text.strip(" -'")
    assert matcher(words)({"a": [{"b": f"{around} {words.upper()} {around}"}]})
    assert not matcher(words)({"a": [f"x{words}x", 3, None]})


@pytest.mark.parametrize(
    ("wanted", "stands", "not_there"),
    [
        ("06 12 34 56 78", "au 0612345678.", "106 12 34 56 78"),
        ("0612345678", "(06.12.34.56.78)", "06 12 34 56 789"),
        ("jean@exemple.fr", "<JEAN@exemple.fr>", "jean@exemple.fra"),
        ("Martin", "M. martin, bonjour", "en Martinique"),
    ],
)
def test_notations(wanted: str, stands: str, not_there: str) -> None:
    assert matcher(wanted)(stands) and not matcher(wanted)(not_there)


def run(home: Path, *words: str) -> Any:
    result = CliRunner().invoke(app, [*words, "--home", str(home)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_commands_count_first(quick_path: Path) -> None:
    everything = Everything(load_settings(home=quick_path))
    made = everything.talk(KEY, "Élodie Dupont")
    drafts, answer = quick_path / "drafts.jsonl", f"{made[:30]}00"
    lines = [
        {"case": {"id": "c1", "question": "Combien ?"}, "detail": f"thumbs-down {answer} 2026"},
        {"case": {"id": "c2", "question": "Je suis élodie dupont"}},
        {"case": {"id": "c3", "question": "Combien ?"}, "detail": "thumbs-down 1234"},
    ]
    drafts.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    words = ("erase", "--text", "Elodie Dupont", "--file", str(drafts))

    assert "1 conversations, 1 answers, 1 feedback, 2 lines of" in run(quick_path, *words)
    assert len(drafts.read_text().splitlines()) == 3 and everything.rows()["answers"] == 1
    erased = json.loads(run(quick_path, *words, "--yes", "--json"))
    assert (erased["dry_run"], erased["answers"], erased["lines"]) == (False, 1, {str(drafts): 2})
    assert [json.loads(line)["case"]["id"] for line in drafts.read_text().splitlines()] == ["c3"]
    assert everything.rows() == dict.fromkeys(everything.rows(), 0)
    assert everything.audit.acts()[0]["subject"] == erased["id"]

    everything.ask("1" * 32, "alt")
    age(everything, 91)
    assert "answers: 1 would be deleted, older than 90 days (traces.keep_days)" in run(quick_path, "purge", "--dry-run")
    assert json.loads(run(quick_path, "purge", "--json"))["purged"][0]["count"] == 1
    assert everything.rows()["answers"] == 0
    everything.close()


@pytest.mark.parametrize("words", [(), ("--text", "ab"), ("--text", "Dupont", "--key", "0a1b2c3d4e5f")])
def test_whose_must_be_said_in_one_way(settings: Settings, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["erase", *words, "--home", str(settings.home)])
    assert result.exit_code == 1 and not settings.home.exists()


def test_a_file_that_is_no_json_is_left_as_it_is(quick_path: Path) -> None:
    file = quick_path / "drafts.jsonl"
    file.write_text("not JSON\n")
    result = CliRunner().invoke(
        app, ["erase", "--text", "Dupont", "--file", str(file), "--yes", "--home", str(quick_path)]
    )
    assert result.exit_code == 1 and "can't be read" in str(result.exception) and file.read_text() == "not JSON\n"
    audit = Audit(load_settings(home=quick_path))
    with audit._session() as session:
        session.execute(delete(AuditRow).where(AuditRow.act != "erased"))
    assert audit.acts() == []
    audit.close()
