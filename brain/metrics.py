"""What happened since the start, counted: answers, failures of the model, how long users waited."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any

from brain.types import Answer

BOUNDS_MS = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000)
"""Upper bounds of a histogram's classes; the last class has none."""


class Metrics:
    """One for each Brain. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: Counter[tuple[str, str]] = Counter()
        self._failures: Counter[str] = Counter()
        self._times = {name: Histogram() for name in ("first_sentence", "total")}
        self._watched: dict[str, Callable[[], Any]] = {}

    def answered(self, answer: Answer) -> None:
        """Counts all that is to be counted of an answer."""
        failure = (answer.trace.model or {}).get("failure")
        with self._lock:
            self._answers[answer.status.value, answer.reason.value if answer.reason else ""] += 1
            if failure:
                self._failures[failure] += 1
            for name, histogram in self._times.items():
                if name in answer.trace.timings:
                    histogram.add(answer.trace.timings[name])

    def watch(self, name: str, value: Callable[[], Any]) -> None:
        """A value that is looked at when it is asked for."""
        self._watched[name] = value

    def snapshot(self) -> dict[str, Any]:
        """Everything, as plain values."""
        with self._lock:
            return {
                "answers": [
                    {"status": status, "reason": reason, "count": count}
                    for (status, reason), count in sorted(self._answers.items())
                ],
                "model_failures": [{"kind": kind, "count": count} for kind, count in sorted(self._failures.items())],
                **{f"{name}_ms": histogram.values() for name, histogram in self._times.items()},
                **{name: value() for name, value in self._watched.items()},
            }


class Histogram:
    """How many milliseconds, by class."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_MS) + 1)
        self._sum = 0.0

    def add(self, milliseconds: float) -> None:
        self._counts[bisect_left(BOUNDS_MS, milliseconds)] += 1
        self._sum += milliseconds

    def values(self) -> dict[str, Any]:
        """`counts[i]`: those up to `bounds[i]` and above the bound before; the last: those above all bounds."""
        return {"bounds": BOUNDS_MS, "counts": list(self._counts), "sum": self._sum, "count": sum(self._counts)}
