"""Corpora of any size from a folder of pages: passages in a drawn order, then repeated with changes; real vectors, then jittered ones.

Every size is the beginning of the next one. The pages that the cases ask about come first, so that quality can be measured on each.
"""

import json
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from bench.tutorial_stack import pages_of
from brain.encoder.base import Encoder, Vectors, normalized
from brain.index import open_index
from brain.index.base import Point, payload_of, point_id
from brain.index.edge import EdgeIndex
from brain.settings import Settings, SparseSettings, load_settings
from brain.text.bm25 import passage_vector, title_vector
from brain.types import Chunk, Document
from ingest.engine import prepare_all
from ingest.parse import SUFFIXES, Defaults, Limits
from ingest.prepare import Reading
from ingest.source import SourceFile, list_folder
from ingest.split import encoded_text

Page = tuple[Document, tuple[Chunk, ...]]
PAGES, VECTORS, KEYS = "pages.jsonl", "vectors.f32", "vectors.keys"
CHANGED = 0.2
"""Share of a repeated passage's words that are replaced by words drawn from other passages."""
JITTER = 0.35
"""How far a jittered vector lies from its real one, as a share of the distance between two other real ones. So at a million the
tenth neighbour is 0.26 away, where real vectors would have it: 0.46, 0.43, 0.40, 0.36 at 1,000, 3,000, 8,000, 23,000 of them."""
KEY_BYTES = 8
ENCODED_AT_ONCE = 64
VOCABULARY = 200_000
"""Words that replacements are drawn from, as often as they occur."""


@dataclass(frozen=True)
class Work:
    """The folder that keeps what takes long: parsed pages, vectors, indexes."""

    folder: Path

    @property
    def pages(self) -> Path:
        return self.folder / PAGES

    @property
    def vectors(self) -> Path:
        return self.folder / VECTORS

    @property
    def keys(self) -> Path:
        return self.folder / KEYS

    @property
    def encoded(self) -> int:
        """How many passages, the first ones, have vectors."""
        return self.keys.stat().st_size // KEY_BYTES if self.keys.exists() else 0


def prepare(folder: Path, gold: frozenset[str], settings: Settings, seed: int, work: Work) -> None:
    """Parses and splits the pages and writes them in their order: those with a gold id, then the others as drawn."""
    work.folder.mkdir(parents=True, exist_ok=True)
    limits = Limits(int(settings.ingest.max_file_mb * 1e6))
    reading = Reading(Defaults("bench", audience=("public",)), limits, settings.splitter)
    stated = pages_of(folder)
    files = _drawn(list_folder(folder, SUFFIXES).files, {stated[id] for id in gold if id in stated}, seed)
    with work.pages.open("w", encoding="utf-8") as out:
        for prepared in prepare_all(files, reading, settings.ingest):
            for document, chunks in prepared.documents:
                page = {"document": asdict(replace(document, body="")), "chunks": [asdict(c) for c in chunks]}
                out.write(json.dumps(page, ensure_ascii=False, default=str) + "\n")
                out.flush()


def _drawn(files: Sequence[SourceFile], first: Collection[Path], seed: int) -> list[SourceFile]:
    drawn = random.Random(seed).sample(list(files), len(files))
    return sorted(drawn, key=lambda file: file.path not in first)


def pages(work: Work) -> Iterator[Page]:
    """The pages in their order; their bodies are left out."""
    with work.pages.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):  # being written
                return
            page = json.loads(line)
            yield _document(page["document"]), tuple(_chunk(chunk) for chunk in page["chunks"])


def _document(fields: dict[str, Any]) -> Document:
    days = {name: date.fromisoformat(fields[name]) if fields[name] else None for name in DAYS}
    return Document(**fields | days | {"audience": tuple(fields["audience"]), "tags": tuple(fields["tags"])})


DAYS = ("valid_from", "valid_until", "updated_at")


def _chunk(fields: dict[str, Any]) -> Chunk:
    return Chunk(**fields | {"span": tuple(fields["span"]), "heading_path": tuple(fields["heading_path"])})


