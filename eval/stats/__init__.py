"""Statistics of evaluations: pure functions, each with its source. Values in, intervals and decisions out."""

from eval.stats.means import (
    Bounds,
    Floats,
    Interval,
    Ints,
    cluster_bootstrap_interval,
    mean_interval,
    wilson_interval,
)

__all__ = ["Bounds", "Floats", "Interval", "Ints", "cluster_bootstrap_interval", "mean_interval", "wilson_interval"]
