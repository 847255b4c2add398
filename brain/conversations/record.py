"""An answer as its conversation keeps it: what a reader was shown, personal data masked, no passage's text but the quotes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from brain.privacy import without_placeholders
from brain.traces.record import masked
from brain.types import Answer, Turn

SHOWN = ("id", "status", "reason", "message", "language", "text", "sentences", "newer")


def record_of(answer: Answer, answered_at: datetime) -> dict[str, Any]:
    """JSON-ready; with the question as it was asked, masked too."""
    found = replace(answer, passages=()).to_dict()
    asked = {"question": {"text": answer.trace.question.text}}
    record: dict[str, Any] = masked({name: found[name] for name in SHOWN} | asked)
    return record | {"answered_at": answered_at.isoformat(timespec="milliseconds")}


def turns_of(record: Mapping[str, Any], *, readable: bool) -> list[Turn]:
    """The exchange as the turns before another question, without what was masked; unless `readable`, what was asked alone."""
    said = (record["text"] or record["message"] or "") if readable else ""
    turns = (
        Turn("user", without_placeholders(record["question"]["text"])),
        Turn("assistant", without_placeholders(said)),
    )
    return [turn for turn in turns if turn.text]


def documents_of(record: Mapping[str, Any]) -> list[str]:
    """The ids of the documents that the answer cites, in the order of their first citation."""
    return list(dict.fromkeys(c["document_id"] for sentence in record["sentences"] for c in sentence["citations"]))
