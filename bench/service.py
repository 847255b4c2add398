"""Load on the real service: `brain serve` in its own process, the load in another, over a socket, with an API key.

    python -m bench.service HOME CASES.jsonl --seconds 30 --soak-minutes 10 --plot memory.svg --json service.json

Answers a second and waiting times with 1, 8, 32 clients, of search and of extractive answers, for questions never asked before
and for repeated ones; a fixed rate; then minutes at 60 % of the most, with errors counted and memory sampled.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import psutil

from bench.measure import Others, brain_command, busy, keep, machine, module, show, step
from bench.service_asked import fresh
from bench.service_memory import Memory, plot, slope, sparkline
from brain.index.copying import copy_sparse
from brain.keys.store import Keys
from brain.settings import load_settings
from brain.types import DEFAULT_TENANT, INTERNAL
from eval.cases import load_cases

PATHS = {"search": "/v1/search", "answer": "/v1/answer"}
MOST_PER_S = 300
"""Questions made ready for a second of load: more than two cores can answer."""
SOAK_SHARE = 0.6
NEEDED = 1.0
"""Questions a second in the busiest hour of 50,000 monthly users."""
TARGETS = "targets: 60 answers/s; at 20/s p95 < 80 ms; in the last run no error and flat memory"
Figures = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """A running one."""

    port: int
    key: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """Of all its processes since they began."""
        tree = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in tree)


@contextmanager
def served(home: Path, audience: str, tenant: str) -> Iterator[Service]:
    """On a copy of the home, with a key and without limits: those would be measured otherwise."""
    with tempfile.TemporaryDirectory(prefix="brain-bench-") as folder:
        copy = Path(folder) / "home"
        copy_sparse(home, copy)
        keys = Keys(load_settings(home=copy))
        key = str(keys.create("bench", ["ask", "search"], tenant=tenant, audience=audience, actor="bench", rate=None))
        keys.close()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        limits = {"BRAIN_LIMITS__KEY": "", "BRAIN_LIMITS__ADDRESS": "", "BRAIN_ANSWER__PROVIDER": "extractive"}
        command = [str(brain_command()), "serve", "--home", str(copy), "--port", str(port)]
        with (Path(folder) / "log").open("w+") as log:
            process = subprocess.Popen(command, env={**os.environ, **limits}, stderr=log, stdout=log)
            try:
                _until_ready(port, process, Path(folder) / "log")
                yield Service(port, key, psutil.Process(process.pid))
            finally:
                process.terminate()
                process.wait(30)


def _until_ready(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    end = monotonic() + seconds
    while monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz") as response:
                if response.status == 200:
                    return
        except (URLError, OSError):
            sleep(0.2)
    sys.exit(f"The service does not start:\n{log.read_text()[-2000:]}")


def load(service: Service, kind: str, questions: Sequence[str], seconds: float, *, repeat: bool, **how: Any) -> Figures:
    """`how`: `clients`, or `rate` and `random`."""
    bodies = [{"question": question} for question in questions]
    plan = {"port": service.port, "key": service.key, "path": PATHS[kind], "bodies": bodies, "seconds": seconds}
    plan |= {"repeat": repeat, "clients": 0, "rate": 0, "random": False, "seed": 2026} | how
    others, used = Others(), service.cpu_s()
    done = subprocess.run(module("service_load"), input=json.dumps(plan), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the load ended with {done.returncode}: {done.stderr[-2000:]}")
    found: Figures = json.loads(done.stdout)
    used = service.cpu_s() - used
    latencies = found.pop("latencies_ms") or [float("nan")]
    answered = sum(found["said"].values())
    named = dict(zip(("p50", "p95", "p99"), map(float, np.percentile(latencies, [50, 95, 99])), strict=True))
    return (
        found
        | named
        | {
            "kind": kind,
            "asked": "repeated" if repeat else "new",
            **how,
            "per_s": answered / found["wall_s"],
            "service_ms": 1e3 * used / max(1, answered),
            "load_share": found["cpu_s"] / found["wall_s"],
            "others": others.share(used),
        }
    )


def measure(service: Service, questions: Sequence[str], given: argparse.Namespace) -> Figures:
    """Everything, one after another; no question that counts as new is asked twice."""
    unused = fresh(questions, seed=2026)

    def new(seconds: float, per_s: float = MOST_PER_S) -> list[str]:
        return [next(unused) for _ in range(round(seconds * per_s) + 100)]

    step("warming up")
    for kind in PATHS:
        load(service, kind, questions, min(5, given.seconds), repeat=True, clients=8)
    closed = []
    for kind in PATHS:
        for clients in given.clients:
            for repeat in (False, True):
                step(f"{kind}, {clients} clients, {'repeated' if repeat else 'new'} questions")
                asked = questions if repeat else new(given.seconds)
                closed.append(load(service, kind, asked, given.seconds, repeat=repeat, clients=clients))
    most = max(one["per_s"] for one in closed if one["kind"] == "answer" and one["asked"] == "new")
    rated = []
    for random in (False, True):
        step(f"{given.rate:g} answers a second, {'at random' if random else 'evenly'}")
        asked = new(given.seconds, 2 * given.rate)
        rated.append(load(service, "answer", asked, given.seconds, repeat=False, rate=given.rate, random=random))
    return {"closed": closed, "most_per_s": most, "rated": rated, "soak": _soak(service, most, new, given)}


def _soak(service: Service, most: float, new: Any, given: argparse.Namespace) -> Figures | None:
    seconds, rate = 60 * given.soak_minutes, SOAK_SHARE * most
    if not seconds:
        return None
    step(f"{given.soak_minutes:g} minutes at {rate:.1f} answers a second")
    memory = Memory(service.process)
    memory.start()
    found = load(service, "answer", new(seconds, 1.2 * rate), seconds, repeat=False, rate=rate, random=True)
    samples = memory.stop()
    if given.plot:
        plot(samples, f"resident memory of the service, {rate:.1f} answers/s", given.plot)
    return found | {"memory_mb": samples, "slope_mb_h": slope(samples)}


def row(figures: Figures) -> list[str]:
    at = "at random" if figures.get("random") else "evenly"
    how = f"×{figures['clients']}" if figures.get("clients") else f"{figures['rate']:.3g}/s {at}"
    times = ", ".join(f"{figures[p]:.0f}" for p in ("p50", "p95", "p99"))
    errors = sum(figures["errors"].values())
    asked = f"{figures['kind']} {how}, {figures['asked']}"
    return [asked, f"{figures['per_s']:.1f}", times, str(errors), f"{figures['service_ms']:.1f}"]


def runs(figures: Figures) -> list[Figures]:
    return [*figures["closed"], *figures["rated"], *([figures["soak"]] if figures["soak"] else [])]


def notes(figures: Figures) -> list[str]:
    soak, all_runs = figures["soak"], runs(figures)
    errors = sum((Counter(one["errors"]) for one in all_runs), Counter[str]())
    said = sum((Counter(one["said"]) for one in all_runs if one["kind"] == "answer"), Counter[str]())
    lines = [
        f"head-room: {figures['most_per_s'] / NEEDED:.0f} times {NEEDED:g} question/s, the busiest hour of 50,000 monthly users",
        TARGETS,
        "new: never asked before (the cases' questions with slips of the keyboard); repeated: the cases' own, again and again",
        "at a rate each answer is timed from when its question was due; CPU: of all processes of the service, each time",
        f"answers: {dict(said)}; errors: {dict(errors)}",
        f"the load took up to {max(one['load_share'] for one in all_runs):.0%} of a core",
    ]
    if soak:
        first, *_, last = samples = soak["memory_mb"]
        grows = f"memory {first[1]:.0f} MB at first, {last[1]:.0f} MB at last, {soak['slope_mb_h']:+.1f} MB an hour"
        lines.append(f"{grows}: {sparkline(samples)}")
    return lines + busy([one["others"] for one in all_runs])


def main() -> None:
    given = arguments()
    cases = [case.to_question(given.audience, given.tenant) for case in load_cases(given.cases)]
    questions = list(dict.fromkeys(question.text for question in cases))
    place = machine()
    with served(given.home, given.audience, given.tenant) as service:
        figures = measure(service, questions, given)
    columns = ("", "a second", "p50, p95, p99 ms", "errors", "CPU ms")
    show(f"the service on {given.home}", columns, [row(one) for one in runs(figures)], notes(figures))
    keep(given.json, {"home": given.home, "cases": given.cases, "machine": place} | figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, help="home of an ingested knowledge base; a copy of it is served")
    parser.add_argument("cases", type=Path, help="JSONL file of cases, or a folder of them: the questions")
    parser.add_argument("--seconds", type=float, default=30, help="of each run [30]")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32], help="at once [1 8 32]")
    parser.add_argument("--rate", type=float, default=20, help="answers a second of the run at a fixed rate [20]")
    parser.add_argument("--soak-minutes", type=float, default=10, help=f"at {SOAK_SHARE:.0%} of the most; 0: none [10]")
    parser.add_argument("--audience", default=INTERNAL, help=f"who asks [{INTERNAL}]")
    parser.add_argument("--tenant", default=DEFAULT_TENANT, help=f"in which tenant [{DEFAULT_TENANT}]")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="the memory of the last run, as a picture")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
