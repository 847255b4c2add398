"""What is kept of an answer, how it is kept without making anyone wait, asked again, and found by what it cited."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from brain.answerers import ExtractiveAnswerer
from brain.session import Brain
from brain.settings import LLMSettings, Settings, TracesSettings, load_settings
from brain.state import State
from brain.testing import HashEncoder
from brain.traces.compare import compared
from brain.traces.impact import Standing, impact
from brain.traces.keeper import TraceKeeper
from brain.traces.record import Served, cost, question_of, record_of
from brain.traces.replay import replayed
from brain.traces.store import Traces
from brain.types import (
    Answer,
    Citation,
    Document,
    Passage,
    PassageTrace,
    Question,
    Reason,
    Scores,
    Sentence,
    Status,
    Support,
    Trace,
    Turn,
)

QUOTE = "Appelez le 01 53 73 22 22 sous 30 jours."
BODY = f"# Retours\n\n{QUOTE}\n\nLe colis est gratuit."
PRIVATE = "Mon mail est jean@exemple.fr, mon numéro 06 12 34 56 78. Combien de jours ?"


def answer_of(id: str = "a1", text: str = PRIVATE, quote: str = QUOTE, document: str = "retours") -> Answer:
    sentence = Sentence(quote, (Citation("p1", document, (0, len(quote)), quote),), support=Support(True, 1.0))
    question = Question(
        text,
        turns=(Turn("user", "Je suis marie@exemple.fr"), Turn("assistant", "Bonjour")),
        tags=("vip",),
        as_of=date(2026, 5, 1),
    )
    trace = Trace(
        question,
        "fr",
        "llm",
        (PassageTrace("p1", document, "0" * 64, Scores(1.0, 0.5, 2.0)),),
        0.9,
        {"name": "answer", "version": "1", "language": "fr", "hash": "f" * 64},
        {"model": "m", "usage": {"prompt_tokens": 1000, "completion_tokens": 200}},
        ({"text": "Écrivez à paul@exemple.fr.", "why": "“paul@exemple.fr” is not in the passage"},),
        (sentence,),
        {"total": 12.5},
    )
    passage = Passage("p1", document, quote, (0, len(quote)), Scores(1.0))
    return Answer(id, Status.ANSWERED, "fr", (sentence,), (passage,), trace)


def served(settings: Settings) -> Served:
    return Served(settings, "i1 (abc)")


@pytest.fixture
def traces(place: Settings) -> Iterator[Traces]:
    opened = Traces(place)
    yield opened
    opened.close()


def test_a_record_says_everything_but_personal_data(settings: Settings) -> None:
    priced = settings.model_copy(update={"llm": LLMSettings(price_in=2, price_out=6)})
    record = record_of(answer_of(), served(priced))
    whole = json.dumps(record, ensure_ascii=False)

    for personal in ("jean@", "marie@", "paul@", "06 12 34", "01 53 73"):
        assert personal not in whole
    assert record["question"]["text"] == "Mon mail est [E-MAIL], mon numéro [TEL]. Combien de jours ?"
    assert record["question_masked"]
    assert record["passages_used"][0]["text_hash"] == "0" * 64
    assert record["passages_used"][0]["scores"] == {
        "fused": 1.0,
        "dense": 0.5,
        "sparse": 2.0,
        "reranked": None,
        "close": None,
    }
    assert record["prompt"]["hash"] == "f" * 64
    assert record["cost"] == pytest.approx(0.0032)
    assert record["checked"][0]["support"]["supported"] is True
    assert (record["index"], record["answerer"], record["timings"]) == ("i1 (abc)", "llm", {"total": 12.5})
    assert record["code"].startswith("0.")
    assert "passages" not in record  # their texts


def test_a_kept_question_can_be_asked_again_without_what_was_masked(settings: Settings) -> None:
    asked = answer_of().trace.question
    question = question_of(json.loads(json.dumps(record_of(answer_of(), served(settings)))))

    assert question.text == "Mon mail est , mon numéro . Combien de jours ?"
    assert question.turns == (Turn("user", "Je suis"), Turn("assistant", "Bonjour"))
    assert replace(question, text=asked.text, turns=asked.turns) == asked
    plain = record_of(answer_of(text="Combien de jours ?"), served(settings))
    assert question_of(plain).text == "Combien de jours ?"


def test_without_prices_or_counts_there_is_no_cost(settings: Settings) -> None:
    assert cost({"usage": {"prompt_tokens": 5}}, settings) is None
    assert cost(None, settings.model_copy(update={"llm": LLMSettings(price_in=1)})) is None


def test_traces_come_back_newest_first(traces: Traces, settings: Settings) -> None:
    now = datetime.now(UTC)
    old = record_of(answer_of("old"), served(settings), now - timedelta(days=91))
    new = record_of(answer_of("new"), served(settings), now)
    traces.save([old, new])
    traces.save([new])  # again, as after a failure

    assert traces.get("new") == new
    assert [record["id"] for record in traces.newest(5)] == ["new", "old"]
    assert traces.get("absent") is None


@pytest.mark.parametrize(
    ("body", "standing"),
    [
        (BODY, Standing.UNCHANGED),
        (f"{BODY}\n\nAjout.", Standing.STANDS),
        (BODY.replace("30 jours", "14 jours"), Standing.CHANGED),
        (BODY.replace("01 53 73 22 22", "01 53 73 22 23"), Standing.CHANGED),
        (None, Standing.GONE),
    ],
)
def test_impact_tells_what_became_of_the_quoted_words(
    traces: Traces, settings: Settings, body: str | None, standing: Standing
) -> None:
    def document(text: str) -> Document:
        return Document("retours", "Retours", text, source="kb")

    traces.mark([(document(BODY), "a.md")], indexed=True, passages={})
    traces.save([record_of(answer_of(), served(settings))])
    if body is None:
        traces.delete([("default", "retours")])
    else:
        traces.mark([(document(body), "a.md")], indexed=True, passages={})

    (hit,) = impact(traces, "retours")

    assert (hit.id, hit.standing, hit.question[:20]) == ("a1", standing, "Mon mail est [E-MAIL")
    lost = standing in (Standing.CHANGED, Standing.GONE)
    assert hit.lost == (("Appelez le [TEL] sous 30 jours.",) if lost else ())
    assert impact(traces, "another") == []
    assert impact(traces, "retours", "acme") == []
    assert impact(traces, changed=True) == ([hit] if lost else [])


def test_keeping_waits_for_nobody_and_what_is_too_much_is_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, save = Event(), Traces.save

    def held_up(self: Traces, *what: Any) -> None:
        allowed.wait()
        save(self, *what)

    monkeypatch.setattr(Traces, "save", held_up)
    keeper = TraceKeeper(settings, most_waiting=5)
    for n in range(50):
        keeper.keep(answer_of(str(n)), served(settings))  # returns, though nothing can be written
    allowed.set()
    keeper.close()
    keeper.keep(answer_of("late"), served(settings))

    counts = keeper.counts()
    assert counts["waiting"] == 0
    assert counts["kept"] >= 5
    assert counts["kept"] + counts["lost"] == 51
    assert counts["lost"] >= 1


def test_a_database_that_fails_loses_traces_not_answers(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.home.mkdir()
    (settings.home / "state.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    keeper = TraceKeeper(settings)
    keeper.keep(answer_of(), served(settings))
    keeper.close()

    assert keeper.counts() == {"kept": 0, "lost": 1, "waiting": 0}
    assert "traces are lost" in caplog.text


def test_nothing_is_kept_where_that_is_switched_off(settings: Settings) -> None:
    off = settings.model_copy(update={"traces": TracesSettings(enabled=False)})
    keeper = TraceKeeper(off)
    keeper.keep(answer_of(), served(off))
    keeper.close()

    assert not settings.home.exists()


def test_old_traces_go_when_new_ones_are_kept(settings: Settings) -> None:
    store = Traces(settings)
    store.save([record_of(answer_of("old"), served(settings), datetime.now(UTC) - timedelta(days=91))])
    keeper = TraceKeeper(settings)
    keeper.keep(answer_of("new"), served(settings))
    keeper.close()

    assert [record["id"] for record in store.newest(5)] == ["new"]
    store.close()


def test_traces_are_kept_while_another_process_writes_the_state(settings: Settings) -> None:
    State(settings).close()
    writing = (
        "import sys, time; from brain.settings import load_settings; from brain.state import State; from brain.types import Document\n"
        "state = State(load_settings(home=sys.argv[1])); print('ready', flush=True); end = time.monotonic() + 0.5; n = 0\n"
        "while time.monotonic() < end:\n"
        "    n += 1; state.mark([(Document(f'd{n}', 'T', 'b', source='kb'), 'a.md')], indexed=True, passages={})\n"
        "print(n)"
    )
    other = subprocess.Popen([sys.executable, "-c", writing, str(settings.home)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    keeper = TraceKeeper(settings)
    for n in range(20):
        keeper.keep(answer_of(str(n)), served(settings))
        keeper.flush()
    keeper.close()
    written = int(other.communicate(timeout=30)[0])

    assert (other.returncode, written > 0, keeper.counts()["kept"]) == (0, True, 20)


@pytest.fixture
def asked(workspace: Any) -> Iterator[Any]:
    """A knowledge base of two pages, and a Brain over it, which any words satisfy."""
    workspace.write("retours.md", "---\naudience: public\n---\n# Retours\n\nLe retour du colis prend 14 jours.\n")
    workspace.write("carte.md", "---\naudience: public\n---\n# Carte\n\nLa carte cadeau expire après un an.\n")
    workspace.run()
    settings = load_settings(home=workspace.settings.home, answer={"sufficiency": 0})
    workspace.brain = Brain(workspace.index, HashEncoder(), ExtractiveAnswerer(1), settings, name="i1")
    yield workspace
    workspace.brain.close()


def ask(asked: Any, text: str = "Combien de jours prend le retour du colis ?") -> Answer:
    answer: Answer = asyncio.run(asked.brain.ask(Question(text)))
    return answer


def test_every_answer_has_its_trace_under_its_id(asked: Any) -> None:
    answer = ask(asked, "Combien de jours prend le retour du colis ? Écrivez à jean@exemple.fr")
    record = asked.brain.trace(answer.id)

    assert record["question"]["text"].endswith("[E-MAIL]")
    assert (record["status"], record["question"]["audience"]) == ("answered", "public")
    assert [p["id"] for p in record["passages_used"]] == [p.id for p in answer.passages]
    assert record["index"] == f"i1 ({asked.index.manifest['id']})"
    assert asked.brain.trace("absent") is None
    assert asked.brain.metrics.registry.get_sample_value("brain_traces_kept_total") == 1


def test_a_replay_over_the_same_knowledge_is_the_same(asked: Any) -> None:
    found = replayed(asked.brain, asked.brain.trace(ask(asked).id))

    assert found["same"]
    assert not found["question_masked"]
    assert (found["outcome"], found["versions"]) == ({}, {})
    assert found["passages"] == {"entered": [], "left": [], "changed": [], "moved": []}
    assert [s["change"] for s in found["sentences"]] == ["="]
    assert set(found["timings"]) >= {"encode", "search", "total"}


def test_a_replay_shows_what_a_change_did(asked: Any) -> None:
    answer = ask(asked)
    asked.write("retours.md", "---\naudience: public\n---\n# Retours\n\nLe retour du colis prend 30 jours.\n")
    asked.remove("carte.md")
    asked.write("neuf.md", "---\naudience: public\n---\n# Neuf\n\nLe vélo a deux roues.\n")
    asked.run()

    found = replayed(asked.brain, asked.brain.trace(answer.id))

    assert not found["same"]
    (sentence,) = found["sentences"]
    assert sentence["words"] == [("=", "Le retour du colis prend"), ("-", "14"), ("+", "30"), ("=", "jours.")]
    passages = found["passages"]
    assert [p["document_id"] for p in passages["changed"]] == ["retours.md"]
    assert passages["changed"][0]["text_hash"] != passages["changed"][0]["now"]["text_hash"]
    assert [p["document_id"] for p in passages["left"]] == ["carte.md"]
    assert [p["document_id"] for p in passages["entered"]] == ["neuf.md"]
    store = Traces(asked.settings)
    assert [(hit.id, hit.document_id) for hit in impact(store, changed=True)] == [(answer.id, "retours.md")]
    store.close()


def test_versions_that_differ_are_named(settings: Settings) -> None:
    before = record_of(answer_of(), served(settings))
    trace = replace(
        answer_of().trace, prompt={"name": "answer", "version": "2", "language": "fr", "hash": "e" * 64}, model=None
    )
    refused = replace(answer_of(), status=Status.REFUSED, reason=Reason.NO_EVIDENCE, sentences=(), trace=trace)
    after = record_of(refused, Served(settings, "i2 (def)"))

    found = compared(before, after)

    assert found["outcome"] == {"status": ["answered", "refused"], "reason": [None, "no_evidence"]}
    assert [s["change"] for s in found["sentences"]] == ["-"]
    assert found["versions"] == {
        "index": ["i1 (abc)", "i2 (def)"],
        "prompt.version": ["1", "2"],
        "prompt.hash": ["f" * 64, "e" * 64],
        "model.model": ["m", None],
    }
