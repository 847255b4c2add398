"""What a run tells while it works, and at its end."""

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol


class Progress(Protocol):
    """Told what happens, in the order in which it becomes durable."""

    def start(self, total_bytes: int, files: int) -> None: ...

    def passages(self, count: int) -> None:
        """So many more passages are encoded."""
        ...

    def file(self, size: int) -> None:
        """A file of so many bytes is done."""
        ...


class Silent:
    """A Progress that says nothing."""

    def start(self, total_bytes: int, files: int) -> None: ...

    def passages(self, count: int) -> None: ...

    def file(self, size: int) -> None: ...


@dataclass
class Summary:
    """A run's outcome, counted in documents; `failed` names files (or folders) with their reasons."""

    source: str
    added: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    encoded: int = 0
    """Passages that went through the encoder."""
    flagged: int = 0
    """Documents of the source in which something meant for an assistant was noticed: `brain status --flags`."""
    failed: dict[str, str] = field(default_factory=dict)
    hit_at_5: dict[str, float | None] | None = None
    """Of a checked reindexing, before and after."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
