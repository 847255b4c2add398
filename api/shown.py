"""What an outsider gets of an answer: no trace, no scores, no passage that isn't cited."""

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from api.examples import ANSWER, CITED, PASSAGES, REFUSAL, SOURCE, STATUS, shown_as
from brain import types

CLOSEST = 3
"""Documents named with a refusal."""
INTERNAL = "the public may not see it: what it says is not to be passed on as it is"


class Citation(BaseModel):
    """The exact words that support a sentence."""

    number: int = Field(description="of its document in `sources`")
    passage_id: str
    document_id: str
    span: tuple[int, int] = Field(description="start and end (excluded) of the quote in the passage, in characters")
    quote: str


class Sentence(BaseModel):
    """A sentence. With `answer.unsupported = "mark"` one that its passages do not bear out is shown too, `supported` false."""

    text: str
    citations: list[Citation]
    supported: bool = Field(description="false: to be shown with a mark, never as a plain answer")
    problems: list[str] = Field(description="what the cited passages do not bear out, in words")
    cells: list[tuple[int, int]] = Field(
        description="of a quoted table, where in `text` the cells stand that the question asks for, where that can be told"
    )


class DocumentLink(BaseModel):
    """A document, to be read by a person."""

    document_id: str
    title: str
    url: str | None


class FoundPassage(DocumentLink):
    """A passage that the answer is written from. A caller who may not search gets what it is of, without `text` and `tags`."""

    id: str
    heading_path: list[str]
    internal: bool = Field(description=INTERNAL)
    updated_at: date | None
    tags: list[str]
    text: str | None


class FoundPassages(BaseModel):
    """What was found for a question, best first, before anything is written. What is cited of it is known with the sentences."""

    model_config = ConfigDict(json_schema_extra=shown_as(PASSAGES))

    language: str = Field(description="of the question")
    passages: list[FoundPassage]


class CitedDocument(DocumentLink):
    """A cited document; its headings are those above the first quote."""

    model_config = ConfigDict(json_schema_extra=shown_as(CITED))

    number: int
    internal: bool = Field(description=INTERNAL)
    updated_at: date | None
    heading_path: list[str]


class Source(CitedDocument):
    """A cited document, the answer being whole."""

    model_config = ConfigDict(json_schema_extra=shown_as(SOURCE))

    newer: bool = Field(description="where articles contradict each other: this one was changed last")


class Option(BaseModel):
    """One value: asked again with it, the question has an answer."""

    value: str
    label: str
    documents: int
    tag: str = Field(description="to be sent among `tags`")


class Choice(BaseModel):
    """What the answer depends on. At most ten options are listed, the most frequent ones; any other value may be sent too."""

    key: str
    label: str
    options: list[Option]
    total: int = Field(description="of all values")


class QuotedPassage(BaseModel):
    """A passage that the answer quotes, whole: what stands around the quote."""

    id: str
    document_id: str
    heading_path: list[str]
    text: str


class AnswerStatus(BaseModel):
    """How an answer ended, and what there is to say and to do beside its sentences.

    `needs_clarification`: ask again with the `tag` of one of the `choices`. Refused as `conflicting`: the sentences are what each of
    the contradicting articles says. `small_talk`: nothing was asked, `message` is the reply.
    """

    model_config = ConfigDict(json_schema_extra=shown_as(STATUS))

    id: str
    status: types.Status
    reason: types.Reason | None
    message: str | None = Field(description="what to tell the user where there is no plain answer, or beside it")
    language: str
    closest: list[DocumentLink] = Field(
        description="where to look instead, where there is no sentence and the question is not about something else"
    )
    choices: list[Choice] = Field(description="with `needs_clarification`: what the question leaves open")
    contact: str | None = Field(description="with a refusal: the way to a person, a text or a URL")


class AnswerResponse(AnswerStatus):
    """Sentences, each with its citations; without sentences, `reason` and `message` say why."""

    model_config = ConfigDict(json_schema_extra=shown_as(ANSWER, REFUSAL))

    text: str = Field(description="the sentences, joined")
    sentences: list[Sentence]
    sources: list[Source] = Field(description="the cited documents, numbered in order of first citation")
    quoted: list[QuotedPassage] = Field(
        description="the cited passages; a citation's `span` points into its passage's text"
    )


