"""`/v1/insights…`: what was asked in vain, grouped by meaning, and what can be done about it."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from starlette.exceptions import HTTPException

from api.access import GateDep, MayEvaluate
from api.caller import Caller, readable
from api.errors import ERRORS, REVIEWING, WRITING
from api.examples_insights import GROUP_ID, NOTE_ID
from api.insight_models import (
    Again,
    Article,
    ArticlesResponse,
    AskedAgain,
    Day,
    DraftRequest,
    DraftResponse,
    Example,
    Group,
    GroupResponse,
    GroupsResponse,
    Left,
    NoteRequest,
    NoteResponse,
    Stale,
    StaleResponse,
    SummaryResponse,
)
from api.kept import ID, record_for
from api.opening import BrainDep
from api.problems import problems
from brain.days import IsoDay
from brain.insights.export import Table, rows_of, to_csv
from brain.insights.groups import Example as Asked
from brain.insights.store import Insights
from brain.insights.tables import ARTICLE, DRAFT
from brain.insights.views import Viewer, Window
from brain.reviewing import Production, open_review
from brain.session import Brain
from brain.traces.record import question_of
from brain.types import Status

GATHER_S = 1.5
"""How long a request may spend on what is new since the last one."""
MOST_AGAIN = 10
"""Questions of a group that are asked again."""
_NOT_FOUND = 404
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": '"day","answers"\r\n"2026-05-12",3\r\n'}}}
}
router = APIRouter(tags=["insights"], prefix="/v1/insights")


@dataclass(frozen=True, slots=True)
class Looking:
    """A viewer, the period, and what is looked at."""

    who: Caller
    viewer: Viewer
    window: Window
    brain: Brain
    insights: Insights

    def gather(self) -> Left:
        self.brain.flush()
        with self.brain.encoding() as encoder:
            return Left.model_validate(self.insights.gather(encoder, GATHER_S))


_Language = Annotated[str, Query(pattern=r"^([a-z]{2,3})?$", description="only questions in it", examples=["fr"])]
_Audience = Annotated[str, Query(max_length=100, description="only of this reader", examples=["public"])]
_From = Annotated[
    IsoDay | None,
    Query(alias="from", description="first day, UTC; a month before `to` where absent", examples=["2026-10-29"]),
]
_To = Annotated[IsoDay | None, Query(description="last day, UTC; today where absent", examples=["2026-11-28"])]
_Limit = Annotated[int, Query(ge=1, le=1000, examples=[100])]
_GroupId = Annotated[str, Path(pattern=ID, examples=[GROUP_ID])]
_NoteId = Annotated[str, Path(pattern=ID, examples=[NOTE_ID])]
_Table = Annotated[Table, Path(examples=["groups"])]


async def _looking(
    who: MayEvaluate,
    brain: BrainDep,
    gate: GateDep,
    first: _From = None,
    to: _To = None,
    language: _Language = "",
    audience: _Audience = "",
) -> Looking:
    insights = await asyncio.to_thread(lambda: gate.known.insights)
    viewer = Viewer.of(readable(who, brain.settings), brain.settings)
    return Looking(who, viewer, Window.of(first, to, language, audience), brain, insights)


LookingDep = Annotated[Looking, Depends(_looking)]


@router.get("", summary="Answers of a period, day by day", responses=problems(ERRORS, 422))
async def summary(looking: LookingDep) -> SummaryResponse:
    """How answers ended, how long they took, what they cost. Only of readers who may read no more than the key.

    All insights need a key with the scope `eval` or `admin`; they last as long as traces do (`traces.keep_days`).
    """

    def read() -> SummaryResponse:
        left = looking.gather()
        insights, viewer, window = looking.insights, looking.viewer, looking.window
        whole, days = insights.days(viewer, window)
        own = {"languages": insights.languages(viewer), "audiences": list(viewer.readers)}
        return SummaryResponse(
            start=window.start,
            end=window.end,
            **own,
            left=left,
            whole=Day.model_validate(whole),
            days=[Day.model_validate(day) for day in days],
        )

    return await asyncio.to_thread(read)


@router.get("/groups", summary="What was asked in vain, by meaning", responses=problems(ERRORS, 422))
async def groups(looking: LookingDep, limit: _Limit = 100) -> GroupsResponse:
    """Questions that were refused or disliked, grouped by meaning, the largest groups first, each with the nearest article."""

    def read() -> GroupsResponse:
        left, window = looking.gather(), looking.window
        found = looking.insights.groups(looking.viewer, window)
        shown = [Group.model_validate(group) for group in found[:limit]]
        return GroupsResponse(step_days=window.step_days, total=len(found), left=left, groups=shown)

    return await asyncio.to_thread(read)


@router.get("/groups/{id}", summary="A group's questions", responses=problems(ERRORS, 404, 422))
async def group(id: _GroupId, looking: LookingDep) -> GroupResponse:
    """Those asked most often first."""

    def read() -> GroupResponse:
        looking.gather()
        found, questions = _group(looking, id)
        shown = [Example.model_validate(one) for one in questions]
        return GroupResponse(group=Group.model_validate(found), questions=shown)

    return await asyncio.to_thread(read)


@router.post(
    "/groups/{id}/notes",
    summary="Note that an article was written",
    status_code=201,
    responses=problems(WRITING, 400, 404, 413, 422),
)
async def note(id: _GroupId, body: NoteRequest, looking: LookingDep) -> NoteResponse:
    """From then on the group says how its questions ended since (`after`)."""

    def write() -> str:
        _group(looking, id)
        return looking.insights.note(looking.viewer, id, ARTICLE, _by(looking.who), body.document_id, body.text)

    return NoteResponse(id=await asyncio.to_thread(write))


@router.delete("/notes/{id}", summary="Take a note back", status_code=204, responses=problems(WRITING, 404, 422))
async def forget_note(id: _NoteId, looking: LookingDep) -> None:
    """As if it had never been written."""
    if not await asyncio.to_thread(looking.insights.forget_note, looking.viewer, id):
        raise HTTPException(_NOT_FOUND)


@router.post("/groups/{id}/ask-again", summary="Ask a group's questions again", responses=problems(WRITING, 404, 422))
async def ask_again(id: _GroupId, looking: LookingDep) -> AskedAgain:
    """Its most frequent questions, at most ten, as they were kept and by the same reader, with the knowledge as it is now.

    The answers are not kept; what came of it is, with the group's last article.
    """
    _, questions = await asyncio.to_thread(_group, looking, id)
    again = {one.key: found for one in questions[:MOST_AGAIN] if (found := await _again(looking, one))}
    turned = sum(one.after == Status.ANSWERED for one in again.values())
    asked = AskedAgain(at=datetime.now(UTC), turned=turned, questions=list(again.values()))
    kept = asked.model_dump(mode="json", exclude={"questions"}) | {
        "questions": [
            {"key": key} | found.model_dump(mode="json", exclude={"question"}) for key, found in again.items()
        ]
    }
    await asyncio.to_thread(looking.insights.found, looking.viewer, id, kept)
    return asked


@router.post(
    "/groups/{id}/draft",
    summary="Draft an acceptance case",
    status_code=201,
    responses=problems(REVIEWING, 400, 404, 413, 422),
)
async def draft(id: _GroupId, body: DraftRequest, looking: LookingDep) -> DraftResponse:
    """It waits for a person's word (`/review`, `brain eval review`). One that asks the same, in other words, is not drafted twice."""

    def propose() -> DraftResponse:
        found, questions = _group(looking, id)
        chosen = body.answer_id or next(
            (one.answer_id for one in questions if one.question == found.label), questions[0].answer_id
        )
        record = record_for(chosen, looking.who, looking.brain)
        if record is None:
            raise HTTPException(_NOT_FOUND)
        drafted = any(note.kind == DRAFT for note in found.notes)
        times = 1 if body.answer_id else 0 if drafted else found.count
        said = looking.insights.said(looking.viewer, chosen)
        review = open_review(looking.brain.settings, looking.viewer.tenant, looking.viewer.readers)
        draft_id, new = review.propose(Production(record, times, said))
        if new:
            looking.insights.note(looking.viewer, id, DRAFT, _by(looking.who), text=draft_id)
        waits = any(one.id == draft_id for one in review.waiting())
        return DraftResponse(draft_id=draft_id, new=new, waiting=waits)

    return await asyncio.to_thread(propose)


