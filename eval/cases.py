"""Evaluation cases: what is asked and what is expected, one JSON object a line.

An absent field means "not asked" and is never scored; an empty list is an answer ("none"), and is not the same.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from brain.errors import CaseError
from brain.types import Question, Reason, Status, Turn

MAX_ERRORS = 20

Text = Annotated[str, StringConstraints(pattern=r"\S")]
Count = Annotated[int, Field(ge=1)]
ExpectedStatus = Literal[Status.ANSWERED, Status.REFUSED, Status.NEEDS_CLARIFICATION]
ExpectedReason = Literal[
    Reason.NO_EVIDENCE,
    Reason.INSUFFICIENT_EVIDENCE,
    Reason.EXPIRED,
    Reason.CONFLICTING,
    Reason.OUT_OF_SCOPE,
    Reason.SMALL_TALK,
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseTurn(_Strict):
    """One turn of a case's conversation."""

    role: Literal["user", "assistant"]
    text: Text


class CaseFilters(_Strict):
    """Who asks, and what may be found. What is absent is left to the run's defaults.

    `tags` are those of `Question`: `key:value` also lets through documents without any tag of that key.
    """

    tenant: Text | None = None
    audience: Text | None = None
    tags: tuple[Text, ...] = ()
    document_languages: tuple[Text, ...] = Field(
        default=(), validation_alias=AliasChoices("document_languages", "languages")
    )
    as_of: date | None = None


class Expect(_Strict):
    """What a right answer looks like. Any of `documents` counts as found; all of `must_cite` must be cited."""

    status: ExpectedStatus | None = None
    reason: ExpectedReason | None = None
    documents: tuple[Text, ...] | None = None
    reference: Text | None = None
    must_include: tuple[Text, ...] | None = None
    must_not_include: tuple[Text, ...] | None = None
    must_cite: tuple[Text, ...] | None = None
    language: Text | None = None
    rubric: Text | None = None
    """What a judge is to look at, in plain words."""
    tone: Text | None = None
    max_words: Count | None = None
    max_sentences: Count | None = None


class Case(_Strict):
    """One question, or one conversation that ends with one. `cluster` is the unit that statistics don't split."""

    id: Text
    question: Text | None = None
    turns: tuple[CaseTurn, ...] | None = None
    language: Text | None = None
    tags: tuple[Text, ...] = ()
    cluster: Text | None = None
    filters: CaseFilters = CaseFilters()
    expect: Expect = Expect()
    critical: bool = False

    @field_validator("turns")
    @classmethod
    def _ends_with_the_user(cls, turns: tuple[CaseTurn, ...] | None) -> tuple[CaseTurn, ...] | None:
        if turns is not None and (not turns or turns[-1].role != "user"):
            raise ValueError("the last turn must be the user's" if turns else "must not be empty")
        return turns

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.question is None) == (self.turns is None):
            raise ValueError(
                f"question, turns: {'neither' if self.turns is None else 'both'} given, exactly one needed"
            )
        return self

    @property
    def text(self) -> str:
        """What is asked: the question, or the last turn."""
        return self.turns[-1].text if self.turns else self.question or ""

    @property
    def unit(self) -> str:
        """The cluster; a case without one is a cluster of its own."""
        return self.cluster if self.cluster is not None else self.id

    def to_question(self, audience: str, tenant: str) -> Question:
        """The question as Brain gets it. The case's own filters win over the arguments."""
        return Question(
            text=self.text,
            language=self.language,
            turns=tuple(Turn(turn.role, turn.text) for turn in (self.turns or ())[:-1]),
            tenant=self.filters.tenant or tenant,
            audience=self.filters.audience or audience,
            tags=self.filters.tags,
            document_languages=self.filters.document_languages,
            as_of=self.filters.as_of,
        )


