"""`/v1/drafts…`: proposed acceptance cases, and a person's word on them. What `brain eval review` does in the terminal."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.access import GateDep, MayEvaluate
from api.caller import Caller, readable
from api.errors import REVIEWING
from api.examples_insights import DRAFT_ID
from api.insight_models import AcceptRequest, DraftItem, DraftsResponse, GivenAnswer, Quote, RejectRequest
from api.kept import record_for
from api.known import Known
from api.opening import BrainDep
from api.problems import problems
from brain.insights.views import Viewer
from brain.reviewing import Review, WaitingDraft, open_review
from brain.session import Brain

MOST_NEAREST = 5
router = APIRouter(tags=["insights"], prefix="/v1/drafts")
_Id = Annotated[str, Path(pattern=r"^[\w.:-]{1,200}$", examples=[DRAFT_ID])]


@router.get("", summary="Drafts that wait", responses=problems(REVIEWING, 422))
async def drafts(
    who: MayEvaluate, brain: BrainDep, gate: GateDep, limit: Annotated[int, Query(ge=1, le=500, examples=[50])] = 50
) -> DraftsResponse:
    """Cases that a program proposed, each with the answer it comes from. A case only once a person has accepted it.

    Needs a key with the scope `eval` or `admin`, as all of this does.
    """

    def read() -> DraftsResponse:
        waiting = _review(who, brain).waiting()
        shown = [_draft(one, who, brain, gate.known) for one in waiting[:limit]]
        return DraftsResponse(total=len(waiting), drafts=shown)

    return await asyncio.to_thread(read)


@router.post(
    "/{id}/accept", summary="Make a draft a case", status_code=204, responses=problems(REVIEWING, 400, 413, 422)
)
async def accept(id: _Id, body: AcceptRequest, who: MayEvaluate, brain: BrainDep) -> None:
    """It is added to the dataset that the settings name (`review.cases`), as the person left it."""
    changes = body.model_dump(exclude_unset=True)
    await asyncio.to_thread(lambda: _review(who, brain).accept(id, changes, f"{who.kind}:{who.id}"))


@router.post("/{id}/reject", summary="Reject a draft", status_code=204, responses=problems(REVIEWING, 400, 413, 422))
async def reject(id: _Id, body: RejectRequest, who: MayEvaluate, brain: BrainDep) -> None:
    """It does not come back: what asks the same is not drafted again."""
    await asyncio.to_thread(lambda: _review(who, brain).reject(id, body.reason, f"{who.kind}:{who.id}"))


def _review(who: Caller, brain: Brain) -> Review:
    viewer = Viewer.of(readable(who, brain.settings), brain.settings)
    return open_review(brain.settings, viewer.tenant, viewer.readers)


def _draft(one: WaitingDraft, who: Caller, brain: Brain, known: Known) -> DraftItem:
    record = record_for(one.answer_id, who, brain) if one.answer_id else None
    answer = _given(record, who, brain, known) if record else None
    return DraftItem(id=one.id, case=dict(one.case), source=one.source, detail=one.detail, seen=one.seen, answer=answer)


def _given(record: Mapping[str, Any], who: Caller, brain: Brain, known: Known) -> GivenAnswer:
    """Without what was quoted from documents that the caller may not read now."""
    cited = [(c["document_id"], c["quote"]) for sentence in record["sentences"] for c in sentence["citations"]]
    near = list(dict.fromkeys(passage["document_id"] for passage in record["passages_used"]))[:MOST_NEAREST]
    quotes = [quote for id, said in cited if (quote := _quote(id, said, who, brain, known))]
    whole = len(quotes) == len(cited)
    same = {name: record[name] for name in ("id", "answered_at", "status", "reason", "message")}
    return GivenAnswer(
        **same,
        text=record["text"] if whole else "",
        quotes=quotes,
        nearest=[quote for id in near if (quote := _quote(id, "", who, brain, known))],
    )


def _quote(id: str, said: str, who: Caller, brain: Brain, known: Known) -> Quote | None:
    document = known.document(id, readable(who, brain.settings))
    return Quote(document_id=id, title=document.title, url=document.url, quote=said) if document else None
