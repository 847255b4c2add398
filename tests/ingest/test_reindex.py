"""The life of an index: built beside the old one, checked, gone over to, gone back from; killed at any moment of it."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from brain.documents import Documents
from brain.errors import BusyError, CaseError, IndexLockedError, IndexRefusedError, StoreError
from brain.index import open_index
from brain.index.base import FUSION
from brain.index.folders import EdgeGenerations
from brain.index.generations import CURRENT, NEXT, PREVIOUS, generations_of
from brain.index.lock import changing
from brain.live import Draft, Editor
from brain.session import Brain
from brain.settings import Settings, load_settings
from brain.state import State
from brain.testing import HashEncoder
from brain.types import Question
from brain.upkeep import Upkeep
from eval.check import hit_at_5
from ingest.live.apart import Here
from ingest.live.knowledge import LiveKnowledge
from ingest.parse import Defaults
from ingest.reconcile.compare import compare
from ingest.reindex import Acceptance, reindex, rollback
from ingest.run import forget, ingest_folder

SEED = 20260704
KILLS = 8


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch, read_here: None) -> HashEncoder:
    made = HashEncoder()
    for module in ("ingest.run", "ingest.reindex", "brain.session"):
        monkeypatch.setattr(f"{module}.make_encoder", lambda settings, say=None: made)
    return made


@pytest.fixture
def kb(quick_path: Path) -> Path:
    folder = quick_path / "kb"
    fill(folder)
    return folder


def fill(folder: Path) -> None:
    folder.mkdir()
    for number in range(12):
        sentences = "".join(f"La rubrique {number} dit la phrase {n} du sujet{number}. " for n in range(40))
        (folder / f"page-{number}.md").write_text(f"# Sujet {number}\n\n{sentences}", encoding="utf-8")


@pytest.fixture
def home(settings: Settings, new_index: Callable[[Path], Path], kb: Path, encoder: HashEncoder) -> Settings:
    """Twelve pages in an index of the earlier layout."""
    new_index(settings.home)
    ingest(kb, settings)
    encoder.passages.clear()
    return settings


def ingest(kb: Path, settings: Settings) -> Any:
    return ingest_folder(kb, settings, source="kb", defaults=Defaults("kb", audience=("public",)))


def finer(home: Settings) -> Settings:
    return load_settings(home=home.home, splitter={"tokens": 60})


def roles(settings: Settings) -> dict[str, str]:
    return EdgeGenerations(settings.home / "index").roles()


def stored(settings: Settings) -> dict[str, Any]:
    index = open_index(settings)
    points = dict(index.points())
    index.close()
    return points


def cases(folder: Path, *, wrong: int = 0) -> Path:
    """A case for each page; so many name a page that isn't there."""
    lines = [
        {"id": f"c{n}", "question": f"Que dit la rubrique {n} du sujet{n} ?", "expect": {"documents": [f"page-{n}.md"]}}
        for n in range(wrong, 12 + wrong)
    ]
    file = folder / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


# Beside, then over


