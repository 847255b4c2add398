"""Whatever happens to a folder and to the runs over it, the index ends as a new one of that folder would be."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brain.index.edge import EdgeIndex
from brain.state import State

PAGES = ("a.md", "sub/c.md")
LISTS = ("b.csv", "n.csv")
NAMES = PAGES + LISTS
IDS = st.sampled_from(["", "x", "y"])
EXAMPLES = int(os.environ.get("BRAIN_TEST_EXAMPLES", "80"))
WORDS = st.sampled_from(["Le colis arrive.", "La carte expire.", "Le retour est gratuit.", "Le magasin ouvre."])
SECTIONS = st.lists(st.tuples(st.sampled_from(["", "## Frais", "## Délai"]), WORDS, st.integers(1, 40)), max_size=4)
FIELDS = st.dictionaries(
    st.sampled_from(["tags", "audience", "title"]), st.sampled_from(["public", "agent", "vip"]), max_size=2
)
ROWS = st.lists(st.tuples(IDS, WORDS), min_size=1, max_size=3)
CHANGES = st.one_of(
    st.tuples(st.just("page"), st.sampled_from(PAGES), IDS, SECTIONS, FIELDS),
    st.tuples(st.just("list"), st.sampled_from(LISTS), ROWS),
    st.tuples(st.just("list"), st.just(LISTS[0]), ROWS),
    st.tuples(st.just("move"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES)),
    st.tuples(st.just("break"), st.sampled_from(NAMES)),
)
RUNS = st.one_of(
    st.tuples(st.just("run")),
    st.tuples(st.just("run")),
    st.tuples(st.just("partial run")),
    st.tuples(st.just("killed run"), st.integers(0, 25)),
    st.tuples(st.just("killed run"), st.integers(0, 25)),
    st.tuples(st.just("lose state")),
    st.tuples(st.just("lose index")),
)
HISTORIES = st.lists(st.tuples(st.lists(CHANGES, max_size=3), RUNS), max_size=6)


class Killed(BaseException):
    pass


class Fuse:
    """Lets so many calls through to state and index, and kills the run at the next."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def on(self, real: Any) -> Any:
        return _Fused(self, real)


class _Fused:
    def __init__(self, fuse: Fuse, real: Any) -> None:
        self._fuse, self._real = fuse, real

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            if not self._fuse.calls:
                raise Killed
            self._fuse.calls -= 1
            return value(*arguments, **named)

        return call


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
def test_index_equals_source_after_any_history(
    history: list[tuple[list[tuple[Any, ...]], tuple[Any, ...]]],
    quick_path: Path,
    new_index: Any,
    fresh: Any,
    make_workspace: Callable[..., Any],
) -> None:
    root = quick_path / "example"
    shutil.rmtree(root, ignore_errors=True)
    kb = make_workspace(root)
    course = Course(kb, new_index)
    for changes, run in history:
        for step in (*changes, run):
            getattr(course, step[0].replace(" ", "_"))(*step[1:])
    for name in course.broken:
        (kb.folder / name).unlink(missing_ok=True)

    kb.run(allow_empty=True)

    stored = kb.stored()
    assert stored == fresh(kb.folder)
    known = kb.state.known("kb")
    assert {(k.tenant, k.id) for k in known} == {(p["tenant"], p["document_id"]) for p in stored.values()}
    assert all(k.indexed for k in known)
    assert sum(k.passages for k in known) == len(stored)
    bodies = {k.id: kb.state.document(k.tenant, k.id).body for k in known}
    assert all(p["text"] == bodies[p["document_id"]][p["start"] : p["end"]] for p in stored.values())
    kb.encoder.passages.clear()
    again = kb.run(allow_empty=True)
    assert (again.added, again.updated, again.deleted, kb.encoder.passages) == (0, 0, 0, [])
    kb.close()


