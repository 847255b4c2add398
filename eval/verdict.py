"""Ship, don't ship, or so many more cases: the decision, from paired scores and a bar that was fixed before them.

The candidate ships where the whole interval of its difference lies above `-margin`, and doesn't where it lies below; in between
nothing is decided. Each of the two errors, to ship what is worse by the margin or more and to turn down what isn't, is
made with a probability of at most (1 - confidence) / 2. Non-inferiority first, then superiority, needs no correction: the second is
only asked where the first holds.

Sources: ICH E9, "Statistical principles for clinical trials", 1998, 3.3.2; J. Lewis, "Switching between superiority and
non-inferiority", British Journal of Clinical Pharmacology 52, 2001; E. Miller, "Adding error bars to evals", arXiv
2411.00640 (clusters).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from eval.experiment import Bar
from eval.stats.clustered import Clusters
from eval.stats.effect import Effect, checked, effect, is_binary
from eval.stats.multiple import benjamini_hochberg, holm
from eval.stats.power import Spread, cases_needed, more_cases, power_to_reject, power_to_ship
from eval.stats.ppi import LEAST, Corrected, corrected_difference
from eval.stats.sequential import Outcome, sequential

SMALLEST_SLICE = 5
"""Cases: a smaller part says nothing on its own."""


class Decision(StrEnum):
    """What to do, and the exit code that says so."""

    SHIP = "ship"
    DONT_SHIP = "dont_ship"
    INCONCLUSIVE = "inconclusive"
    COULD_NOT_RUN = "could_not_run"

    @property
    def exit_code(self) -> int:
        return list(Decision).index(self)


@dataclass(frozen=True, slots=True)
class Pair:
    """A case scored for both variants, repeats averaged. `human`: the same by a person, where both answers are labelled."""

    case: str
    cluster: str
    baseline: float
    candidate: float
    slices: Mapping[str, tuple[str, ...]]
    """By kind of slice the values that the case has, such as language: fr."""
    human: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the cases. `adjusted_p`: of "no difference", adjusted for the number of parts looked at, as the bar says."""

    kind: str
    value: str
    effect: Effect
    adjusted_p: float


@dataclass(frozen=True, slots=True, init=False)
class Reason:
    """Why a verdict is what it is: a code of `eval.reporting.words`, and what its text names."""

    code: str
    values: Mapping[str, str | int]

    def __init__(self, code: str, **values: str | int) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True)
class Finding:
    """The statistical part of a verdict."""

    decision: Decision
    effect: Effect | None
    superior: bool = False
    confidence: float = 0.95
    """Of the interval: above the bar's where part of the error was kept for the sequential test."""
    reasons: tuple[Reason, ...] = ()
    needed: int | None = None
    """About how many further cases decide, with the bar's power; None: decided, or out of reach."""
    sequential: Outcome | None = None
    corrected: Corrected | None = None
    slices: tuple[Slice, ...] = ()


def decide(
    pairs: Sequence[Pair],
    asked: int,
    bar: Bar,
    *,
    critical_failures: Sequence[str] = (),
    critical_unknown: Sequence[str] = (),
) -> Finding:
    """`pairs` in the order in which they were asked, critical cases left out; `asked`: how many such cases were asked in all."""
    found = _by_statistics(pairs, asked, bar)
    if critical_failures:
        reasons = (Reason("critical_failed", cases=_named(critical_failures)), *found.reasons)
        return replace(found, decision=Decision.DONT_SHIP, reasons=reasons, needed=None)
    if critical_unknown and found.decision is Decision.SHIP:
        reasons = (Reason("critical_unknown", cases=_named(critical_unknown)), *found.reasons)
        return replace(found, decision=Decision.INCONCLUSIVE, reasons=reasons)
    return found


def _by_statistics(pairs: Sequence[Pair], asked: int, bar: Bar) -> Finding:
    if not pairs:
        return Finding(Decision.INCONCLUSIVE, None, reasons=(Reason("nothing_scored", asked=asked),))
    # What the sequential test may err is taken from what the interval at the end may.
    confidence = 1 - (1 - bar.confidence) / 2 if bar.sequential else bar.confidence
    seen = effect([p.baseline for p in pairs], [p.candidate for p in pairs], [p.cluster for p in pairs], confidence)
    corrected = _corrected(pairs, confidence)
    # The sequential test bets on the judge's scores as they are: a person's labels overrule it.
    early = early_outcome(pairs, bar) if bar.sequential and not corrected else None
    low, high = (corrected.low, corrected.high) if corrected else (seen.low, seen.high)
    decision, reasons = _decision(low, high, early, bar)
    needed = _further(pairs, seen.difference, bar) if decision is Decision.INCONCLUSIVE else None
    if len(pairs) < bar.min_coverage * asked:
        lack = Reason("coverage", scored=len(pairs), asked=asked, least=f"{bar.min_coverage:.0%}")
        decision, reasons = Decision.INCONCLUSIVE, (lack, *reasons)
    superior = decision is Decision.SHIP and low > 0
    parts = tuple(slices_of(pairs, bar))
    return Finding(decision, seen, superior, confidence, reasons, needed, early, corrected, parts)