def found_passages(passages: types.Passages, *, searches: bool) -> FoundPassages:
    """`searches`: the caller may see passages that are not cited."""
    return FoundPassages(
        language=passages.language,
        passages=[
            FoundPassage(
                id=passage.id,
                document_id=passage.document_id,
                title=passage.title,
                url=passage.url,
                heading_path=list(passage.heading_path),
                internal=_internal(passage),
                updated_at=passage.updated_at,
                tags=list(passage.tags) if searches else [],
                text=passage.text if searches else None,
            )
            for passage in passages
        ],
    )


def cited_document(passage: types.Passage, number: int) -> CitedDocument:
    """The passage's document, of which it is the first that is cited."""
    return CitedDocument(
        number=number,
        internal=_internal(passage),
        document_id=passage.document_id,
        title=passage.title,
        url=passage.url,
        updated_at=passage.updated_at,
        heading_path=list(passage.heading_path),
    )


def numbered(sentence: types.Sentence, numbers: dict[str, int]) -> Sentence:
    """`numbers`: those of the sentences before, to which its own are added."""
    for citation in sentence.citations:
        numbers.setdefault(citation.document_id, len(numbers) + 1)
    return _sentence(sentence, numbers)


def shown(answer: types.Answer) -> AnswerResponse:
    """What an outsider gets: no trace, no scores, no passage that isn't cited."""
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    numbers = {id: number for number, id in enumerate(dict.fromkeys(c.document_id for c in cited), start=1)}
    return AnswerResponse(
        id=answer.id,
        status=answer.status,
        reason=answer.reason,
        message=answer.message,
        language=answer.language,
        text=answer.text,
        sentences=[_sentence(sentence, numbers) for sentence in answer.sentences],
        sources=_sources(cited, answer, numbers),
        quoted=_quoted(cited, answer.passages),
        closest=[] if cited or answer.reason is types.Reason.OUT_OF_SCOPE else _closest(answer.passages),
        choices=[_choice(choice) for choice in answer.choices],
        contact=answer.contact,
    )


def _sentence(sentence: types.Sentence, numbers: dict[str, int]) -> Sentence:
    citations = [
        Citation(
            number=numbers[citation.document_id],
            passage_id=citation.passage_id,
            document_id=citation.document_id,
            span=citation.span,
            quote=citation.quote,
        )
        for citation in sentence.citations
    ]
    support = sentence.support or types.Support(True, 1.0)
    return Sentence(
        text=sentence.text,
        citations=citations,
        supported=support.supported,
        problems=list(support.problems),
        cells=list(sentence.cells),
    )


def _internal(passage: types.Passage) -> bool:
    return types.PUBLIC not in passage.audience


def _choice(choice: types.Choice) -> Choice:
    options = [
        Option(value=o.value, label=o.label, documents=o.documents, tag=f"{choice.key}:{o.value}")
        for o in choice.options
    ]
    return Choice(key=choice.key, label=choice.label, options=options, total=choice.total)


def _sources(cited: Iterable[types.Citation], answer: types.Answer, numbers: dict[str, int]) -> list[Source]:
    by_id = {passage.id: passage for passage in answer.passages}
    first: dict[str, types.Passage] = {}
    for citation in cited:
        first.setdefault(citation.document_id, by_id[citation.passage_id])
    return [
        Source(**cited_document(passage, numbers[id]).model_dump(), newer=id == answer.newer)
        for id, passage in first.items()
    ]


def _quoted(cited: Iterable[types.Citation], passages: Iterable[types.Passage]) -> list[QuotedPassage]:
    ids = {citation.passage_id for citation in cited}
    return [
        QuotedPassage(id=p.id, document_id=p.document_id, heading_path=list(p.heading_path), text=p.text)
        for p in passages
        if p.id in ids
    ]


def _closest(passages: Iterable[types.Passage]) -> list[DocumentLink]:
    best: dict[str, types.Passage] = {}
    for passage in passages:
        best.setdefault(passage.document_id, passage)
    return [DocumentLink(document_id=id, title=p.title, url=p.url) for id, p in list(best.items())[:CLOSEST]]
