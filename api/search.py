"""`POST /v1/search`: the passages an answer would be made of."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api.access import MaySearch
from api.asked import Asked
from api.errors import ERRORS
from api.examples import FOUND, shown_as
from api.opening import BrainDep
from api.problems import problems
from brain.types import Passages

router = APIRouter(tags=["questions"])


class SearchRequest(Asked):
    """A question and how much is wanted."""

    limit: StrictInt = Field(10, ge=1, le=50)
    per_document: StrictInt | None = Field(None, ge=1, le=50, description="most passages of each document")


class Scores(BaseModel):
    """How a passage was found: fused ranks, cosine similarity, BM25, and the reranker where there is one."""

    model_config = ConfigDict(from_attributes=True)

    fused: float
    dense: float | None
    sparse: float | None
    reranked: float | None


class Passage(BaseModel):
    """A passage and what a reader must know of its document."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    document_id: str
    text: str
    span: tuple[int, int] = Field(description="start and end (excluded) in the document's body, in characters")
    scores: Scores
    title: str
    heading_path: list[str]
    url: str | None
    language: str | None
    tags: list[str]
    valid_from: date | None
    valid_until: date | None
    updated_at: date | None


class FacetValue(BaseModel):
    """A value, and how many of the documents have it."""

    value: str
    count: int


class Facet(BaseModel):
    """A tag's key by which the best documents differ. A question with one of the tags `key:value` gets that one's passages."""

    key: str
    values: list[FacetValue] = Field(description="all that the caller may read, the most frequent first")


class SearchResponse(BaseModel):
    """Passages, best first."""

    model_config = ConfigDict(json_schema_extra=shown_as(FOUND))

    language: str = Field(description="of the question")
    passages: list[Passage]
    degraded: list[str] = Field(
        description="steps that were skipped because they failed: the passages are good, their order may be less so"
    )
    facets: list[Facet] = Field(description="what the best documents differ by, where they are variants of one another")


@router.post("/v1/search", summary="Find passages", responses=problems(ERRORS, 400, 413, 422))
async def search(body: SearchRequest, who: MaySearch, brain: BrainDep) -> SearchResponse:
    """Find the passages closest to a question among the documents that the caller may read."""
    question = body.question_of(who, brain.settings.service.max_question_chars)
    return found_of(await brain.search(question, body.limit, body.per_document))


def found_of(found: Passages) -> SearchResponse:
    """What an outsider gets of what was found."""
    return SearchResponse(
        language=found.language,
        passages=[Passage.model_validate(passage) for passage in found],
        facets=[
            Facet(key=facet.key, values=[FacetValue(value=value, count=count) for value, count in facet.values])
            for facet in found.facets
        ],
        degraded=list(found.degraded),
    )
