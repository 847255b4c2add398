"""What retention or erasure took from the traces goes from what was derived of them, too."""

from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from brain.insights.tables import ARTICLE, AskedRow, GroupRow, NoteRow, QuestionRow
from brain.traces.store import TraceRow


def forget(session: Session) -> None:
    """Figures without their trace, questions that nobody asked any more, groups without any."""
    gone = ~exists(select(TraceRow.id).where(TraceRow.id == AskedRow.id))
    asked = exists(
        select(AskedRow.id).where(AskedRow.tenant == QuestionRow.tenant, AskedRow.question_key == QuestionRow.key)
    )
    if session.scalar(select(AskedRow.id).where(gone).limit(1)) is None:
        return
    for statement in (delete(AskedRow).where(gone), delete(QuestionRow).where(~asked)):
        session.execute(statement, execution_options={"synchronize_session": False})
    forget_groups(session)
    for note in session.scalars(select(NoteRow).where(NoteRow.kind == ARTICLE)):
        if note.found:
            note.found = note.found | {"questions": _still_there(session, note)}


def forget_groups(session: Session) -> None:
    """Those without a question; one that somebody has noted something about stays, as long as the note does."""
    held = exists(select(QuestionRow.key).where(QuestionRow.group_id == GroupRow.id))
    noted = exists(select(NoteRow.id).where(NoteRow.group_id == GroupRow.id))
    session.execute(delete(GroupRow).where(~held, ~noted), execution_options={"synchronize_session": False})


def _still_there(session: Session, note: NoteRow) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = (note.found or {}).get("questions", [])
    keys = select(QuestionRow.key).where(
        QuestionRow.tenant == note.tenant, QuestionRow.key.in_([one["key"] for one in asked])
    )
    there = set(session.scalars(keys))
    return [one for one in asked if one["key"] in there]
