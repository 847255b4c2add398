"""What went wrong in production becomes a draft: a thumbs-down, or a question that was refused. Personal data is masked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brain.errors import EvaluationError
from brain.privacy import mask
from brain.types import DEFAULT_TENANT
from eval.cases import Case
from eval.cases_from.drafts import Draft, draft_id

DOWN = frozenset({"down", "thumbs_down", "-1", "false", "0", "no"})


def drafts_from(path: Path) -> Iterator[Draft]:
    """Of an export of answers, one JSON object a line, those with a thumbs-down or that were refused.

    A line has `question` (a text, or an object with `text`, `turns`, `language`, `audience`), and of `status`, `feedback` (`up` or
    `down`), `comment`, `corrected`, `id`, `at`, `tenant` what is known. Raises EvaluationError that names the line.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if line.strip():
            try:
                draft = draft_of(json.loads(line))
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise EvaluationError(
                    f"{path}:{number}: {str(error).splitlines()[0]}", "Correct or remove that line."
                ) from error
            if draft:
                yield draft


def draft_of(row: dict[str, Any]) -> Draft | None:
    """Of one line; None where nothing went wrong."""
    asked = row["question"] if isinstance(row["question"], dict) else {"text": row["question"]}
    down, refused = str(row.get("feedback", "")).lower() in DOWN, row.get("status") == "refused"
    if not (down or refused):
        return None
    text = mask(str(asked["text"]))
    turns = [{"role": turn["role"], "text": mask(str(turn["text"]))} for turn in asked.get("turns") or ()]
    corrected = mask(str(row["corrected"])) if row.get("corrected") else None
    made: dict[str, Any] = {
        "id": draft_id("production", text, json.dumps(turns), *_whose(row.get("tenant"), asked.get("audience"))),
        **({"turns": [*turns, {"role": "user", "text": text}]} if turns else {"question": text}),
        "language": asked.get("language") or row.get("language"),
        "tags": ["production"],
        "filters": _filters(asked.get("audience"), row.get("tenant")),
        "expect": {"status": "answered", "reference": corrected} if corrected else {},
    }
    why = "thumbs-down" if down else f"refused ({row.get('reason') or 'no reason'})"
    said = f": {mask(str(row['comment']))}" if row.get("comment") else ""
    detail = f"{why} {row.get('id', '')} {row.get('at', '')}".strip() + said
    return Draft(Case.model_validate(made), "production", detail, answer=str(row.get("id") or ""))


def _whose(tenant: str | None, audience: str | None) -> tuple[str, ...]:
    """Where tenants are told apart, the same question of two of them, or of two kinds of readers, is two drafts."""
    return (tenant, audience or "") if tenant else ()


def _filters(audience: str | None, tenant: str | None) -> dict[str, str]:
    own = {"tenant": tenant if tenant != DEFAULT_TENANT else None, "audience": audience}
    return {name: value for name, value in own.items() if value}
