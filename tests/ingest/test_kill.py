"""`kill -9` at any moment: the next run makes the index what it should be, nothing doubled, nothing lost."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brain.index import open_index
from brain.settings import load_settings
from brain.state import State

KILLS = 20
SEED = 20260501

RUNNER = '''
"""Ingests a folder in a fork of this process for each line read: the seconds after which the fork is killed, or `-`."""
import os, signal, sys, time, traceback
from pathlib import Path

import ingest.run, ingest.sync
from brain.settings import load_settings
from brain.testing import HashEncoder
from ingest.prepare import prepare


def ingest_once(folder, home, in_process):
    ingest.sync.BATCH_PASSAGES = 8
    ingest.run.make_encoder = lambda settings, say: HashEncoder(seconds_each=0.001)
    if in_process:
        ingest.sync.prepare_all = lambda files, reading, settings: (prepare(file, reading) for file in files)
    settings = load_settings(home=home, ingest={"workers": 2})
    return ingest.run.ingest_folder(folder, settings, source="kb", allow_empty=True)


def fork_and_kill(folder, home, seconds):
    start = time.perf_counter()
    child = os.fork()
    if not child:
        status = 1
        try:
            ingest_once(folder, home, in_process=True)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), time.perf_counter() - start
        if seconds is not None and time.perf_counter() - start >= seconds:
            os.kill(child, signal.SIGKILL)
            seconds = None
        time.sleep(0.001)


def main():
    folder, home = Path(sys.argv[1]), Path(sys.argv[2])
    if sys.argv[3:] == ["with workers"]:
        ingest_once(folder, home, in_process=False)
        return
    import brain.index.edge
    from ingest.source import SourceFile
    from ingest.prepare import Reading
    from ingest.parse import Defaults, Limits
    from brain.settings import SplitterSettings
    warm = Path(sys.argv[0]).with_name("warm.md")
    warm.write_text("# Warm\\n\\nImports what reading needs, once for all forks.")
    prepare(SourceFile("warm.md", warm, 60), Reading(Defaults(), Limits(), SplitterSettings()))
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = None if line.strip() == "-" else float(line)
        print(*fork_and_kill(folder, home, seconds), flush=True)


if __name__ == "__main__":
    main()
'''


class Runner:
    """The script above, told when to kill."""

    def __init__(self, script: Path, folder: Path, home: Path) -> None:
        script.write_text(RUNNER, encoding="utf-8")
        command = [sys.executable, str(script), str(folder), str(home)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def run(self, kill_after: float | None = None) -> tuple[bool, float]:
        """Whether the run reached its end, and how long it took."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{'-' if kill_after is None else kill_after}\n")
        code, seconds = self.process.stdout.readline().split()
        assert int(code) in (0, -signal.SIGKILL), "the run failed by itself: see its traceback"
        return code == "0", float(seconds)

    def stop(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def runner(quick_path: Path) -> Iterator[Runner]:
    folder = quick_path / "kb"
    fill(folder)
    made = Runner(quick_path / "runner.py", folder, quick_path / "home")
    yield made
    made.stop()


def fill(folder: Path) -> None:
    for number in range(50):
        path = folder / f"rubrique-{number % 7}" / f"page-{number:02}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(number, "Première version."), encoding="utf-8")
    for number in range(10):
        (folder / f"faq-{number}.csv").write_text(faq(number, range(6)), encoding="utf-8")


def page(number: int, version: str) -> str:
    sections = "".join(f"## Partie {n}\n\n" + f"Phrase sur {n} et {number}. " * 45 + "\n\n" for n in range(3))
    return f"---\nid: page-{number}\nlanguage: fr\n---\n# Page {number}\n\n{version}\n\n{sections}"


def faq(number: int, rows: Any) -> str:
    lines = [f"faq-{number}-{row},Question {row} de {number} ?,Réponse {row} à la question." for row in rows]
    return "\n".join(["id,question,answer", *lines])


def change(folder: Path, moments: random.Random) -> None:
    """Some pages edited, moved, deleted and added, some rows taken out of lists and put back."""
    pages = sorted(folder.rglob("*.md"))
    for path in moments.sample(pages, 6):
        path.write_text(path.read_text(encoding="utf-8").replace("version.", "version, revue."), encoding="utf-8")
    for path in moments.sample(pages, 3):
        path.rename(path.with_name(f"{moments.randrange(10**6)}-{path.name}"[-40:]))
    for path in moments.sample(sorted(folder.rglob("*.md")), 2):
        path.unlink()
    number = moments.randrange(1000, 10**6)
    (folder / f"{number}.md").write_text(page(number, "Nouvelle."), encoding="utf-8")
    for path in moments.sample(sorted(folder.glob("*.csv")), 4):
        number = int(path.stem.partition("-")[2])
        path.write_text(faq(number, moments.sample(range(9), moments.randint(1, 6))), encoding="utf-8")


def test_runs_killed_at_random_moments_end_in_the_index_of_a_run_that_was_not(
    runner: Runner, quick_path: Path, fresh: Any
) -> None:
    """From nothing and over a changing folder, each time killed at some moment of the run's usual length."""
    moments = random.Random(SEED)
    folder, home = quick_path / "kb", quick_path / "home"
    ended, length = runner.run()
    assert ended
    kills = 0
    for attempt in range(5 * KILLS):
        if attempt % 8 == 0:
            shutil.rmtree(home)  # from nothing: kills land while the index is made, too
        if moments.random() < 0.6:
            change(folder, moments)
        window = length if attempt % 8 < 4 else length / 3
        ended, _seconds = runner.run(kill_after=moments.uniform(0, window))
        kills += not ended
        if kills == KILLS:
            break
    assert kills == KILLS, "too many runs ended before they were killed: nothing is shown"

    ended, _seconds = runner.run()

    assert ended
    compare(home, fresh(folder))
    ended, again = runner.run()
    assert ended
    assert again < length / 2, "nothing was left to do"


def compare(home: Path, expected: dict[str, Any]) -> None:
    settings = load_settings(home=home)
    index, state = open_index(settings), State(settings)
    points = list(index.points())
    known = state.known("kb")
    unindexed = state.summary()["unindexed"]
    index.close()
    state.close()
    assert len(points) == len({id for id, _ in points}), "a passage is there twice"
    assert dict(points) == expected
    assert unindexed == 0
    assert {k.id for k in known} == {payload["document_id"] for payload in expected.values()}
    assert sum(k.passages for k in known) == len(expected)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
def test_a_killed_run_leaves_no_worker_and_no_lock_behind(quick_path: Path, fresh: Any) -> None:
    folder, home, script = quick_path / "kb", quick_path / "home", quick_path / "runner.py"
    fill(folder)
    script.write_text(RUNNER, encoding="utf-8")
    command = [sys.executable, str(script), str(folder), str(home), "with workers"]
    process = subprocess.Popen(command)
    until(lambda: (home / "state.db").exists() and len(descendants(process.pid)) >= 2, "the workers never started")
    workers = descendants(process.pid)

    process.kill()
    process.wait(10)

    until(lambda: not any(alive(pid) for pid in workers), "workers outlived the run")
    subprocess.run(command, check=True, timeout=60)
    compare(home, fresh(folder))


def descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return children + [deeper for child in children for deeper in descendants(child)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Any, otherwise: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
