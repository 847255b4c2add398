"""What a check is, and where other packages add theirs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from brain.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `mend` says what to do where it isn't well."""

    name: str
    level: Literal["well", "attention", "wrong"]
    found: str
    mend: str = ""


Part = Callable[[Settings], Iterator[Check]]
"""Looks at one part. What it raises as a BrainError is what is wrong with it."""
MORE: dict[str, Part] = {}
"""Parts by name that the packages above `brain` add as they add their commands."""
