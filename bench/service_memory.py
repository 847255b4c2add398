"""Memory over time: sampled, its slope, and how it looks."""

import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from xml.sax.saxutils import escape

import numpy as np
import psutil

PERIOD_S = 1.0
BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH, HEIGHT, MARGIN = 720, 240, 40


class Memory(threading.Thread):
    """Samples a process tree's resident memory, (seconds, MB), until `stop`."""

    def __init__(self, root: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, float]] = []
        self._root, self._ended = root, threading.Event()

    def run(self) -> None:
        start = perf_counter()
        while not self._ended.wait(PERIOD_S):
            tree = [self._root, *self._root.children(recursive=True)]
            self.samples.append((perf_counter() - start, sum(one.memory_info().rss for one in tree) / 1e6))

    def stop(self) -> list[tuple[float, float]]:
        self._ended.set()
        self.join()
        return self.samples


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """MB an hour, by least squares over the last two thirds: what a service takes once, as it warms up, is no leak."""
    kept = np.array(samples[len(samples) // 3 :])
    return float(3600 * np.polyfit(kept[:, 0], kept[:, 1], 1)[0]) if len(kept) > 2 else float("nan")


def sparkline(samples: Sequence[tuple[float, float]], width: int = 60) -> str:
    """From the least to the most, in so many characters at most."""
    values = np.array([megabytes for _, megabytes in samples])
    means = [float(part.mean()) for part in np.array_split(values, min(width, len(values)))]
    low, span = min(means), (max(means) - min(means)) or 1
    return "".join(BLOCKS[int((value - low) / span * (len(BLOCKS) - 1))] for value in means)


def plot(samples: Sequence[tuple[float, float]], title: str, path: Path) -> None:
    """Writes an SVG; the axis of memory begins at 0, so that flat looks flat."""
    most, last = max(megabytes for _, megabytes in samples) * 1.1, samples[-1][0]
    across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    points = " ".join(
        f"{MARGIN + across * seconds / last:.1f},{HEIGHT - MARGIN - up * megabytes / most:.1f}"
        for seconds, megabytes in samples
    )
    base, right = HEIGHT - MARGIN, WIDTH - MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="20">{escape(title)}</text>',
        f'<path d="M{MARGIN} {MARGIN}V{base}H{right}" fill="none" stroke="#888"/>',
        f'<polyline points="{points}" fill="none" stroke="#1d4ed8" stroke-width="1.5"/>',
        f'<text x="{MARGIN}" y="{HEIGHT - 20}">0</text>',
        f'<text x="{right}" y="{HEIGHT - 20}" text-anchor="end">{last / 60:.1f} min</text>',
        f'<text x="{MARGIN - 4}" y="{MARGIN + 4}" text-anchor="end">{most:.0f}</text>',
        f'<text x="{MARGIN - 4}" y="{base}" text-anchor="end">0 MB</text>',
        "</svg>",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