def load_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a JSONL file, or of all `*.jsonl` files of a folder, in the order of the files' names.

    Raises:
        CaseError: with one line `file:line: field: what is wrong` for each error, at most `MAX_ERRORS` of them.
    """
    cases: dict[str, tuple[str, Case]] = {}
    errors: list[str] = []
    for where, parsed in (found for file in _files(path) for found in _parse(file)):
        if not isinstance(parsed, Case):
            errors += [f"{where}: {error}" for error in parsed]
        elif parsed.id in cases:
            errors.append(f"{where}: id: {parsed.id!r} is already the id of {cases[parsed.id][0]}")
        else:
            cases[parsed.id] = (where, parsed)
    if errors:
        more = len(errors) - MAX_ERRORS
        shown = errors[:MAX_ERRORS] + ([f"… and {more} more"] if more > 0 else [])
        raise CaseError("\n".join(shown), "Correct these lines; no case was run.")
    return tuple(case for _, case in cases.values())


def dataset_hash(cases: Iterable[Case]) -> str:
    """SHA-256 (hex) of what is asked and expected: the same for any order of cases, keys or files."""
    rows = [case.model_dump(mode="json", exclude_defaults=True) for case in sorted(cases, key=lambda case: case.id)]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(path.glob("*.jsonl"))
        if not files:
            raise CaseError(f"{path} holds no *.jsonl file", "Name a JSONL file of cases, or a folder of them.")
        return files
    if not path.exists():
        raise CaseError(f"{path} does not exist", "Name a JSONL file of cases, or a folder of them.")
    return [path]


def _parse(file: Path) -> Iterator[tuple[str, Case | list[str]]]:
    """Where each line is, and its case or its errors."""
    try:
        data = file.read_bytes()
        # Only "\n" ends a line: str.splitlines would also cut at U+2028 and others, which JSON allows inside text.
        lines = data.decode("utf-8-sig").split("\n")
    except OSError as error:
        yield str(file), [f"can't be read: {error.strerror}"]
        return
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield f"{file}:{line}", [f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"]
        return
    if not any(map(str.strip, lines)):
        yield str(file), ["holds no case"]
    for number, text in enumerate(lines, start=1):
        if text.strip():
            yield f"{file}:{number}", _parse_line(text)


def _parse_line(text: str) -> Case | list[str]:
    try:
        # Strict: "yes" is no boolean and 20250101 is no date.
        return Case.model_validate_json(text, strict=True)
    except ValidationError as error:
        return errors_of(error)


def errors_of(error: ValidationError) -> list[str]:
    """`field: what is wrong` for each of a case's errors."""
    return [_describe(dict(detail)) for detail in error.errors(include_url=False)]


_MODELS: dict[object, type[BaseModel]] = {"expect": Expect, "filters": CaseFilters, "turns": CaseTurn}
_WORDING = {
    "missing": "missing, every case needs it",
    "string_type": "{found} is not text",
    "string_pattern_mismatch": "must not be empty",
    "tuple_type": "{found} is not a list",
    "bool_type": "{found} is not true or false",
    "int_type": "{found} is not a whole number",
    "greater_than_equal": "{found} is less than {ctx[ge]}",
    "date_type": "{found} is not a date such as 2025-12-31",
    "date_parsing": "{found} is not a date such as 2025-12-31",
    "model_type": "{found} is not an object",
}


def _describe(detail: dict[str, Any]) -> str:
    """`field: what is wrong, what would be right` for one of pydantic's errors."""
    place: tuple[str | int, ...] = detail["loc"]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{field}: {_wording(detail, place)}" if field else _wording(detail, place)


def _wording(detail: dict[str, Any], place: tuple[str | int, ...]) -> str:
    found, kind = _shown(detail["input"]), detail["type"]
    match kind:
        case "literal_error":
            options = re.findall(r"'(\w+)'", detail["ctx"]["expected"])
            return f"{found} is not one of {', '.join(options)}"
        case "extra_forbidden":
            known = Case if len(place) == 1 else _MODELS[place[0]]
            return f"unknown; the fields here are {', '.join(known.model_fields)}"
        case "json_invalid":
            return f"not JSON: {detail['ctx']['error'].replace('at line 1 column', 'at column')}"
        case "value_error":
            return str(detail["ctx"]["error"])
    return _WORDING[kind].format(found=found, ctx=detail.get("ctx")) if kind in _WORDING else str(detail["msg"])


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"