def test_the_old_index_serves_until_the_new_one_is_complete_and_is_kept(
    home: Settings, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(home)
    seen: list[dict[str, Any]] = []
    real = encoder.encode_passages

    def encode(*arguments: Any) -> Any:
        seen.append(stored(home))
        return real(*arguments)

    monkeypatch.setattr(encoder, "encode_passages", encode)

    summary = reindex(finer(home))

    assert seen
    assert all(there == before for there in seen)
    assert summary.updated == 12
    assert summary.encoded == len(stored(finer(home))) > len(before)
    assert roles(home) == {CURRENT: roles(home)[CURRENT], PREVIOUS: "."}


def test_documents_cannot_change_while_an_index_is_built(home: Settings, kb: Path) -> None:
    with changing(home):
        for change in (
            lambda: ingest(kb, home),
            lambda: forget("kb", home),
            lambda: reindex(home),
            lambda: rollback(home),
        ):
            with pytest.raises(IndexLockedError, match="changing"):
                change()


def test_the_state_knows_the_new_index(home: Settings, kb: Path, encoder: HashEncoder) -> None:
    reindex(finer(home))
    encoder.passages.clear()

    summary = ingest(kb, finer(home))

    assert (summary.unchanged, encoder.passages) == (12, [])
    state = State(home)
    assert state.summary()["sources"] == [{"source": "kb", "documents": 12, "passages": len(stored(finer(home)))}]
    state.close()


def test_weights_that_were_learned_stay_with_the_same_encoder(home: Settings) -> None:
    index = open_index(home)
    index.annotate(FUSION, {"weight": 1.5})
    index.close()

    reindex(finer(home))

    index = open_index(finer(home))
    assert index.manifest[FUSION] == {"weight": 1.5}
    index.close()


def test_an_index_that_holds_other_than_it_should_is_not_taken(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "built", lambda self, id: 3)

    with pytest.raises(StoreError, match="not 3"):
        reindex(finer(home))

    assert roles(home)[CURRENT] == "."


# Killed


class Killed(BaseException):
    pass


def test_what_changed_after_a_kill_is_in_the_new_index_and_what_was_built_is_not_encoded_again(
    home: Settings, kb: Path, encoder: HashEncoder, fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.build.BATCH", 3)
    real, calls = State.save_built, iter(range(99))

    def save(self: State, *arguments: Any) -> None:
        real(self, *arguments)
        if next(calls) == 2:
            raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(State, "save_built", save)
        reindex(home)
    assert roles(home)[CURRENT] == "."
    (kb / "page-0.md").write_text("# Sujet 0\n\nTout autre chose.", encoding="utf-8")
    (kb / "page-1.md").unlink()
    (kb / "new.md").write_text("# Nouveau\n\nUne page de plus.", encoding="utf-8")
    ingest(kb, home)
    encoder.passages.clear()

    reindex(home)

    assert {p["text"] for p in stored(home).values()} == {p["text"] for p in fresh(kb).values()}
    assert set(stored(home)) == set(fresh(kb))
    assert 0 < len(encoder.passages) < len(stored(home)) / 2


def test_a_build_with_other_settings_is_begun_anew(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(State, "save_built", killed)
        reindex(finer(home))
    begun = roles(home)[NEXT]

    reindex(home)

    assert roles(home)[CURRENT] not in (".", begun)
    assert not (home.home / "index" / begun).exists()


def test_killed_between_the_switch_and_the_state_the_next_run_mends_it(
    home: Settings, kb: Path, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(State, "adopt", killed)
        reindex(finer(home))
    encoder.passages.clear()

    summary = ingest(kb, finer(home))

    assert (summary.unchanged, encoder.passages) == (12, [])


RUNNER = """
import sys
from pathlib import Path
import ingest.build, ingest.reindex
from brain.settings import load_settings
from brain.testing import HashEncoder
ingest.build.BATCH = 1
ingest.reindex.make_encoder = lambda settings, say: HashEncoder(seconds_each=0.003)
print("begun", flush=True)
ingest.reindex.reindex(load_settings(home=Path(sys.argv[1]), splitter={"tokens": 60}))
print("done", flush=True)
"""


def test_kill_9_at_any_moment_leaves_the_old_index_or_the_new_and_the_next_call_ends_it(
    home: Settings, fresh: Any, kb: Path
) -> None:
    moments, before = random.Random(SEED), stored(home)
    command = [sys.executable, "-c", RUNNER, str(home.home)]
    length, kills = 0.6, 0
    for _ in range(4 * KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "begun\n"
            time.sleep(moments.uniform(0, length))
            process.send_signal(signal.SIGKILL)
            done = "done" in process.stdout.read()
        if not done:
            kills += 1
            if roles(home)[CURRENT] == ".":
                assert stored(home) == before
        if kills == KILLS:
            break
    assert kills >= KILLS // 2, "too many runs ended before they were killed: nothing is shown"

    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)

    passages = stored(finer(home))
    assert {p["document_id"] for p in passages.values()} == {p["document_id"] for p in before.values()}
    assert len(passages) > len(before)
    state = State(home)
    assert state.summary()["unindexed"] == 0
    assert state.summary()["sources"][0]["passages"] == len(passages)
    state.close()


# Back


def test_rolling_back_and_forth_encodes_nothing(home: Settings, encoder: HashEncoder) -> None:
    before = stored(home)
    reindex(finer(home))
    after = stored(finer(home))
    encoder.passages.clear()
    said: list[str] = []

    rollback(finer(home), say=said.append)
    assert stored(home) == before
    assert "splitter" in said[-1]

    rollback(finer(home))
    assert stored(finer(home)) == after
    assert encoder.passages == []


def test_what_changed_since_is_rolled_back_to_as_well(
    home: Settings, kb: Path, encoder: HashEncoder, fresh: Any
) -> None:
    reindex(finer(home))
    (kb / "page-0.md").write_text("# Sujet 0\n\nTout autre chose.", encoding="utf-8")
    (kb / "page-1.md").unlink()
    ingest(kb, finer(home))
    encoder.passages.clear()

    rollback(finer(home))

    assert set(stored(home)) == set(fresh(kb))
    assert len(encoder.passages) == 1
    assert ingest(kb, home).unchanged == 11


def test_without_an_earlier_index_there_is_no_going_back(home: Settings) -> None:
    with pytest.raises(StoreError, match="no earlier index"):
        rollback(home)


# Checked


def test_an_index_that_finds_less_is_refused_and_may_be_forced(
    home: Settings, quick_path: Path, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = iter([0.5, 0.75] * 3)
    accepted = Acceptance(lambda brain: next(shares))

    with pytest.raises(IndexRefusedError, match=r"0\.750 before, 0\.500 after"):
        reindex(finer(home), acceptance=accepted)
    assert roles(home)[CURRENT] == "."
    encoder.passages.clear()

    with pytest.raises(IndexRefusedError):
        reindex(finer(home), acceptance=Acceptance(accepted.check, margin=0.2))
    summary = reindex(finer(home), acceptance=Acceptance(accepted.check, margin=0.25))

    assert encoder.passages == [], "what was refused is kept, and not built again"
    assert roles(home)[PREVIOUS] == "."
    assert summary.hit_at_5 == {"before": 0.75, "after": 0.5}


def test_force_takes_an_index_that_finds_less(home: Settings) -> None:
    shares = iter([0.0, 1.0])

    reindex(finer(home), acceptance=Acceptance(lambda brain: next(shares), force=True))

    assert roles(home)[PREVIOUS] == "."


def test_real_questions_check_both_indexes_also_where_a_service_has_the_old_one(
    home: Settings, quick_path: Path
) -> None:
    check = hit_at_5(cases(quick_path, wrong=2))
    held = open_index(home)

    summary = reindex(finer(home), acceptance=Acceptance(check))

    held.close()
    assert summary.hit_at_5 == {"before": pytest.approx(10 / 12), "after": pytest.approx(10 / 12)}
    assert not (home.home / "index" / "copy").exists()


def test_wrong_cases_are_refused_before_anything_is_built(quick_path: Path) -> None:
    file = quick_path / "cases.jsonl"
    file.write_text('{"id": "a", "question": "Quoi ?"}', encoding="utf-8")

    with pytest.raises(CaseError, match="names documents"):
        hit_at_5(file)


# Asked meanwhile


class Asking:
    """Threads that ask without a pause until they are stopped; `failures` holds what went wrong."""

    def __init__(self, brain: Brain) -> None:
        self.answered, self.failures, self._stop = 0, list[BaseException](), Event()
        self._threads = [Thread(target=self._ask, args=(brain, n)) for n in range(4)]

    def _ask(self, brain: Brain, first: int) -> None:
        number = first
        while not self._stop.is_set():
            number += 1
            topic = number % 12
            try:
                question = Question(f"Que dit la rubrique {topic} du sujet{topic} ?", audience="public")
                found = asyncio.run(brain.search(question, 5))
                assert f"page-{topic}.md" in {passage.document_id for passage in found.items}
                self.answered += 1
            except BaseException as error:  # noqa: BLE001  shown by the test
                self.failures.append(error)
                return

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def service(home: Settings) -> Iterator[Brain]:
    """Brain as a service has it: its index apart, watched."""
    quick = home.model_copy(update={"upkeep": home.upkeep.model_copy(update={"watch_s": 0.05})})
    brain = Brain.open(quick, apart=True)
    said: list[str] = []
    upkeep = Upkeep(brain, said.append)
    yield brain
    upkeep.stop()
    brain.close()
    assert not [line for line in said if "new index" not in line], said


def test_no_question_fails_while_a_service_goes_over_and_back(home: Settings, service: Brain) -> None:
    old = service.index.manifest["id"]
    with Asking(service) as asking:
        reindex(finer(home))
        until(lambda: service.index.manifest["id"] != old)
        new, answered = service.index.manifest["id"], asking.answered
        until(lambda: asking.answered > answered + 20)
        rollback(finer(home))
        until(lambda: service.index.manifest["id"] == old)
        answered = asking.answered
        until(lambda: asking.answered > answered + 20)

    assert asking.failures == []
    assert new != old
    until(lambda: free(home, roles(home)[PREVIOUS]))


def test_a_question_that_began_on_the_old_index_ends_there(home: Settings, encoder: HashEncoder) -> None:
    brain = Brain.open(home)
    old = brain.index
    begun, go_on = Event(), Event()
    real = encoder.encode_questions

    def encode(texts: Any) -> Any:
        if not begun.is_set():
            begun.set()
            go_on.wait(30)
        return real(texts)

    encoder.encode_questions = encode  # type: ignore[method-assign]
    found: list[Any] = []
    question = Question("Que dit la rubrique 3 du sujet3 ?", audience="public")
    asked = Thread(target=lambda: found.append(asyncio.run(brain.search(question, 5))))
    asked.start()
    assert begun.wait(30)
    state = State(home)
    generations = EdgeGenerations(home.home / "index")
    name, new = generations.create(old.manifest | {"id": "f" * 32})
    new.close()
    generations.assign({CURRENT: name, PREVIOUS: "."})
    state.close()
    going = Thread(target=brain.go_over)
    # One encoder pass at a time: the new index is tried out once the question's is done.
    going.start()
    time.sleep(0.2)
    assert not found

    go_on.set()
    asked.join(30)
    going.join(30)

    assert found[0].items[0].document_id == "page-3.md"
    assert brain.index is not old
    assert asyncio.run(brain.search(question, 5)).items == (), "the new index is empty"
    assert free(home, ".")
    brain.close()


def test_a_new_index_that_cannot_be_asked_leaves_the_old_one_in_use(home: Settings) -> None:
    brain = Brain.open(home)
    generations = EdgeGenerations(home.home / "index")
    manifest = brain.index.manifest
    name, new = generations.create(manifest | {"id": "f" * 32, "fingerprint": manifest["fingerprint"] | {"schema": 99}})
    new.close()
    generations.assign({CURRENT: name, PREVIOUS: "."})

    with pytest.raises(StoreError, match="schema"):
        brain.go_over()

    question = Question("Que dit la rubrique 3 du sujet3 ?", audience="public")
    assert asyncio.run(brain.search(question, 5)).items[0].document_id == "page-3.md"
    brain.close()


def test_a_service_optimises_what_has_grown_by_itself(home: Settings) -> None:
    grown = home.model_copy(update={"upkeep": home.upkeep.model_copy(update={"watch_s": 0.05, "optimize_at": 10})})
    brain, said = Brain.open(grown, apart=True), list[str]()
    upkeep = Upkeep(brain, said.append)

    until(lambda: len(said) == 2)
    upkeep.stop()

    assert said[0].startswith("Optimising")
    assert said[1].startswith("Optimised in")
    question = Question("Que dit la rubrique 3 du sujet3 ?", audience="public")
    assert asyncio.run(brain.search(question, 5)).items[0].document_id == "page-3.md"
    brain.close()


def test_a_big_ingestion_is_optimised_at_its_end(home: Settings, kb: Path) -> None:
    big = home.model_copy(update={"upkeep": home.upkeep.model_copy(update={"optimize_at": 10})})
    said: list[str] = []

    ingest_folder(kb, big, source="kb", defaults=Defaults("kb", audience=("public",)), say=said.append)

    assert any(line.startswith("Optimising") for line in said)
    assert len(stored(home)) > 12
    assert (home.home / "index" / "shard").exists() is False


def free(settings: Settings, name: str) -> bool:
    try:
        EdgeGenerations(settings.home / "index").open(name).close()
    except IndexLockedError:
        return False
    return True


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


EDITOR = Editor("default", ("agent", "public"))


@pytest.fixture
def live(home: Settings, encoder: HashEncoder) -> Iterator[tuple[Brain, LiveKnowledge]]:
    """A service whose documents are changed while another command builds an index."""
    brain = Brain.open(home, apart=True)
    knowledge = LiveKnowledge(brain, Here(encoder))
    knowledge.start()
    yield brain, knowledge
    knowledge.close()
    brain.close()


def found_of(brain: Brain, text: str) -> set[str]:
    return {p.document_id for p in asyncio.run(brain.search(Question(text, audience="public"), 50, 50))}


def written(number: int) -> Draft:
    return Draft(
        body=f"Le colibri numéro {number} mange des fleurs.", title="Colibri", audience=["public"], language="fr"
    )


def test_what_is_put_after_a_reindexing_is_in_the_new_index(home: Settings, live: tuple[Brain, LiveKnowledge]) -> None:
    """Before the service has noticed it: it goes over first."""
    brain, knowledge = live
    knowledge.put(EDITOR, "before", written(1))
    reindex(finer(home))

    knowledge.put(EDITOR, "after", written(2))

    assert brain._serving.name == roles(home)[CURRENT]
    assert found_of(brain, "Que mange le colibri ?") >= {"before", "after"}
    knowledge._settling.settle()
    with generations_of(home).beside(roles(home)[CURRENT]) as index:
        documents = Documents(home)
        report = compare(index, documents, finer(home))
        index.close()
    assert not (report.orphans or report.tombstones)
    assert [(s.missing, s.stale, s.surplus, s.unflushed) for s in report.sources] == [(0, 0, 0, 0)] * 2
    documents.close()


def test_what_is_deleted_during_a_reindexing_is_in_neither_index(
    home: Settings, live: tuple[Brain, LiveKnowledge], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingest.reindex

    brain, knowledge = live
    knowledge.put(EDITOR, "a", written(1))
    knowledge.put(EDITOR, "b", written(2))
    knowledge._turns.wait_s = 0.05
    real = ingest.reindex.build

    def build(*arguments: Any) -> Any:
        summary = real(*arguments)
        assert knowledge.delete(EDITOR, "a")
        with pytest.raises(BusyError):
            knowledge.put(EDITOR, "c", written(3))
        assert "a" not in found_of(brain, "Que mange le colibri ?")
        return summary

    monkeypatch.setattr(ingest.reindex, "build", build)
    reindex(finer(home))
    assert "a" not in found_of(brain, "Que mange le colibri ?")

    brain.go_over()

    found = found_of(brain, "Que mange le colibri ?")
    assert "a" not in found and "b" in found
    knowledge._settling.settle()
    assert {payload["document_id"] for _, payload in brain.index.points()} >= {"b"}
    assert "a" not in {payload["document_id"] for _, payload in brain.index.points()}