def version(kb: Any, new: bool) -> None:
    """Two states of a folder between which pages are added, edited, moved, retitled and deleted, and rows come and go."""
    for path in kb.folder.rglob("*.*"):
        path.unlink()
    many = "Une phrase de plus. " * (90 if new else 80)
    kb.write("edited.md", f"# Page\n\n## A\n\n{'Le même texte. ' * 60}\n\n## B\n\n{many}")
    kb.write("moved/to.md" if new else "from.md", "---\nid: moved\n---\n# Page\n\nUn texte.")
    kb.write("meta.md", f"---\ntags: {'new' if new else 'old'}\n---\n# Page\n\nUn texte.")
    kb.write("added.md" if new else "deleted.md", "# Page\n\nUn texte.")
    rows = ["a,Où ?,Ici.", "b,Quand ?,Demain." if new else "c,Qui ?,Moi."]
    kb.write("list.csv", "\n".join(["id,question,answer", *rows]))
    kb.write("z.csv", "\n".join(["id,question,answer", "y,Oui ?,Oui." if new else "b,Quand ?,Demain."]))


@pytest.mark.parametrize("first", [True, False], ids=["the first run", "a run over changes"])
def test_killed_at_any_step_the_next_run_makes_it_good(
    first: bool,
    quick_path: Path,
    new_index: Any,
    fresh: Any,
    make_workspace: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingest.sync.BATCH_PASSAGES", 3)
    expected: dict[str, Any] = {}
    for calls in range(200):
        kb = make_workspace(quick_path / str(calls))
        if not first:
            version(kb, new=False)
            kb.run()
        version(kb, new=True)
        ended = not Course(kb, new_index).killed_run(calls)

        kb.run()

        expected = expected or fresh(kb.folder)
        assert kb.stored() == expected, f"killed after {calls} calls"
        assert kb.state.summary()["unindexed"] == 0
        kb.close()
        if ended:
            break
    assert ended
    assert calls > 12


class Course:
    """Does the steps to a folder and its index."""

    def __init__(self, kb: Any, new_index: Any) -> None:
        self.kb, self.new_index = kb, new_index
        self.broken: set[str] = set()

    def page(self, name: str, id: str, sections: list[tuple[str, str, int]], fields: dict[str, str]) -> None:
        head = "".join(f"{key}: {value}\n" for key, value in (({"id": id} if id else {}) | fields).items())
        body = "\n\n".join(f"{heading}\n\n{words * times}" for heading, words, times in sections)
        self.kb.write(name, f"---\nlanguage: fr\n{head}---\n# Page\n\n{body}\n")
        self.broken.discard(name)

    def list(self, name: str, rows: list[tuple[str, str]]) -> None:
        distinct = {id or f"{name}-{n}": (id or f"{name}-{n}", words) for n, (id, words) in enumerate(rows)}
        lines = [f"{id},Question {id} ?,{words}" for id, words in distinct.values()]
        self.kb.write(name, "\n".join(["id,question,answer", *lines]))
        self.broken.discard(name)

    def move(self, name: str, to: str) -> None:
        if name != to and name[-3:] == to[-3:] and (self.kb.folder / name).exists():
            self.kb.move(name, to)
            self.broken.discard(to)
            if name in self.broken:
                self.broken ^= {name, to}

    def delete(self, name: str) -> None:
        (self.kb.folder / name).unlink(missing_ok=True)
        self.broken.discard(name)

    def break_(self, name: str) -> None:
        self.kb.write(name, b"\0")
        self.broken.add(name)

    def run(self) -> None:
        self.kb.run(allow_empty=True)

    def partial_run(self) -> None:
        self.kb.run(partial=True)

    def killed_run(self, calls: int) -> bool:
        """Whether it was killed before its end."""
        kb, fuse = self.kb, Fuse(calls)
        state, index = kb.state, kb.index
        kb.state, kb.index = fuse.on(state), fuse.on(index)
        try:
            kb.run(allow_empty=True)
        except Killed:
            return True
        finally:
            kb.state, kb.index = state, index
        return False

    def lose_state(self) -> None:
        self.kb.state.close()
        for file in self.kb.settings.home.glob("state.db*"):
            file.unlink()
        self.kb.state = State(self.kb.settings)

    def lose_index(self) -> None:
        self.kb.index.close()
        shutil.rmtree(self.kb.settings.home / "index")
        self.kb.index = EdgeIndex.open(self.new_index(self.kb.settings.home))


setattr(Course, "break", Course.break_)
