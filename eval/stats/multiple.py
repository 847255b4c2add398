"""Many tests at once: p-values adjusted so that chance alone seldom picks one out."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values: below a level, at most that level is the chance of even one false finding.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted, most = {}, 0.0
    for rank, name in enumerate(ordered):
        most = max(most, min(1.0, (len(ordered) - rank) * p_values[name]))
        adjusted[name] = most
    return {name: adjusted[name] for name in p_values}


def benjamini_hochberg(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values: of those below a level, at most that share is false on average. Less strict than Holm.

    Source: Y. Benjamini & Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57, 1995.
    """
    ordered = sorted(p_values, key=lambda name: p_values[name], reverse=True)
    adjusted, least = {}, 1.0
    for above, name in enumerate(ordered):
        least = min(least, len(ordered) / (len(ordered) - above) * p_values[name])
        adjusted[name] = least
    return {name: adjusted[name] for name in p_values}
