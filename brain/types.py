"""The nouns of Brain: frozen values that pass between ingestion, retrieval, answering and evaluation.

Spans are half-open character offsets `(start, end)`. A passage's span points into its document's body; a
citation's span points into its passage's text. Dates are calendar dates without a time zone.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, Literal, overload

Span = tuple[int, int]

DEFAULT_TENANT = "default"
INTERNAL = "agent"
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Document:
    """One article of a source, its body as Markdown. `(tenant, id)` identifies it."""

    id: str
    title: str
    body: str
    tenant: str = DEFAULT_TENANT
    source: str = ""
    url: str | None = None
    language: str | None = None
    audience: tuple[str, ...] = (INTERNAL,)
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    updated_at: date | None = None

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of all that can change an answer; where the document was found is left out."""
        content = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "source"}
        return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Flag:
    """What was noticed in a document that may be meant for an assistant, not for a reader: its kind, and the words."""

    kind: str
    found: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document as it is indexed. `text` is literally `document.body[span[0]:span[1]]`."""

    id: str
    document_id: str
    text: str
    span: Span
    heading_path: tuple[str, ...] = ()
    tokens: int = 0
    position: int = 0
    """Its place among the document's passages, from 0."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How a passage was found: cosine similarity, BM25, the fused rank score, the reranker's score where there is one.

    `close`: its cosine without what all texts share (`brain.closeness`), of whatever rank it is.
    """

    fused: float
    dense: float | None = None
    sparse: float | None = None
    reranked: float | None = None
    close: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as retrieved, with what a reader must know of its document."""

    id: str
    document_id: str
    text: str
    span: Span
    scores: Scores
    title: str = ""
    heading_path: tuple[str, ...] = ()
    tenant: str = DEFAULT_TENANT
    url: str | None = None
    language: str | None = None
    audience: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    updated_at: date | None = None
    position: int = 0
    """Its place among its document's passages, from 0."""

    @property
    def above(self) -> str:
        """Its title and headings, a line each."""
        return "\n".join((self.title, *self.heading_path))

    @property
    def score(self) -> float:
        """The score that ranked it."""
        return self.scores.fused if self.scores.reranked is None else self.scores.reranked


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, about when. A reader sees the documents that its audience may read.

    `language` is the question's own (detected where absent); `document_languages` and `tags` restrict what may be
    found; `as_of` is the day on which an answer must be valid (today where absent). A plain tag must be there. A tag
    `key:value` finds the documents that have it and those that have no tag of that key; of several values of one key
    any will do.
    """

    text: str
    language: str | None = None
    turns: tuple[Turn, ...] = ()
    tenant: str = DEFAULT_TENANT
    audience: str = PUBLIC
    tags: tuple[str, ...] = ()
    document_languages: tuple[str, ...] = ()
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """What the best documents differ by: a tag's key, and of each of its values how many such documents there are."""

    key: str
    values: tuple[tuple[str, int], ...]
    """(value, documents), the most frequent first: all within the question's scope, not only those that were found."""


Around = Literal["nothing", "neighbours", "opening"]
"""What is read of the found passages' documents besides: what stands before and after each; or how the best document opens, where its
passages give several figures for one thing: that may sum them up."""


@dataclass(frozen=True)
class Passages(Sequence[Passage]):
    """Retrieved passages, best first."""

    items: tuple[Passage, ...] = ()
    language: str = "und"
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""
    degraded: tuple[str, ...] = ()
    """Steps that were skipped because they failed: `reranker_failed`, `reranker_timeout`, `reranker_paused`."""
    facets: tuple[Facet, ...] = ()
    """Not empty where the best documents are variants of one another, of which one is shown: the question fits all."""
    standing: float | None = None
    """How far the question stands out from questions in general, from 0; see `brain.closeness`."""
    everyday: float | None = None
    """The cosine that questions about nothing in particular reach here; see `brain.everyday`. None where that isn't known."""
    around: tuple[Passage, ...] = ()
    """What else was asked for of their documents; see `Around`."""

    @overload
    def __getitem__(self, index: int) -> Passage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Passage]: ...
    def __getitem__(self, index: int | slice) -> Passage | Sequence[Passage]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Passage]:
        return iter(self.items)

    def with_cited(self, ids: Collection[str]) -> "Passages":
        """Those around them that are cited join them, last."""
        return replace(self, items=(*self.items, *(p for p in self.around if p.id in ids)), around=())

    def by_document(self) -> dict[str, list[Passage]]:
        """The passages of each document, documents in the order of their best passage."""
        groups: dict[str, list[Passage]] = {}
        for passage in self.items:
            groups.setdefault(passage.document_id, []).append(passage)
        return groups


