"""Does a canary please? People's thumbs under two versions of a prompt, each conversation counted once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot

from eval.stats.means import wilson_interval


@dataclass(frozen=True, slots=True)
class Thumb:
    """What one person said of one answer: `up` 1 or 0, under a version of the prompt, in a conversation."""

    version: int
    conversation: str
    up: float


@dataclass(frozen=True, slots=True)
class Pleased:
    """Shares of conversations that pleased, before and with the canary, and the interval of their difference."""

    served: float
    canary: float
    low: float
    high: float
    conversations: tuple[int, int]

    @property
    def difference(self) -> float:
        return self.canary - self.served


def compare_feedback(thumbs: Iterable[Thumb], served: int, canary: int, confidence: float = 0.95) -> Pleased | None:
    """None where one of the two has no feedback. A conversation counts with the mean of its thumbs.

    Source of the interval: R. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17, 1998, method 10.
    """
    held: dict[int, dict[str, list[float]]] = {served: defaultdict(list), canary: defaultdict(list)}
    for thumb in thumbs:
        if thumb.version in held:
            held[thumb.version][thumb.conversation].append(thumb.up)
    means = [[sum(ups) / len(ups) for ups in held[version].values()] for version in (served, canary)]
    if not all(means):
        return None
    (old, new), counts = (sum(each) / len(each) for each in means), (len(means[0]), len(means[1]))
    old_low, old_high = wilson_interval(old * counts[0], counts[0], confidence)
    new_low, new_high = wilson_interval(new * counts[1], counts[1], confidence)
    low, high = new - old - hypot(new - new_low, old_high - old), new - old + hypot(new_high - new, old - old_low)
    return Pleased(old, new, low, high, counts)
