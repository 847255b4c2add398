"""How near everyday questions, about nothing in particular, come to a knowledge base: what nearness is worth there.

"Quel film regarder ce soir ?" finds a passage with a cosine of 0.83 among 170 passages and of 0.85 among 29,000: the more there are,
the nearer the nearest is, and some subjects lie nearer to everything. So a question's cosine is held against those of a cohort of such
questions in the same scope, as speaker verification does with impostors (z-norm: Auckenthaler et al., "Score normalization for
text-independent speaker verification systems", 2000).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from importlib.resources import files
from statistics import median

import numpy as np
import numpy.typing as npt

from brain.index import Index, Scope
from brain.index.base import DENSE, Search
from brain.rankings import Remembered

DATA = "e5_everyday.npy"
LANGUAGES = ("fr", "en")
"""In which there are such questions."""
KEPT_S = 3600.0
"""How long a level is remembered: it moves with the size of a knowledge base, and that slowly."""
AT_ONCE = 8
"""Searches of one call, so that other questions need not wait for all of them."""


class Everyday:
    """The levels of the scopes of an index that the embedded encoder made. Thread-safe as far as the index is."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._levels: Mapping[str, Remembered[float | None]] = {
            language: Remembered(partial(self._measured, language), seconds=KEPT_S) for language in LANGUAGES
        }

    def level(self, scope: Scope, language: str) -> float | None:
        """The cosine that half of the everyday questions in this language reach; None of a language that there are none in."""
        levels = self._levels.get(language)
        return levels.of(replace(scope, gone=())) if levels else None

    def _measured(self, language: str, scope: Scope) -> float | None:
        asked = vectors()[LANGUAGES.index(language)].tolist()
        best: list[float] = []
        for at in range(0, len(asked), AT_ONCE):
            searches = [Search(DENSE, vector, 1) for vector in asked[at : at + AT_ONCE]]
            best += (hits[0].score for hits in self._index.search(searches, scope) if hits)
        return median(best) if best else None


@lru_cache
def questions(language: str) -> list[str]:
    """Of food, sport, travel, school, love and the like; no acceptance set has one of them."""
    return (files("brain.text") / "everyday" / f"{language}.txt").read_text(encoding="utf-8").splitlines()


@lru_cache
def vectors() -> npt.NDArray[np.float32]:
    """The embedded encoder's of `questions`, (languages, questions, dimensions): stored, as nobody should wait for them."""
    with (files("brain.encoder") / DATA).open("rb") as file:
        stored: npt.NDArray[np.float32] = np.load(file).astype(np.float32)
    return stored
