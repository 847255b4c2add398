"""Two records of one question held side by side: what differs."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

Record = Mapping[str, Any]
SAME, GONE, NEW, CHANGED = "=", "-", "+", "~"
ALIKE = 0.5
"""Share of words in common from which on a sentence is taken for another's new wording."""
Words = list[tuple[str, str]]
"""Runs of words, each with SAME, GONE or NEW."""


def compared(before: Record, after: Record) -> dict[str, Any]:
    """What differs; `same` says whether the user would have noticed: status, reason, message, sentences."""
    sentences = _sentences([s["text"] for s in before["sentences"]], [s["text"] for s in after["sentences"]])
    outcome = {
        name: [before[name], after[name]] for name in ("status", "reason", "message") if before[name] != after[name]
    }
    return {
        "id": before["id"],
        "question": before["question"]["text"],
        "question_masked": before["question_masked"],
        "answered_at": [before["answered_at"], after["answered_at"]],
        "same": not outcome and all(s["change"] == SAME for s in sentences),
        "outcome": outcome,
        "sentences": sentences,
        "passages": _passages(before["passages_used"], after["passages_used"]),
        "versions": _versions(before, after),
        "sufficiency": [before["sufficiency"], after["sufficiency"]],
        "timings": {
            name: [before["timings"].get(name), after["timings"].get(name)]
            for name in dict.fromkeys((*before["timings"], *after["timings"]))
        },
    }


def _sentences(before: Sequence[str], after: Sequence[str]) -> list[dict[str, Any]]:
    """In the order of the two texts; one that is alike to the one it replaces is compared word by word."""
    out: list[dict[str, Any]] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            out += [{"change": SAME, "before": text, "after": text} for text in before[a:b]]
            continue
        out += _replaced(before[a:b], after[c:d])
    return out


def _replaced(before: Sequence[str], after: Sequence[str]) -> list[dict[str, Any]]:
    """What alike sentences have in common is shown; of others, the old ones are gone and the new ones are new."""
    out: list[dict[str, Any]] = []
    left = list(after)
    for old in before:
        likeness = [(SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio(), new) for new in left]
        ratio, twin = max(likeness, default=(0.0, ""))
        if ratio < ALIKE:
            out.append({"change": GONE, "before": old, "after": None})
            continue
        left.remove(twin)
        out.append({"change": CHANGED, "before": old, "after": twin, "words": _words(old, twin)})
    return out + [{"change": NEW, "before": None, "after": new} for new in left]


def _words(before: str, after: str) -> Words:
    old, new = before.split(), after.split()
    runs: Words = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append((SAME, " ".join(old[a:b])))
            continue
        runs += [(GONE, " ".join(old[a:b]))] if b > a else []
        runs += [(NEW, " ".join(new[c:d]))] if d > c else []
    return runs


def _passages(before: Sequence[Record], after: Sequence[Record]) -> dict[str, Any]:
    """Ranks count from 1. A passage's id follows from its text: one that left and one that entered of the same document are
    taken for the old and the new text of one passage (`changed`), as many as there are pairs."""
    old = {p["id"]: (rank, p) for rank, p in enumerate(before, 1)}
    new = {p["id"]: (rank, p) for rank, p in enumerate(after, 1)}
    left = [(rank, p) for id, (rank, p) in old.items() if id not in new]
    entered = [(rank, p) for id, (rank, p) in new.items() if id not in old]
    changed = []
    for gone in list(left):
        twin = next((found for found in entered if found[1]["document_id"] == gone[1]["document_id"]), None)
        if twin:
            left.remove(gone)
            entered.remove(twin)
            changed.append(_place(*gone) | {"now": _place(*twin)})
    return {
        "entered": [_place(*found) for found in entered],
        "left": [_place(*found) for found in left],
        "changed": changed,
        "moved": [
            {"id": id, "document_id": p["document_id"], "from": rank, "to": new[id][0]}
            for id, (rank, p) in old.items()
            if id in new and new[id][0] != rank
        ],
    }


def _place(rank: int, passage: Record) -> dict[str, Any]:
    return {"id": passage["id"], "document_id": passage["document_id"], "text_hash": passage["text_hash"], "rank": rank}


def _versions(before: Record, after: Record) -> dict[str, list[Any]]:
    """Of code, index, settings, prompt and model, those that are others now."""
    found = {}
    for name, (old, new) in {
        "code": (before["code"], after["code"]),
        "index": (before["index"], after["index"]),
        "answerer": (before["answerer"], after["answerer"]),
        **_inner("prompt", before["prompt"], after["prompt"]),
        **_inner("model", _parameters(before["model"]), _parameters(after["model"])),
        **_inner("settings", before["settings"], after["settings"]),
    }.items():
        if old != new:
            found[name] = [old, new]
    return found


def _inner(name: str, before: Record | None, after: Record | None) -> dict[str, tuple[Any, Any]]:
    old, new = before or {}, after or {}
    return {f"{name}.{key}": (old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new))}


def _parameters(model: Record | None) -> Record:
    """What the model was asked with, not how the call went."""
    went = ("usage", "attempts", "first_token_ms", "failure", "passages")
    return {key: value for key, value in (model or {}).items() if key not in went}
