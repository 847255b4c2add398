"""What the benchmarks share: commands timed and watched, percentiles, how figures are shown and kept."""

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

PERIOD_S = 0.1
BUSY = 0.1
"""Share of the machine that others may take before a warning."""
SAMPLER_SHARE = 0.05
"""Of a core: summing a large process's pages takes 10 ms and more, so it is done more rarely where it would disturb."""

console = Console(highlight=False)


@dataclass
class Peaks:
    """Highest memory seen, MB: PSS (shared pages counted once) of the process tree, RSS of its first process."""

    tree_mb: float = 0
    main_rss_mb: float = 0
    processes: int = 0
    samples: int = 0


@dataclass(frozen=True)
class Finished:
    """A command that ended well: what it printed, how long it took, what it held, what others took meanwhile."""

    output: str
    wall_s: float
    peaks: Peaks
    others: float

    def json(self) -> dict[str, Any]:
        """What it printed, read as one JSON object."""
        return dict(json.loads(self.output))


class Others:
    """How much of the cores' time other processes took since this was made, 0 to 1.

    torch's threads spin while they wait for each other: on a full machine each operation can take 10 ms, whatever its size.
    """

    def __init__(self) -> None:
        self._busy, self._own, self._start = _busy_s(), _own_s(), perf_counter()

    def share(self, running_s: float = 0) -> float:
        """`running_s`: what a child that still runs has used meanwhile."""
        whole = (perf_counter() - self._start) * (os.cpu_count() or 1)
        return min(1, max(0, (_busy_s() - self._busy - (_own_s() - self._own) - running_s) / whole))


def _busy_s() -> float:
    """Seconds that all cores together were not idle, since the system's start."""
    times = psutil.cpu_times()._asdict()
    # Guest time is part of user time already.
    return sum(spent for name, spent in times.items() if name not in ("idle", "iowait", "guest", "guest_nice"))


def _own_s() -> float:
    """Seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


class _Watch(threading.Thread):
    """Samples a process tree's memory until it is gone."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peaks, self._root = Peaks(), psutil.Process(pid)

    def run(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while self._root.status() != psutil.STATUS_ZOMBIE:
                start = perf_counter()
                self._sample()
                sleep(max(PERIOD_S, (perf_counter() - start) / SAMPLER_SHARE))

    def _sample(self) -> None:
        tree = [self._root, *self._root.children(recursive=True)]
        peaks = self.peaks
        peaks.main_rss_mb = max(peaks.main_rss_mb, self._root.memory_info().rss / 1e6)
        peaks.tree_mb = max(peaks.tree_mb, sum(map(_own_mb, tree)))
        peaks.processes = max(peaks.processes, len(tree))
        peaks.samples += 1


def _own_mb(process: psutil.Process) -> float:
    """PSS; USS where the system has no PSS; 0 for a process that has just ended."""
    try:
        memory = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return float(getattr(memory, "pss", memory.uss) / 1e6)


def watched(command: Sequence[str | Path]) -> Finished:
    """Runs the command to its end. SystemExit with what it said where it fails."""
    start, others = perf_counter(), Others()
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = _Watch(process.pid)
        watch.start()
        output, said = process.communicate()
        wall = perf_counter() - start
        watch.join()
    share = others.share()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nended with {process.returncode}:\n{said[-4000:]}{output[-2000:]}")
    return Finished(output, wall, watch.peaks, share)


def module(name: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a module of this package with the Python that runs now."""
    return [sys.executable, "-m", f"bench.{name}", *arguments]


def brain_command() -> Path:
    """The command `brain` beside the Python that runs now."""
    return Path(sys.executable).with_name("brain")


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": float(p50), "p95": float(p95)}


def machine() -> dict[str, Any]:
    """Where the figures come from; the load before the start."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"system": platform.platform(), "cores": os.cpu_count(), "load_1min": load}


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> None:
    """One table: names on the left, figures on the right; below it, what they mean."""
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for note in notes:
        console.print(f"- {note}", style="dim", markup=False)


def busy(shares: Sequence[float]) -> list[str]:
    """A warning where other processes took too much of the machine for the figures to hold."""
    if max(shares) <= BUSY:
        return []
    return [f"OTHER PROCESSES TOOK UP TO {max(shares):.0%} OF THE MACHINE: these figures don't hold; measure again"]


def step(line: str) -> None:
    """Says on stderr what is being measured now."""
    Console(stderr=True, highlight=False).print(line, style="dim", markup=False)


def keep(file: Path | None, figures: dict[str, Any]) -> None:
    """Writes the figures as JSON where a file was asked for."""
    if file:
        file.write_text(json.dumps(figures, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
