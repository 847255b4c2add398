"""What produced a report, so that a later one can say what changed. No secrets, no paths, nothing of version control."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Protocol

from brain.index import Index
from brain.settings import Settings

SECTIONS = ("encoder", "index", "splitter", "sparse", "retrieval", "rerank", "access")
"""The settings that decide what search finds."""


class Configured(Protocol):
    """Brain, as far as it says what it is made of."""

    @property
    def settings(self) -> Settings: ...
    @property
    def index(self) -> Index: ...


def configuration_of(brain: Configured, *, audience: str, tenant: str) -> dict[str, Any]:
    """Plain JSON-ready values: settings that search depends on, the index's manifest and size, who asks by default."""
    shown = brain.settings.shown()
    return {
        "brain": version("brain-answers"),
        "settings": {section: shown[section] for section in SECTIONS if section in shown},
        "manifest": brain.index.manifest,
        "passages": brain.index.count(),
        "asked_as": {"audience": audience, "tenant": tenant},
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs, by dotted name: the value before and after, None where there was none."""
    old, new = _flat(before), _flat(after)
    names = dict.fromkeys((*old, *new))
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
