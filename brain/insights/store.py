"""What is asked of the figures, groups and notes. Every view is a viewer's own; see `brain.insights.views`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from statistics import quantiles
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, or_, select

from brain.feedback import FeedbackRow
from brain.insights.gathering import Gathering
from brain.insights.groups import MOST_SHOWN, After, Asked, Example, Group, Note, examples_of, grouped
from brain.insights.tables import ARTICLE, AskedRow, NoteRow, QuestionRow, disliked, failed, now
from brain.insights.views import Viewer, Window
from brain.privacy import mask
from brain.state import DocumentRow
from brain.traces.impact import Standing, hit_of
from brain.traces.store import Cited, CitedRow, TraceRow

MOST_STALE = 500
"""Answers that cite what has changed: the newest ones."""


@dataclass(frozen=True, slots=True)
class Day:
    """The answers of one day, or of all where `day` is None: how they ended, how long they took (ms), what they cost."""

    day: str | None
    answers: int
    answered: int
    refused: int
    disliked: int
    first_p50: float | None
    first_p95: float | None
    total_p50: float | None
    total_p95: float | None
    tokens_in: int
    tokens_out: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Article:
    """A document, and how many answers cited it."""

    document_id: str
    title: str
    url: str | None
    language: str | None
    updated_at: str | None
    answers: int
    disliked: int
    last_at: str | None


@dataclass(frozen=True, slots=True)
class Stale:
    """An answer that cites what is expired, changed or gone. `lost`: quoted words that are not there any more."""

    answer_id: str
    answered_at: str
    question: str
    document_id: str
    title: str | None
    url: str | None
    standing: str
    valid_until: str | None
    lost: list[str]


class Insights(Gathering):
    """Reads them, and writes notes; every method is one transaction or two. Raises StoreError."""

    def groups(self, viewer: Viewer, window: Window) -> list[Group]:
        """The largest first, each with its notes and how its questions ended since an article was written."""
        asked = self._failed(viewer, window)
        titles = self._titles(viewer, {one.closest_id for one in asked if one.closest_id})
        notes = self._notes(viewer)
        after = self._after(viewer, {id: held for id, held in notes.items() if any(n.kind == ARTICLE for n in held)})
        return [
            replace(group, notes=notes.get(group.id, []), after=after.get(group.id))
            for group in grouped(asked, window, titles)
        ]

    def group(self, viewer: Viewer, window: Window, id: str) -> tuple[Group, list[Example]] | None:
        """A group and its questions; None where there is none in that window."""
        found = next((group for group in self.groups(viewer, window) if group.id == id), None)
        asked = [one for one in self._failed(viewer, window) if one.group == id]
        return (found, examples_of(asked, MOST_SHOWN)) if found else None

    def note(
        self, viewer: Viewer, group_id: str, kind: str, by: str, document_id: str | None = None, text: str | None = None
    ) -> str:
        """Writes one down, personal data masked; its id."""
        id = uuid4().hex
        said = mask(text) if text else None
        row = {"id": id, "tenant": viewer.tenant, "group_id": group_id, "kind": kind, "at": now(), "by": by}
        with self._session() as session:
            reader = ",".join(sorted(viewer.documents))
            session.add(NoteRow(**row, audience=reader, document_id=document_id, text=said, found=None))
        return id

    def forget_note(self, viewer: Viewer, id: str) -> bool:
        """Whether there was such a note."""
        with self._session() as session:
            row = session.get(NoteRow, id)
            theirs = row is not None and row.tenant == viewer.tenant and _sees(viewer, row)
            if theirs:
                session.execute(delete(NoteRow).where(NoteRow.id == id))
        return theirs

    def found(self, viewer: Viewer, group_id: str, found: dict[str, Any]) -> None:
        """What came of asking the group's questions again: kept with its last article, where there is one."""
        with self._session() as session:
            where = (NoteRow.tenant == viewer.tenant, NoteRow.group_id == group_id, NoteRow.kind == ARTICLE)
            last = select(NoteRow).where(*where).order_by(NoteRow.at.desc())
            if row := next((row for row in session.scalars(last) if _sees(viewer, row)), None):
                row.found = found

    def days(self, viewer: Viewer, window: Window) -> tuple[Day, list[Day]]:
        """All together, and each day on which something was asked, oldest first."""
        times = (AskedRow.first_ms, AskedRow.total_ms, AskedRow.tokens_in, AskedRow.tokens_out, AskedRow.cost)
        rows = select(AskedRow.id, AskedRow.answered_at, AskedRow.status, *times).where(*window.where(viewer))
        with self._session() as session:
            bad = set(session.scalars(disliked()))
            by_day: dict[str, list[Any]] = defaultdict(list)
            found = list(session.execute(rows.order_by(AskedRow.answered_at)))
            for row in found:
                by_day[row.answered_at[:10]].append(row)
        return _day(None, found, bad), [_day(day, those, bad) for day, those in by_day.items()]

    def languages(self, viewer: Viewer) -> list[str]:
        """Those that were asked in, whenever."""
        rows = select(AskedRow.language).where(AskedRow.tenant == viewer.tenant, AskedRow.audience.in_(viewer.readers))
        with self._session() as session:
            return sorted(session.scalars(rows.distinct()))

    def articles(self, viewer: Viewer, window: Window) -> tuple[list[Article], list[Article]]:
        """The documents that answers of the window cited, most often first; and those that none did."""
        cited = select(CitedRow.document_id, AskedRow.id, AskedRow.answered_at).join(
            AskedRow, AskedRow.id == CitedRow.trace_id
        )
        with self._session() as session:
            bad = set(session.scalars(disliked()))
            counts, last, down = Counter[str](), dict[str, str](), Counter[str]()
            for document, answer, at in session.execute(cited.where(*window.where(viewer))):
                counts[document] += 1
                down[document] += answer in bad
                last[document] = max(at, last.get(document, ""))
            found = [
                Article(
                    row.id, row.title, row.url, row.language, _iso(row.updated_at),
                    counts[row.id], down[row.id], last.get(row.id),
                )
                for row in session.execute(_documents(viewer))
                if set(row.audience) & set(viewer.documents)
                and (window.language is None or row.id in counts or row.language in (None, window.language))
            ]  # fmt: skip
        used = sorted((one for one in found if one.answers), key=lambda one: (-one.answers, one.document_id))
        return used, sorted((one for one in found if not one.answers), key=lambda one: (one.title, one.document_id))

    def stale(self, viewer: Viewer, window: Window, today: date | None = None) -> list[Stale]:
        """Answers whose articles have expired or gone, or no longer say what was quoted; newest first."""
        day = today or datetime.now(UTC).date()
        there = (DocumentRow.tenant == CitedRow.tenant) & (DocumentRow.id == CitedRow.document_id)
        columns = (CitedRow.trace_id, CitedRow.tenant, CitedRow.document_id, CitedRow.content_hash)
        rows = select(*columns, DocumentRow.content_hash, DocumentRow.valid_until, DocumentRow.audience)
        rows = rows.join(AskedRow, AskedRow.id == CitedRow.trace_id).outerjoin(DocumentRow, there)
        changed = or_(
            DocumentRow.id.is_(None),
            CitedRow.content_hash.is_(None),
            CitedRow.content_hash != DocumentRow.content_hash,
            DocumentRow.valid_until < day,
        )
        newest = rows.where(*window.where(viewer), changed).order_by(
            AskedRow.answered_at.desc(), CitedRow.trace_id, CitedRow.document_id
        )
        with self._session() as session:
            found = session.execute(newest.limit(4 * MOST_STALE)).all()
        mine = [row for row in found if row.audience is None or set(row.audience) & set(viewer.documents)]
        return list(islice(self._stale(mine, day), MOST_STALE))

    def _stale(self, rows: Sequence[Any], day: date) -> Iterator[Stale]:
        for trace_id, tenant, document_id, then, content_hash, valid_until, _ in rows:
            with self._session() as session:
                trace = session.get(TraceRow, trace_id)
            document = self.document(tenant, document_id)
            if trace is None:
                continue
            hit = hit_of(Cited(trace_id, tenant, document_id, then, content_hash), trace.record, document)
            expired = valid_until is not None and valid_until < day
            if hit.touched or expired:
                standing = hit.standing.value if hit.touched else "expired"
                title, url = (document.title, document.url) if document else (None, None)
                yield Stale(
                    trace_id, hit.answered_at, hit.question, document_id, title, url, standing,
                    _iso(valid_until), list(hit.lost) if hit.standing is Standing.CHANGED else [],
                )  # fmt: skip

    def _failed(self, viewer: Viewer, window: Window) -> list[Asked]:
        same = (QuestionRow.tenant == AskedRow.tenant) & (QuestionRow.key == AskedRow.question_key)
        columns = (
            AskedRow.id, AskedRow.answered_at.label("at"), AskedRow.audience, AskedRow.language, AskedRow.status,
            AskedRow.reason, AskedRow.question_key.label("key"), QuestionRow.text.label("question"),
            QuestionRow.group_id.label("group"), QuestionRow.central, AskedRow.closest_id, AskedRow.closest,
        )  # fmt: skip
        rows = select(*columns).join(QuestionRow, same).where(*window.where(viewer), failed())
        with self._session() as session:
            bad = set(session.scalars(disliked()))
            found = session.execute(rows.where(QuestionRow.group_id.is_not(None)).order_by(AskedRow.answered_at))
            return [Asked(**row._mapping, disliked=row.id in bad) for row in found]

    def _titles(self, viewer: Viewer, ids: set[str]) -> dict[str, tuple[str, str | None]]:
        """Of those that are there and may be read."""
        with self._session() as session:
            rows = session.execute(_documents(viewer))
            return {
                row.id: (row.title, row.url)
                for row in rows
                if row.id in ids and set(row.audience) & set(viewer.documents)
            }

    def _notes(self, viewer: Viewer) -> dict[str, list[Note]]:
        found: dict[str, list[Note]] = defaultdict(list)
        with self._session() as session:
            rows = session.scalars(select(NoteRow).where(NoteRow.tenant == viewer.tenant).order_by(NoteRow.at))
            mine = [row for row in rows if _sees(viewer, row)]
            keys = {one["key"] for row in mine if row.found for one in row.found["questions"]}
            texts = select(QuestionRow.key, QuestionRow.text).where(QuestionRow.tenant == viewer.tenant)
            said = {row.key: row.text for row in session.execute(texts.where(QuestionRow.key.in_(keys)))}
            for row in mine:
                again = _worded(row.found, said) if row.found else None
                note = Note(row.id, row.kind, row.at, row.by, row.document_id, row.text, again)
                found[row.group_id].append(note)
        return found

    def _after(self, viewer: Viewer, noted: dict[str, list[Note]]) -> dict[str, After]:
        """Counted from the first article on, to this day."""
        since = {id: min(note.at for note in held if note.kind == ARTICLE) for id, held in noted.items()}
        counts = {id: Counter[str]() for id in since}
        same = (QuestionRow.tenant == AskedRow.tenant) & (QuestionRow.key == AskedRow.question_key)
        rows = select(QuestionRow.group_id, AskedRow.answered_at, AskedRow.status).join(AskedRow, same)
        mine = (AskedRow.tenant == viewer.tenant, AskedRow.audience.in_(viewer.readers))
        with self._session() as session:
            for id, at, status in session.execute(rows.where(*mine, QuestionRow.group_id.in_(list(since)))):
                if id is not None and at >= since[id]:
                    counts[id][status] += 1
        return {
            id: After(at, counts[id].total(), counts[id]["answered"], counts[id]["refused"]) for id, at in since.items()
        }

    def said(self, viewer: Viewer, answer_id: str) -> dict[str, Any] | None:
        """The last correction or comment that came with a thumbs-down, and why."""
        where = (FeedbackRow.answer_id == answer_id, FeedbackRow.tenant == viewer.tenant, FeedbackRow.thumbs == "down")
        with self._session() as session:
            row = session.scalars(select(FeedbackRow).where(*where).order_by(FeedbackRow.given_at.desc())).first()
            return {"reason": row.reason, "comment": row.comment, "correction": row.correction} if row else None