def passages(work: Work, count: int, seed: int = 1) -> Iterator[tuple[Document, Chunk]]:
    """The first `count` passages; after the last page they begin again, each time with other changes."""
    once = [(document, chunk) for document, chunks in pages(work) for chunk in chunks]
    yield from once[:count]
    changes = Changes(once, seed)
    for number in range(len(once), count):
        yield changes.of(*once[number % len(once)], number // len(once))


class Changes:
    """Repeats passages: another document id, some words replaced, so that no two passages say the same."""

    def __init__(self, once: Sequence[tuple[Document, Chunk]], seed: int) -> None:
        self._random = random.Random(seed)
        some = self._random.sample(list(once), min(len(once), 2000))
        self._words = [word for _, chunk in some for word in chunk.text.split()][:VOCABULARY]

    def of(self, document: Document, chunk: Chunk, repetition: int) -> tuple[Document, Chunk]:
        """The passage as it is in this repetition."""
        words = chunk.text.split(" ")
        for at in self._random.sample(range(len(words)), int(CHANGED * len(words))):
            words[at] = self._random.choice(self._words)
        text = " ".join(words)
        changed = replace(document, id=f"{document.id}~{repetition}")
        id = point_id(changed.tenant, changed.id, f"{chunk.position}\0{text}")
        return changed, replace(chunk, id=id, document_id=changed.id, text=text, span=(0, len(text)))


def encode(work: Work, count: int, encoder: Encoder) -> None:
    """Encodes the first passages until `count` have vectors; what is there already stays. May be killed and run again."""
    there = len(real_vectors(work, encoder.dimensions))
    texts = [encoded(*passage) for passage in passages(work, count)]
    with work.vectors.open("ab") as vectors, work.keys.open("ab") as keys:
        vectors.truncate(there * encoder.dimensions * 4)
        keys.truncate(there * KEY_BYTES)
        for start in range(there, count, ENCODED_AT_ONCE):
            some = texts[start : min(count, start + ENCODED_AT_ONCE)]
            vectors.write(encoder.encode_passages(some).tobytes())
            vectors.flush()
            keys.write(b"".join(map(_key, some)))
            keys.flush()


def take(work: Work, home: Path) -> int:
    """Puts the pages that the index of this home holds before the others, and takes their vectors from it; how many passages.

    Those pages are encoded already. The home is opened, so it must not be in use; give a copy.
    """
    known = dict(_stored(home))
    every = list(pages(work))
    held = [all(chunk.id in known for chunk in chunks) for _, chunks in every]
    lines = work.pages.read_text(encoding="utf-8").splitlines(keepends=True)
    work.pages.write_text(
        "".join(line for _, line in sorted(zip(held, lines, strict=True), key=lambda p: not p[0])), encoding="utf-8"
    )
    first = [(d, c) for (d, chunks), there in zip(every, held, strict=True) if there for c in chunks]
    work.vectors.write_bytes(np.array([known[c.id] for _, c in first], np.float32).tobytes())
    work.keys.write_bytes(b"".join(_key(encoded(*passage)) for passage in first))
    return len(first)


def _stored(home: Path) -> Iterator[tuple[str, list[float]]]:
    """Ids and dense vectors of an embedded index."""
    index = open_index(load_settings(home=home))
    assert isinstance(index, EdgeIndex)
    ids = [id for id, _ in index.points()]
    for start in range(0, len(ids), ENCODED_AT_ONCE):
        yield from ((point.id, point.dense) for point in index.export(ids[start : start + ENCODED_AT_ONCE]))
    index.close()


def real_vectors(work: Work, dimensions: int) -> Vectors:
    """Those that are there, in the passages' order."""
    if not work.vectors.exists():
        return np.zeros((0, dimensions), np.float32)
    whole = min(work.vectors.stat().st_size // (4 * dimensions), work.keys.stat().st_size // KEY_BYTES)
    return np.fromfile(work.vectors, np.float32, whole * dimensions).reshape(whole, dimensions)


def check_vectors(work: Work, texts: Sequence[str]) -> None:
    """Raises SystemExit where the vectors are not of these passages, the first ones."""
    keys = work.keys.read_bytes()
    if any(keys[at * KEY_BYTES : (at + 1) * KEY_BYTES] != _key(text) for at, text in enumerate(texts)):
        raise SystemExit(f"{work.vectors} holds vectors of other passages: delete it and {work.keys.name}.")


def encoded(document: Document, chunk: Chunk) -> str:
    """What the encoders read of a passage."""
    return encoded_text(document.title, chunk.heading_path, chunk.text)


def _key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=KEY_BYTES).digest()


class Jitter:
    """Vectors for passages that were not encoded: a real one, moved by a share of the difference of two other real ones.

    So the cloud keeps its directions; noise in each of the 384 alone would fill ones that no text has, and be no test of a graph.
    """

    def __init__(self, real: Vectors, seed: int) -> None:
        self._real, self._random = real, np.random.default_rng(seed)

    def vectors(self, first: int, count: int) -> Vectors:
        """Of the passages from number `first` on."""
        real, numbers = self._real, np.arange(first, first + count)
        one, other = (real[self._random.integers(len(real), size=count)] for _ in range(2))
        jittered = normalized(real[numbers % len(real)] + JITTER * (one - other))
        there = numbers < len(real)
        jittered[there] = real[numbers[there]]
        return jittered


def point(document: Document, chunk: Chunk, dense: list[float], settings: SparseSettings) -> Point:
    """As `ingest.writer` makes it."""
    language, title = document.language or "", document.title
    sparse = passage_vector(chunk.text, language, settings, title=title, heading_path=chunk.heading_path)
    of_title = title_vector(title, language, settings) if title and not chunk.position else None
    return Point(chunk.id, dense, sparse, payload_of(document, chunk), of_title)