class Status(StrEnum):
    """How an answer ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NEEDS_CLARIFICATION = "needs_clarification"
    DEGRADED = "degraded"


class Reason(StrEnum):
    """Why there is no answer, no plain one, or only a degraded one."""

    NO_EVIDENCE = "no_evidence"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    EXPIRED = "expired"
    CONFLICTING = "conflicting"
    OUT_OF_SCOPE = "out_of_scope"
    MODEL_FAILED = "model_failed"
    MODEL_UNSUPPORTED = "model_unsupported"
    """Nothing of what the model wrote is borne out by the passages; their own sentences are shown."""
    SMALL_TALK = "small_talk"
    """Nothing was asked: a greeting, thanks, an insult. The message replies; nothing was searched."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words that support a sentence: `quote` is literally `passage.text[span[0]:span[1]]`."""

    passage_id: str
    document_id: str
    span: Span
    quote: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of a sentence with the passages that its own markers cite."""

    text: str
    passage_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """Whether the cited passages bear a sentence out: how likely, and what they don't."""

    supported: bool
    probability: float
    problems: tuple[str, ...] = ()
    judged: bool | None = None
    """What the judge said, where it was asked and had an opinion; then that is what `supported` is."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and what supports it. `claims`: its parts, where their markers differ."""

    text: str
    citations: tuple[Citation, ...]
    claims: tuple[Claim, ...] = ()
    support: Support | None = None
    """None where it was not checked."""
    cells: tuple[Span, ...] = ()
    """Of a quoted table, where in `text` the cells stand that answer; see `brain.text.tables`."""


def gap(before: str, after: str) -> str:
    """What stands between two texts: a blank, or a blank line where one is a list or a table, which would else swallow the other."""
    return "\n\n" if "\n" in before or "\n" in after else " "


def joined(texts: Sequence[str]) -> str:
    """Sentences as one text."""
    return "".join(text if not at else gap(texts[at - 1], text) + text for at, text in enumerate(texts))


@dataclass(frozen=True, slots=True)
class PassageTrace:
    """What a passage was when it was used."""

    id: str
    document_id: str
    text_hash: str
    scores: Scores


@dataclass(frozen=True, slots=True)
class Trace:
    """What is needed to understand an answer and to run it again. Timings in milliseconds."""

    question: Question
    language: str
    answerer: str
    passages: tuple[PassageTrace, ...] = ()
    sufficiency: float | None = None
    prompt: dict[str, str] | None = None
    model: dict[str, Any] | None = None
    dropped: tuple[dict[str, str], ...] = ()
    """Sentences or citations that did not hold, each with the reason."""
    checked: tuple[Sentence, ...] = ()
    """Every sentence of the draft with what came of its check, those that were removed too."""
    timings: dict[str, float] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    """Steps of the search that were skipped; see `Passages.degraded`."""
    rewritten: dict[str, str] | None = None
    """A follow-up as a question of its own: its `text`, and `by` whom (`rules`, `model`)."""
    named: tuple[str, ...] = ()
    """Tags that the question names and that were asked for; see `brain.clarify`."""
    request_id: str | None = None
    """Of the service's request, as in its log."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet, what to call it, and of how many documents it is."""

    value: str
    label: str
    documents: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A facet that the answer depends on: asked again with a tag `key:value`, the question has one. `total`: of all its values."""

    key: str
    label: str
    options: tuple[Option, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user gets: cited sentences, or a refusal with its reason and the closest passages.

    Where articles contradict each other (refused, `conflicting`), the sentences are what each of them says.
    """

    id: str
    status: Status
    language: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    trace: Trace
    reason: Reason | None = None
    message: str | None = None
    """What to tell the user where there is no plain answer, or beside it, in the question's language."""
    choices: tuple[Choice, ...] = ()
    """With `needs_clarification`: what the question leaves open."""
    newer: str | None = None
    """With `conflicting`: the cited document that was changed last, where that is known."""
    contact: str | None = None
    """With a refusal: the way to a person, as the settings have it."""

    @property
    def text(self) -> str:
        return joined([sentence.text for sentence in self.sentences])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {**_plain(self), "text": self.text}


@lru_cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: Any) -> Any:
    """What JSON would give back of it, five times as fast as writing and reading it: one trace for each answer is made so."""
    kind = type(value)
    if kind in _JSON:
        return value
    if kind in (tuple, list):
        return [_plain(inner) for inner in value]
    if is_dataclass(kind):
        return {name: _plain(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return value.value if isinstance(value, Enum) else str(value)


_JSON = frozenset((str, int, float, bool, type(None)))