def _worded(found: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    """With the questions' texts; without those that are not kept any more."""
    asked = [one | {"question": texts[one["key"]]} for one in found["questions"] if one["key"] in texts]
    return found | {"questions": asked}


def _sees(viewer: Viewer, row: NoteRow) -> bool:
    """Who wrote it might have read more than this viewer may."""
    return set(row.audience.split(",")) <= set(viewer.documents)


def _documents(viewer: Viewer) -> Any:
    columns = (DocumentRow.id, DocumentRow.title, DocumentRow.url, DocumentRow.language, DocumentRow.updated_at)
    return select(*columns, DocumentRow.audience).where(DocumentRow.tenant == viewer.tenant)


def _day(day: str | None, rows: Sequence[Any], bad: set[str]) -> Day:
    costs = [row.cost for row in rows if row.cost is not None]
    return Day(
        day, len(rows), sum(row.status == "answered" for row in rows), sum(row.status == "refused" for row in rows),
        sum(row.id in bad for row in rows), *_spread(row.first_ms for row in rows), *_spread(row.total_ms for row in rows),
        sum(row.tokens_in for row in rows), sum(row.tokens_out for row in rows), round(sum(costs), 6) if costs else None,
    )  # fmt: skip


def _spread(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Median and 95th percentile, in ms."""
    there = [value for value in values if value is not None]
    if not there:
        return None, None
    if len(there) == 1:
        return round(there[0], 1), round(there[0], 1)
    cuts = quantiles(there, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
