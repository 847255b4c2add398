"""Do a judge and a person agree, beyond what chance would give?"""

from collections.abc import Sequence


def kappa(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Cohen's kappa of two gradings (n,) of the same answers, weighted by the squared distance of the grades; 1 is full agreement.

    None where it is not defined: no grades, or both always give one and the same.

    Source: J. Cohen, "Weighted kappa", Psychological Bulletin 70, 1968.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} grades: one of each for every answer")
    if not one:
        return None
    n = len(one)
    seen = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / n
    by_chance = sum((a - b) ** 2 for a in one for b in other) / n**2
    return None if by_chance == 0 else 1 - seen / by_chance
