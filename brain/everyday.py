"""How near everyday questions, about nothing in particular, come to a knowledge base: what nearness is worth there.

"Quel film regarder ce soir ?" finds a passage with a cosine of 0.83 among 170 passages and of 0.85 among 29,000: the more there are,
the nearer the nearest is, and some subjects lie nearer to everything. So a question's cosine is held against those of a cohort of such
questions in the same scope, as speaker verification does with impostors (z-norm: Auckenthaler et al., "Score normalization for
text-independent speaker verification systems", 2000).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from statistics import median

from brain.encoder import Encoder
from brain.index import Index, Scope
from brain.index.base import DENSE, Search
from brain.rankings import Remembered

KEPT_S = 3600.0
"""How long a level is remembered: it moves with the size of a knowledge base, and that slowly."""
AT_ONCE = 8
"""Searches of one call, so that other questions need not wait for all of them."""


class Everyday:
    """The levels of an index's scopes. Thread-safe as far as its index and encoder are."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self._index, self._encoder = index, encoder
        self._vectors: dict[str, list[list[float]]] = {}
        self._levels: Mapping[str, Remembered[float | None]] = {
            language: Remembered(lambda scope, language=language: self._measured(scope, language), seconds=KEPT_S)  # type: ignore[misc]
            for language in ("fr", "en")
        }

    def level(self, scope: Scope, language: str) -> float | None:
        """The cosine that half of the everyday questions in this language reach; None of a language that there are none in."""
        levels = self._levels.get(language)
        return levels.of(replace(scope, gone=())) if levels else None

    def _measured(self, scope: Scope, language: str) -> float | None:
        vectors = self._vectors.get(language) or self._encoder.encode_questions(questions(language)).tolist()
        self._vectors[language] = vectors
        best: list[float] = []
        for at in range(0, len(vectors), AT_ONCE):
            searches = [Search(DENSE, vector, 1) for vector in vectors[at : at + AT_ONCE]]
            best += (hits[0].score for hits in self._index.search(searches, scope) if hits)
        return median(best) if best else None


@lru_cache
def questions(language: str) -> list[str]:
    """Of food, sport, travel, school, love and the like; no acceptance set has one of them."""
    return (files("brain.text") / "everyday" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
