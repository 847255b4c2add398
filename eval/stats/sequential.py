"""May a comparison stop early? Tests that stay valid however often one looks: wealth won by betting against a hypothesis.

Clusters come in an order drawn by a seed; each is one bet. Under the hypothesis no strategy multiplies its stake by 1/alpha, but with
probability alpha (Ville's inequality), so once the wealth reaches 1/alpha the hypothesis is rejected, at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.stats.means import Floats

STAKES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9])
"""Shares of the wealth that are staked, as shares of the largest that can't lose all; the wealth is spread over them evenly."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the test stands: the wealth won against "worse by the margin or more" (`ship`) and against "no worse" (`reject`)."""

    decision: Literal["ship", "dont_ship"] | None
    at: int | None
    """After how many clusters it was decided."""
    ship: float
    reject: float
    needed: float
    """The wealth that decides: 1/alpha."""


def wealth(bets: Floats, most: float) -> Floats:
    """The wealth after each bet, (rows, clusters), of bets of mean at most 0 under the hypothesis, none below `-most`.

    Stakes are fixed in advance, their wealths averaged, which is a martingale too: no stake needs to be guessed.

    Sources: I. Waudby-Smith & A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024; G. Shafer,
    "Testing by betting", JRSS A 184, 2021.
    """
    rows = np.atleast_2d(bets)
    stakes = STAKES / most
    logs = np.log1p(stakes[:, None, None] * rows[None]).cumsum(axis=2)
    peak = logs.max(axis=0)
    return np.asarray(np.exp(peak) * np.exp(logs - peak).mean(axis=0))


def bets_on(sums: Floats, sizes: Floats, margin: float, largest: float) -> tuple[Floats, float]:
    """Each cluster's bet that the mean difference is above `-margin`, in units of the largest cluster, and the most it can lose."""
    return (sums + margin * sizes) / largest, 1 - margin if margin < 1 else 1.0


def sequential(
    sums: Sequence[float], sizes: Sequence[float], margin: float, alpha: float, largest: float | None = None
) -> Outcome:
    """Both tests on clusters in the order in which they came; `sums` of differences, `sizes` in cases, `alpha` of each test.

    `largest`: cases of the largest cluster that may come, known before the first; by default that of those given.
    """
    total, cases = np.asarray(sums, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if not total.size:
        return Outcome(None, None, 1.0, 1.0, 1 / alpha)
    bets, loss = bets_on(total, cases, margin, largest or float(cases.max()))
    ship, reject = wealth(bets, loss)[0], wealth(-bets, 1 + margin)[0]
    return Outcome(*_first(ship, reject, 1 / alpha), float(ship[-1]), float(reject[-1]), 1 / alpha)


def _first(ship: Floats, reject: Floats, needed: float) -> tuple[Literal["ship", "dont_ship"] | None, int | None]:
    crossed: list[tuple[int, Literal["ship", "dont_ship"]]] = []
    for name, won in (("ship", ship), ("dont_ship", reject)):
        over: NDArray[np.intp] = np.flatnonzero(won >= needed)
        if over.size:
            crossed.append((int(over[0]) + 1, "ship" if name == "ship" else "dont_ship"))
    return (min(crossed)[1], min(crossed)[0]) if crossed else (None, None)