def _decision(low: float, high: float, early: Outcome | None, bar: Bar) -> tuple[Decision, tuple[Reason, ...]]:
    if early and early.decision:
        ship = early.decision == "ship"
        reason = Reason("early_ship" if ship else "early_dont_ship", at=early.at or 0)
        return Decision.SHIP if ship else Decision.DONT_SHIP, (reason,)
    if low > -bar.margin:
        return Decision.SHIP, ()
    if high < -bar.margin:
        return Decision.DONT_SHIP, ()
    return Decision.INCONCLUSIVE, (Reason("straddles", margin=f"{-100 * bar.margin:+g}"),)


def _further(pairs: Sequence[Pair], seen: float, bar: Bar) -> int | None:
    """Cases missing if both are equally good; where that many are there already, if the difference is the one that was seen."""
    spread = spread_of(pairs)
    power = power_to_ship if seen > -bar.margin else power_to_reject
    in_all = needed_in_all(spread, bar)
    if in_all is None or in_all <= len(pairs):
        in_all = cases_needed(lambda n: power(spread, n, bar.margin, seen, bar.confidence), bar.power)
    return more_cases(len(pairs), in_all) if in_all and in_all > len(pairs) else None


def _named(cases: Sequence[str]) -> str:
    return ", ".join(cases[:5]) + (" …" if len(cases) > 5 else "")


def early_outcome(pairs: Sequence[Pair], bar: Bar, largest: float | None = None) -> Outcome:
    """The sequential test over the clusters in the order of the pairs, with half of the error of each side."""
    clusters: dict[str, list[float]] = {}
    for pair in pairs:
        clusters.setdefault(pair.cluster, []).append(pair.candidate - pair.baseline)
    sums, sizes = [sum(held) for held in clusters.values()], [float(len(held)) for held in clusters.values()]
    return sequential(sums, sizes, bar.margin, (1 - bar.confidence) / 4, largest)


def spread_of(pairs: Sequence[Pair]) -> Spread:
    """How much the cases differ between the variants, as far as was seen."""
    old, new, members = checked([p.baseline for p in pairs], [p.candidate for p in pairs], [p.cluster for p in pairs])
    change = new - old
    groups = Clusters.of(change, members)
    gained, lost = float((change > 0).mean()), float((change < 0).mean())
    sd = float(change.std()) or 0.5 / len(pairs)  # nothing differed: as if half a case had
    binary = is_binary(old, new) and groups.count == len(pairs)
    design = 1.0 if binary or groups.count < 2 else max(1.0, groups.error**2 * len(pairs) / sd**2)
    return Spread(gained, lost, sd, design, len(pairs) / groups.count, binary, groups.skew)


def needed_in_all(spread: Spread, bar: Bar, difference: float = 0.0) -> int | None:
    """Cases with which a candidate that truly differs by `difference` clears the bar with its power."""
    return cases_needed(lambda n: power_to_ship(spread, n, bar.margin, difference, bar.confidence), bar.power)


def slices_of(pairs: Sequence[Pair], bar: Bar) -> list[Slice]:
    """The effect in each part of the cases that is not all of them."""
    parts: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        for kind in bar.slices:
            for value in pair.slices.get(kind, ()):
                parts.setdefault((kind, value), []).append(pair)
    effects = {
        part: effect([p.baseline for p in held], [p.candidate for p in held], [p.cluster for p in held], bar.confidence)
        for part, held in sorted(parts.items())
        if SMALLEST_SLICE <= len(held) < len(pairs)
    }
    adjust = holm if bar.adjust == "holm" else benjamini_hochberg
    adjusted = adjust({f"{kind}\0{value}": found.p for (kind, value), found in effects.items()})
    return [Slice(kind, value, found, adjusted[f"{kind}\0{value}"]) for (kind, value), found in effects.items()]


def _corrected(pairs: Sequence[Pair], confidence: float) -> Corrected | None:
    """By a person's labels, where there are enough."""
    labelled = {pair.cluster for pair in pairs if pair.human}
    if len(labelled) < LEAST:
        return None
    judged = np.array([p.candidate - p.baseline for p in pairs])
    human = np.array([p.human[1] - p.human[0] if p.human else np.nan for p in pairs])
    members = np.unique([p.cluster for p in pairs], return_inverse=True)[1]
    return corrected_difference(judged, human, members, (1 - confidence) / 2)