@router.get("/articles", summary="Articles by use", responses=problems(ERRORS, 422))
async def articles(looking: LookingDep, limit: _Limit = 100) -> ArticlesResponse:
    """What answers of the period cited, and what none did."""

    def read() -> ArticlesResponse:
        looking.gather()
        used, unused = looking.insights.articles(looking.viewer, looking.window)
        some = [[Article.model_validate(one) for one in those[:limit]] for those in (used, unused)]
        return ArticlesResponse(used=some[0], unused=some[1], total_used=len(used), total_unused=len(unused))

    return await asyncio.to_thread(read)


@router.get("/stale", summary="Answers that no longer hold", responses=problems(ERRORS, 422))
async def stale(looking: LookingDep) -> StaleResponse:
    """Answers that cite an article which has expired or is gone, or whose quoted words are not there any more."""

    def read() -> StaleResponse:
        looking.gather()
        found = looking.insights.stale(looking.viewer, looking.window)
        return StaleResponse(answers=[Stale.model_validate(one) for one in found])

    return await asyncio.to_thread(read)


@router.get(
    "/{table}.csv",
    summary="A table as CSV",
    response_class=Response,
    responses=_CSV | problems(ERRORS, 422),
)
async def as_csv(table: _Table, looking: LookingDep) -> Response:
    """The whole table. A text that a spreadsheet would run as a formula begins with `'`."""

    def read() -> str:
        looking.gather()
        return to_csv(rows_of(table, looking.insights, looking.viewer, looking.window))

    name = f"brain-{table}-{looking.window.start}-{looking.window.end}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(await asyncio.to_thread(read), media_type="text/csv; charset=utf-8", headers=headers)


def _group(looking: Looking, id: str) -> tuple[Any, list[Asked]]:
    found = looking.insights.group(looking.viewer, looking.window, id)
    if found is None:
        raise HTTPException(_NOT_FOUND)
    return found


async def _again(looking: Looking, one: Asked) -> Again | None:
    """None where nothing of it is kept any more."""
    record = await asyncio.to_thread(record_for, one.answer_id, looking.who, looking.brain)
    if record is None:
        return None
    answer = await looking.brain.ask(question_of(record), keep=False)
    cited = dict.fromkeys(c.document_id for sentence in answer.sentences for c in sentence.citations)
    return Again(
        question=one.question,
        audience=one.audience,
        before="disliked" if one.disliked else one.status,
        before_reason=one.reason,
        after=answer.status.value,
        after_reason=answer.reason.value if answer.reason else None,
        text=answer.text,
        documents=list(cited),
    )


def _by(who: Caller) -> str:
    return f"{who.kind}:{who.id}"
