"""How many cases a bar needs, for a person to plan with."""

from typing import Any

from rich.console import Console
from rich.table import Table

from eval.stats.power import Spread, cases_needed, power_to_ship

SIZES = (50, 100, 200, 400, 800, 1600)


def plan(spread: Spread, margin: float, difference: float, wanted: float, confidence: float) -> dict[str, Any]:
    """Cases needed, the power of some numbers of cases, and what it rests on."""

    def power(n: int) -> float:
        return power_to_ship(spread, n, margin, difference, confidence)

    return {
        "needed": cases_needed(power, wanted),
        "power": wanted,
        "margin": margin,
        "difference": difference,
        "confidence": confidence,
        "discordance": spread.gained + spread.lost,
        "design": spread.design,
        "by_size": {n: round(power(n), 3) for n in SIZES},
    }


def show_plan(found: dict[str, Any], console: Console) -> None:
    seen = f"{100 * found['discordance']:.0f} % of the cases ending differently"
    seen += f", clusters counting {found['design']:.1f}-fold" if found["design"] > 1.05 else ""
    assumed = "equally good" if not found["difference"] else f"{100 * found['difference']:+g} points apart"
    needed = found["needed"]
    head = f"{needed} cases" if needed else "No number of cases in reach"
    chance = f"{head} for {100 * found['power']:g} % power at a margin of {100 * found['margin']:g} points"
    console.print(f"{chance}, the two {assumed}, {seen}.")
    table = Table("cases", "chance to clear the bar")
    for n, power in found["by_size"].items():
        table.add_row(str(n), f"{100 * power:.0f} %")
    console.print(table)
