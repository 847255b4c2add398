"""The embedded encoder: one question, many at once, passages; both engines; how well their vectors agree.

Example: python -m bench.encoder /data/cases.jsonl /data/kb --json encoder.json
"""

import argparse
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from bench.measure import Others, busy, keep, machine, module, percentiles, show, step
from brain.encoder import BatchingEncoder, make_encoder
from brain.encoder.base import Encoder
from brain.encoder.batching import KNOWN
from brain.settings import load_settings
from eval.cases import load_cases
from ingest.engine import prepare_all
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading
from ingest.source import list_folder
from ingest.split import encoded_text

ENGINES = ("openvino", "torch")
CLIENTS = (1, 4, 16)
STARTS = 3
WARM_UP = 20
ASKED = 320
"""Questions in a measurement of throughput; the list is gone through again until they are enough."""
TARGET_MS, TARGET_GAIN, TARGET_COSINE = 5, 3, 0.999


def encoder(**chosen: str) -> Encoder:
    """The embedded encoder, as the settings have it apart from `chosen`."""
    return make_encoder(load_settings(encoder={"provider": "embedded"} | chosen))


def passages(folder: Path, most: int) -> list[str]:
    """Texts as ingestion encodes them, from all over the folder."""
    settings = load_settings()
    reading = Reading(Defaults("bench"), Limits(int(settings.ingest.max_file_mb * 1e6)), settings.splitter)
    prepared = prepare_all(list_folder(folder, SUFFIXES).files, reading, settings.ingest)
    texts = [
        encoded_text(d.title, c.heading_path, c.text)
        for file in prepared
        for d, chunks in file.documents
        for c in chunks
    ]
    return texts[:: max(1, len(texts) // most)][:most]


def alone(tried: Encoder, texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds of one question at a time; `cpu`: mean over all cores, which other processes hardly change."""
    for text in texts[:WARM_UP]:
        tried.encode_questions([text])
    walls, before = [], process_time()
    for text in texts:
        start = perf_counter()
        tried.encode_questions([text])
        walls.append(1e3 * (perf_counter() - start))
    return percentiles(walls) | {"cpu": 1e3 * (process_time() - before) / len(texts)}


def clients(tried: Encoder, texts: Sequence[str], count: int) -> float:
    """Questions a second that so many threads get from one encoder, each with one question under way."""
    batching = BatchingEncoder(tried)
    many = (list(texts) * ASKED)[:ASKED]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda text: batching.encode_questions([text]), texts[: WARM_UP * 2]))
        start = perf_counter()
        list(pool.map(lambda text: batching.encode_questions([text]), many))
        seconds = perf_counter() - start
    batching.close()
    return len(many) / seconds


def rate(tried: Encoder, texts: Sequence[str]) -> dict[str, float]:
    """Passages a second, by the clock and of processor time."""
    tried.encode_passages(texts[:WARM_UP])
    start, before = perf_counter(), process_time()
    tried.encode_passages(texts)
    return {"wall": len(texts) / (perf_counter() - start), "cpu": len(texts) / (process_time() - before)}


def first_vector_s(engine: str) -> float:
    """Seconds from starting a process to its first vector; the median of several."""
    return median(timed(module("first_vector", engine)) for _ in range(STARTS))


def timed(command: Sequence[str | Path]) -> float:
    """Seconds to the end of the command."""
    start = perf_counter()
    subprocess.run(list(map(str, command)), check=True)
    return perf_counter() - start


def agreement(vectors: Any, reference: Any) -> dict[str, float]:
    """Least and mean cosine."""
    cosines = (vectors * reference).sum(1)
    return {"least": float(cosines.min()), "mean": float(cosines.mean())}


def one_engine(name: str, asked: Sequence[str], texts: Sequence[str], exact: Encoder) -> dict[str, Any]:
    """Everything about one engine. `exact` is torch in float32, which its vectors are compared with."""
    step(f"{name}: process start to first vector")
    start_s = first_vector_s(name)
    tried = encoder(engine=name)
    by_length = sorted(asked, key=len)
    half = len(by_length) // 2
    step(f"{name}: one question at a time")
    short, long = alone(tried, by_length[:half]), alone(tried, by_length[half:])
    step(f"{name}: many at once")
    together = {str(count): clients(tried, asked, count) for count in CLIENTS}
    step(f"{name}: passages")
    passage_rate = rate(tried, texts)
    some = texts[:100]
    cosines = {
        "questions": agreement(tried.encode_questions(asked), exact.encode_questions(asked)),
        "passages": agreement(tried.encode_passages(some), exact.encode_passages(some)),
    }
    return {
        "precision": getattr(tried, "precision", ""),
        "first_vector_s": start_s,
        "short_ms": short,
        "long_ms": long,
        "clients": together,
        "passages": passage_rate,
        "cosine": cosines,
    }


Cell = Callable[[dict[str, Any]], str]


def rows(figures: dict[str, Any]) -> list[tuple[str, ...]]:
    """Figure, one column for each engine, target."""
    lines: list[tuple[str, Cell, str]] = [
        ("precision", lambda f: f["precision"], ""),
        (f"process start to first vector (median of {STARTS})", lambda f: f"{f['first_vector_s']:.1f} s", ""),
        ("a short question, p50, p95", lambda f: _both(f["short_ms"]), f"p50 < {TARGET_MS} ms"),
        ("a long question, p50, p95", lambda f: _both(f["long_ms"]), ""),
        ("processor time of a short, a long one", _cpu, ""),
        *((f"questions/s, {n} client{'s' * (n > 1)}", _clients(str(n)), "") for n in CLIENTS),
        (f"{CLIENTS[-1]} clients over one", lambda f: f"{_gain(f):.2f}", f"> {TARGET_GAIN}"),
        ("passages/s", lambda f: f"{f['passages']['wall']:.1f}", ""),
        ("passages/s of processor time", lambda f: f"{f['passages']['cpu']:.1f}", ""),
        ("cosine to torch float32, questions: least, mean", _cosine("questions"), f"> {TARGET_COSINE}"),
        ("cosine to torch float32, passages: least, mean", _cosine("passages"), f"> {TARGET_COSINE}"),
    ]
    return [(name, *(cell(figures["engines"][engine]) for engine in ENGINES), target) for name, cell, target in lines]


def _both(timing: dict[str, float]) -> str:
    return f"{timing['p50']:.1f} ms, {timing['p95']:.1f} ms"


def _cpu(figures: dict[str, Any]) -> str:
    return f"{figures['short_ms']['cpu']:.1f} ms, {figures['long_ms']['cpu']:.1f} ms"


def _clients(count: str) -> Cell:
    return lambda figures: f"{figures['clients'][count]:.0f}"


def _gain(figures: dict[str, Any]) -> float:
    return float(figures["clients"][str(CLIENTS[-1])] / figures["clients"]["1"])


def _cosine(kind: str) -> Cell:
    return lambda figures: f"{figures['cosine'][kind]['least']:.5f}, {figures['cosine'][kind]['mean']:.5f}"


NOTES = (
    "short and long: the shorter and the longer half of the questions",
    "clients are threads that share one encoder, each with one question under way",
    "by default questions go to openvino; passages to torch where the CPU multiplies bfloat16, else to openvino",
)


def main() -> None:
    given = arguments()
    asked = list(dict.fromkeys(case.text for case in load_cases(given.cases)))
    if len(asked) <= 2 * KNOWN:
        raise SystemExit(f"{given.cases} holds {len(asked)} questions: too few, the encoder remembers {KNOWN}.")
    texts = passages(given.folder, given.passages)
    place, others = machine(), Others()
    exact = encoder(engine="torch", precision="float32")
    engines = {name: one_engine(name, asked, texts, exact) for name in ENGINES}
    figures = {"others": others.share(), "questions": len(asked), "passages": len(texts), "engines": engines}
    title = f"embedded encoder, {len(asked)} questions, {len(texts)} passages"
    show(title, ("", *ENGINES, "target"), rows(figures), [*NOTES, *busy([figures["others"]])])
    keep(given.json, {"cases": given.cases, "folder": given.folder, "machine": place} | figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, help="JSONL file of cases, or a folder of them: the questions")
    parser.add_argument("folder", type=Path, help="folder of pages: the passages")
    parser.add_argument("--passages", type=int, default=300, help="how many to encode [300]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
