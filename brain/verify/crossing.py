"""A claim in one language, its passage in another: what is language-free is looked up, the meaning is left to the vectors."""

from collections.abc import Sequence

from brain.verify.matching import unmatched
from brain.verify.names import names_in
from brain.verify.reading import Close, Evidence, Text
from brain.verify.support import UNRELATED, Finding

LEAST_CLOSE = 0.88
"""Cosine of the embedded encoder from which on a sentence is taken for the other's translation."""
MOST_READ = 12
"""Sentences of the passages that are encoded."""


def check_across(claim: Text, evidence: Evidence, close: Close | None) -> Finding:
    """Figures, dates and addresses must stand in the passages; without vectors nothing more can be said."""
    missing = unmatched(claim.values, evidence.values, evidence.stated_above)
    if missing:
        return Finding(0.0, tuple(f"“{value.shown}” is not in the passage" for value in missing))
    if close is None:
        return Finding(0.5)
    chosen = _likely(claim, evidence)
    cosines = close(claim.text, [evidence.sentences[place].text for place in chosen]) if chosen else []
    cosine, closest = max(zip(cosines, chosen, strict=True), default=(0.0, 0))
    return Finding(cosine, () if cosine >= LEAST_CLOSE else (UNRELATED,), (closest,) if chosen else ())


def _likely(claim: Text, evidence: Evidence) -> Sequence[int]:
    """The sentences with most of the claim's figures and names, in reading order."""
    wanted = claim.terms | {name.term for name in names_in(claim.words, claim.language)}
    order = sorted(range(len(evidence.sentences)), key=lambda i: -len(wanted & evidence.sentences[i].terms))
    return sorted(order[:MOST_READ])
