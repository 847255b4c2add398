"""An answer as it is kept: plain values, personal data masked, no passage's text but the quotes."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from brain.privacy import mask, without_placeholders
from brain.settings import Settings
from brain.types import Answer, Question, Turn
from brain.version import code_version

MILLION = 1e6
_AS_THEY_ARE = frozenset(
    "id document_id passage_id passage_ids text_hash hash name version language tenant audience status reason url model index code "
    "quote_hash as_of answered_at".split()
)
"""Keys whose values are no one's words: a mask could only spoil them."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Served:
    """By what an answer was made, beside what its trace says."""

    settings: Settings
    index: str
    """The index's name among its home's and its manifest's id, such as `a1b2 (6f0c…)`."""


def record_of(answer: Answer, served: Served, answered_at: datetime | None = None) -> dict[str, Any]:
    """The whole answer without the passages' texts; JSON-ready."""
    found = replace(answer, passages=()).to_dict()
    trace = found.pop("trace")
    del found["passages"]
    trace["passages_used"] = trace.pop("passages")
    for sentence in (*found["sentences"], *trace["checked"]):
        for citation in sentence["citations"]:
            citation["quote_hash"] = hash_of(citation["quote"])
            citation["quote_length"] = len(citation["quote"])
    made = {
        "answered_at": (answered_at or datetime.now(UTC)).isoformat(timespec="milliseconds"),
        "cost": cost(trace["model"], served.settings),
        "index": served.index,
        "code": code_version(),
        "settings": served.settings.answer.model_dump(mode="json"),
    }
    whole: dict[str, Any] = masked(found | trace | made)
    said = (answer.trace.question.text, *(turn.text for turn in answer.trace.question.turns))
    return whole | {"question_masked": any(mask(text) != text for text in said)}


def question_of(record: Mapping[str, Any]) -> Question:
    """The question as it was kept, to be asked again, less what was masked."""
    kept = dict(record["question"])
    kept["text"] = without_placeholders(kept["text"])
    turns = tuple(Turn(turn["role"], without_placeholders(turn["text"])) for turn in kept.pop("turns"))
    kept |= {name: tuple(kept[name]) for name in ("tags", "document_languages")}
    kept["as_of"] = date.fromisoformat(kept["as_of"]) if kept["as_of"] else None
    return Question(**kept, turns=turns)


def cost(model: Mapping[str, Any] | None, settings: Settings) -> float | None:
    """By the prices of a million tokens that the settings state; None where there are none, or no counts."""
    usage, llm = (model or {}).get("usage") or {}, settings.llm
    if not usage or not (llm.price_in or llm.price_out):
        return None
    read, written = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
    return float(round((read * llm.price_in + written * llm.price_out) / MILLION, 8))


def hash_of(text: str) -> str:
    """SHA-256 (hex)."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def quotes_of(record: Mapping[str, Any], document_id: str) -> list[dict[str, Any]]:
    """The answer's citations of a document."""
    return [c for s in record["sentences"] for c in s["citations"] if c["document_id"] == document_id]


def stands(quote: Mapping[str, Any], body: str) -> bool:
    """Whether the quoted words, of which the kept ones may be masked, are in the body literally."""
    kept, length = quote["quote"], quote["quote_length"]
    if len(kept) == length and hash_of(kept) == quote["quote_hash"]:
        return kept in body
    if kept not in mask(body):
        return False
    # The rest is the same; what was masked is compared by the hash of the whole.
    return any(hash_of(body[at : at + length]) == quote["quote_hash"] for at in range(len(body) - length + 1))


def masked(value: Any, key: str = "") -> Any:
    """Plain values without personal data and without what no database takes."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value if key in _AS_THEY_ARE else mask(value))
    if isinstance(value, Mapping):
        return {name: masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner, key) for inner in value]
    return value
