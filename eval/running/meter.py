"""What calls cost: counted for each answer and for the whole run, held against a budget."""

from contextvars import ContextVar
from dataclasses import dataclass

from eval.experiment import Budget, Prices


@dataclass
class Usage:
    """Calls that were made, those that the cache answered, tokens and dollars. `estimated`: the endpoint gave no counts."""

    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    estimated: bool = False

    def add(self, other: "Usage") -> None:
        self.calls += other.calls
        self.cached += other.cached
        self.tokens_in += other.tokens_in
        self.tokens_out += other.tokens_out
        self.usd += other.usd
        self.estimated = self.estimated or other.estimated

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True)
class Asking:
    """For which repeat the present task asks, and where its calls are counted."""

    repeat: int
    usage: Usage


ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)
"""Set around each question or grading, so that a call deep inside knows its repeat."""


def price(prices: dict[str, Prices], model: str, tokens_in: int, tokens_out: int) -> float:
    """US dollars; a model without a price costs nothing."""
    known = prices.get(model, Prices())
    return (tokens_in * known.input + tokens_out * known.output) / 1e6


def spent(budget: Budget, usage: Usage) -> str:
    """Which limit is reached, in words; empty while none is."""
    limits = (
        ("US dollars", usage.usd, budget.usd),
        ("tokens", usage.tokens, budget.tokens),
        ("calls", usage.calls, budget.calls),
    )
    return next((f"{limit:g} {name}" for name, used, limit in limits if limit is not None and used >= limit), "")
