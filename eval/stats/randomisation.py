"""A test of paired differences that assumes nothing of how they are spread."""

from collections.abc import Sequence

import numpy as np

from eval.stats.means import Floats

RESAMPLES = 10_000
EXACT = 13
"""Up to so many clusters that differ, all 2^13 sign patterns are fewer than the draws would be."""


def sign_flip_p(changes: Sequence[float], clusters: Sequence[str], seed: int = 0) -> float:
    """Two-sided p-value of a randomisation test: without a difference, before and after could swap in any cluster.

    Exact for up to `EXACT` clusters that differ, else by `RESAMPLES` draws: same seed, same value. 1.0 where none differs.

    Source: Smucker, Allan & Carterette, "A comparison of statistical significance tests for information retrieval
    evaluation", CIKM 2007.
    """
    members = np.unique(np.asarray(clusters), return_inverse=True)[1]
    sums: Floats = np.bincount(members, weights=np.asarray(changes, dtype=np.float64)).astype(np.float64)
    sums = sums[np.abs(sums) > 1e-12]
    if not sums.size:
        return 1.0
    # Sums that are equal in exact arithmetic must not fall below the observed one by rounding.
    reached = np.abs(_flipped(sums, seed)) >= abs(sums.sum()) - 1e-9
    if sums.size <= EXACT:
        return float(reached.mean())
    # What was observed is one of the patterns: a share of drawn ones alone could be 0.
    return float((reached.sum() + 1) / (reached.size + 1))


def _flipped(sums: Floats, seed: int) -> Floats:
    """The total under every sign pattern where they are few, else under drawn ones."""
    if sums.size <= EXACT:
        patterns = np.arange(2**sums.size)[:, None] >> np.arange(sums.size) & 1
    else:
        patterns = np.random.default_rng(seed).integers(2, size=(RESAMPLES, sums.size))
    return np.asarray((2 * patterns - 1) @ sums, dtype=np.float64)
