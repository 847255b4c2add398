"""Intervals drawn as SVG: one row each on a common axis, with the margin and no difference as lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, LABEL, ROW, TOP = 760, 220, 30, 26


@dataclass(frozen=True, slots=True)
class Row:
    """An interval of differences in points; `style` is a CSS class."""

    label: str
    difference: float
    low: float
    high: float
    style: str = ""


def interval_plot(rows: Sequence[Row], margin: float, caption: str) -> str:
    """An `<svg>` that takes its colours from the page. Differences and margin in points; labels are escaped."""
    reach = max(5.0, 1.08 * max(abs(edge) for row in rows for edge in (row.low, row.high)), 1.5 * margin)
    height = TOP + ROW * len(rows) + 24

    def x(value: float) -> float:
        return round(LABEL + (value + reach) / (2 * reach) * (WIDTH - LABEL - 20), 1)

    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{_escaped(caption)}" class="plot">']
    if margin:
        parts.append(
            f'<rect class="beyond" x="{LABEL}" y="{TOP - 8}" width="{x(-margin) - LABEL}" height="{height - TOP - 10}"/>'
            f'<line class="margin" x1="{x(-margin)}" x2="{x(-margin)}" y1="{TOP - 8}" y2="{height - 18}"/>'
            f'<text class="tick" x="{x(-margin)}" y="{TOP - 12}">−{margin:g}</text>'
        )
    parts.append(f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="{TOP - 8}" y2="{height - 18}"/>')
    for number, row in enumerate(rows):
        parts.append(_row(row, TOP + ROW * number + ROW / 2, x))
    for tick in (-reach / 1.08, 0.0, reach / 1.08):
        parts.append(
            f'<text class="tick" x="{x(tick)}" y="{height - 4}">{f"{tick:+.0f}".replace("-", "−") if tick else 0}</text>'
        )
    return "".join(parts) + "</svg>"


def _row(row: Row, y: float, x: Callable[[float], float]) -> str:
    shown = f"{row.difference:+.1f} ({row.low:+.1f} … {row.high:+.1f})"
    return (
        f'<g class="row {row.style}"><title>{_escaped(row.label)}: {shown}</title>'
        f'<text class="label" x="{LABEL - 12}" y="{y + 4}">{_escaped(row.label)}</text>'
        f'<line x1="{x(row.low)}" x2="{x(row.high)}" y1="{y}" y2="{y}"/>'
        f'<circle cx="{x(row.difference)}" cy="{y}" r="4.5"/></g>'
    )


def _escaped(text: str) -> str:
    short = text if len(text) <= 34 else f"{text[:33]}…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
