"""What was asked in vain, grouped; who sees it; what retention takes; tables that a spreadsheet may open."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from typer.testing import CliRunner

from brain.cli import app
from brain.encoder.base import Vectors, normalized
from brain.errors import SettingsError
from brain.feedback import Feedback, Feedbacks
from brain.index import Scope
from brain.insights import gathering
from brain.insights.export import TABLES, rows_of, to_csv
from brain.insights.grouping import Group, assign, nearest
from brain.insights.store import Insights
from brain.insights.tables import ARTICLE, QuestionRow
from brain.insights.views import Viewer, Window
from brain.retention.erasing import Erasing, Whose
from brain.retention.purging import Purging
from brain.settings import LLMSettings, Settings, load_settings
from brain.state import State
from brain.testing import HashEncoder, kept_answer
from brain.traces.store import TraceRow, Traces
from brain.types import Document, Question, Reason

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
WINDOW = Window(date(2026, 5, 1), date(2026, 5, 31))
CARD = ("payer par carte cadeau en magasin", "payer en magasin par carte cadeau", "par carte cadeau payer en magasin")
PARCEL = "où est mon colis perdu"
CLOSED, WEAK = Reason.OUT_OF_SCOPE, Reason.INSUFFICIENT_EVIDENCE


class Place:
    """A database with answers, and what reads it."""

    def __init__(self, settings: Settings) -> None:
        self.traces, self.feedbacks, self.state = Traces(settings), Feedbacks(settings), State(settings)
        self.insights, self.settings, self.encoder = Insights(settings), settings, HashEncoder()

    def asked(self, text: str, at: datetime = NOW, *, who: str = "agent", tenant: str = "default", **how: Any) -> str:
        record = kept_answer(Question(text, language="fr", audience=who, tenant=tenant), at, **how)
        self.traces.save([record])
        return str(record["id"])

    def says(self, answer: str, thumbs: Any, by: str = "k") -> None:
        self.feedbacks.save(Feedback(answer, "default", "agent", by, thumbs, "wrong"))

    def viewer(self, tenant: str = "default", who: str = "agent") -> Viewer:
        return Viewer.of(Scope(tenant, self.settings.access.readers[who]), self.settings)

    def groups(self, tenant: str = "default", who: str = "agent", window: Window = WINDOW) -> list[Any]:
        assert self.insights.gather(self.encoder).done
        found: list[Any] = self.insights.groups(self.viewer(tenant, who), window)
        return found

    def close(self) -> None:
        for store in (self.traces, self.feedbacks, self.state, self.insights):
            store.close()


@pytest.fixture
def here(place: Settings) -> Iterator[Place]:
    made = Place(place)
    yield made
    made.close()


def test_questions_of_one_meaning_are_one_group_with_its_trend_and_examples(here: Place) -> None:
    for days, text in enumerate((*CARD, CARD[0])):
        here.asked(text, NOW - timedelta(days=days), reason=WEAK, closest=("cartes", 0.4 + days / 100))
    here.asked(PARCEL, reason=CLOSED, closest=("gone", 0.1))
    here.asked("combien coûte la livraison", cites=("livraison", "5 euros"))
    here.state.mark([(Document("cartes", "Cartes cadeaux", "…", url="https://x"), "c.md")], indexed=True, passages={})

    cards, parcel = here.groups()
    assert (cards.count, cards.refused, cards.disliked, cards.reasons) == (4, 4, 0, {"insufficient_evidence": 4})
    assert cards.label in CARD and {one.question: one.count for one in cards.examples} == {
        CARD[0]: 2,
        CARD[1]: 1,
        CARD[2]: 1,
    }
    assert sum(cards.trend) == 4 and cards.trend[16:20] == [1, 1, 1, 1] and len(cards.trend) == 31
    near = cards.nearest
    assert (near.document_id, near.title, near.url, near.questions, near.closeness) == (
        "cartes",
        "Cartes cadeaux",
        "https://x",
        4,
        0.43,
    )
    assert parcel.label == PARCEL and parcel.nearest is None  # that document is not there any more


def test_more_questions_leave_groups_as_they_are(here: Place) -> None:
    here.asked(CARD[0], reason=WEAK)
    here.asked(PARCEL, reason=WEAK)
    before = {group.label: group.id for group in here.groups()}
    here.asked(CARD[1], NOW + timedelta(hours=1), reason=WEAK)
    here.asked(f"  {PARCEL.upper()} ?", NOW + timedelta(hours=1), reason=WEAK)  # the same question, written otherwise
    here.encoder.questions.clear()
    after = here.groups()
    assert {group.id for group in after} == set(before.values()) and [group.count for group in after] == [2, 2]
    assert here.encoder.questions == [CARD[1]]


def test_a_thumbs_down_counts_until_it_is_taken_back(here: Place) -> None:
    answer = here.asked(PARCEL, cites=("suivi", "Suivez-le"))
    assert here.groups() == []
    here.says(answer, "down")
    (group,) = here.groups()
    assert (group.count, group.refused, group.disliked) == (1, 0, 1)
    here.says(answer, "up", by="another")
    assert here.groups()[0].disliked == 1
    here.says(answer, "up")
    assert here.groups() == []


def test_a_tenant_and_a_reader_see_what_is_theirs(here: Place) -> None:
    here.asked(CARD[0], reason=WEAK, closest=("intern", 0.9))
    here.asked(CARD[1], who="public", reason=WEAK, closest=("intern", 0.9))
    here.asked(CARD[2], tenant="other", reason=WEAK)
    here.state.mark([(Document("intern", "Interne", "…", audience=("agent",)), "i.md")], indexed=True, passages={})

    (agents,), (public,), (other,) = here.groups(), here.groups(who="public"), here.groups("other")
    assert (agents.count, agents.nearest.title) == (2, "Interne")
    assert (public.count, public.label, public.nearest) == (1, CARD[1], None)
    assert (other.count, other.label) == (1, CARD[2]) and other.id not in {agents.id, public.id}
    agent, outsider = here.viewer(), here.viewer("other")
    note = here.insights.note(agent, agents.id, ARTICLE, "key:k", text="écrit à jean@exemple.fr")
    assert not here.insights.forget_note(outsider, note) and not here.insights.forget_note(
        here.viewer(who="public"), note
    )
    assert here.groups(who="public")[0].notes == [] and here.groups()[0].notes[0].text == "écrit à [E-MAIL]"
    assert here.insights.articles(outsider, WINDOW) == ([], []) and here.insights.days(outsider, WINDOW)[0].answers == 1
    assert here.insights.articles(here.viewer(who="public"), WINDOW) == ([], [])
    assert here.insights.forget_note(agent, note) and here.groups()[0].notes == []


def test_before_and_after_an_article(here: Place) -> None:
    here.asked(CARD[0], reason=WEAK)
    (group,) = here.groups()
    here.insights.note(here.viewer(), group.id, ARTICLE, "key:k", "cartes")
    later = datetime.now(UTC) + timedelta(minutes=1)
    here.asked(CARD[1], later, cites=("cartes", "Oui"))  # in other words
    here.asked(CARD[0], later, cites=("cartes", "Oui"))
    here.asked(CARD[2], later, reason=WEAK)
    here.asked(PARCEL, later, cites=("suivi", "Là"))
    after = here.groups()[0].after
    assert (after.asked, after.answered, after.refused) == (3, 2, 1)


def test_what_retention_takes_is_gone_here_too(here: Place) -> None:
    here.asked(CARD[0], NOW - timedelta(days=5), reason=WEAK)
    here.asked(PARCEL, reason=WEAK)
    by_label = {group.label: group for group in here.groups()}
    agent = here.viewer()
    for label in (CARD[0], PARCEL):
        group = by_label[label]
        here.insights.note(agent, group.id, ARTICLE, "key:k")
        found = {"turned": 1, "questions": [{"key": group.examples[0].key, "text": "Oui"}]}
        here.insights.found(agent, group.id, found)
    assert [group.notes[0].found["questions"][0]["question"] for group in here.groups()] == [
        group.label for group in here.groups()
    ]
    with here.insights._session() as session:
        session.execute(delete(TraceRow).where(TraceRow.answered_at < (NOW - timedelta(days=1)).isoformat()))
    assert [group.label for group in here.groups()] == [PARCEL]
    with here.insights._session() as session:
        from brain.insights.tables import GroupRow, NoteRow, QuestionRow

        assert session.query(QuestionRow).count() == 1 and session.query(GroupRow).count() == 2  # which has a note
        assert sorted(len(note.found["questions"]) for note in session.query(NoteRow)) == [0, 1]


def test_what_is_erased_or_purged_is_gone_here_at_once(here: Place) -> None:
    def texts() -> set[str]:
        with here.insights._session() as session:
            return set(session.scalars(select(QuestionRow.text)))

    here.asked(f"{PARCEL} Dupont", reason=CLOSED)
    here.asked(CARD[0], NOW - timedelta(days=1000), reason=WEAK)
    here.asked(CARD[1], datetime.now(UTC), reason=WEAK)
    assert here.insights.gather(here.encoder).done and len(texts()) == 3
    erasing, purging = Erasing(here.settings), Purging(here.settings)
    try:
        erasing.erase(erasing.find(Whose("text", "dupont")), "text", "me")
        assert texts() == {CARD[0], CARD[1]}
        purging.purge("me")
        assert texts() == {CARD[1]}
    finally:
        erasing.close()
        purging.close()


def test_another_encoder_keeps_the_groups(here: Place) -> None:
    for text in CARD:
        here.asked(text, reason=WEAK)
    (group,) = here.groups()
    here.insights.note(here.viewer(), group.id, ARTICLE, "key:k")

    class Other(HashEncoder):
        name = "other"

        def encode_questions(self, texts: Sequence[str]) -> Vectors:
            return np.roll(super().encode_questions(texts), 1, axis=1)

    here.encoder = Other()
    here.asked(CARD[0] + " svp", NOW + timedelta(hours=1), reason=WEAK)
    (after,) = here.groups()
    assert (after.id, after.count) == (group.id, 4) and len(after.notes) == 1


def test_killed_in_between_it_goes_on(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        here.asked(f"{PARCEL} {number}", reason=WEAK)

    def fails(*_: Any) -> Vectors:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(here.encoder, "encode_questions", fails)
        with pytest.raises(KeyboardInterrupt):
            here.insights.gather(here.encoder)
    assert sum(group.count for group in here.groups()) == 5
    left = here.insights.gather(here.encoder, 0)
    assert left.done and (left.traces, left.questions) == (0, 0)


def test_a_budget_of_time_leaves_the_rest_for_the_next_call(here: Place) -> None:
    here.traces.save([kept_answer(Question(f"q {n}"), NOW + timedelta(seconds=n), reason=WEAK) for n in range(450)])
    first = here.insights.gather(here.encoder, 0)
    assert not first.done and first.traces > 0
    with gathering._ONE_AT_A_TIME:  # another request is at it
        assert here.insights.gather(here.encoder, 60) == first
    while not here.insights.gather(here.encoder, 0.01).done:
        pass
    assert here.insights.days(here.viewer(), Window(date(2020, 1, 1), date(2030, 1, 1)))[0].answers == 450


def test_articles_by_use_and_those_of_no_use(here: Place) -> None:
    documents = [Document(id, f"Titre {id}", "Le texte.", language="fr") for id in ("a", "b", "c")]
    here.state.mark([(document, document.id) for document in documents], indexed=True, passages={})
    for answer in [here.asked(f"q {n}", cites=("a" if n else "b", "Le texte.")) for n in range(3)]:
        here.says(answer, "up")
    here.groups()
    used, unused = here.insights.articles(here.viewer(), WINDOW)
    assert [(one.document_id, one.answers, one.disliked) for one in used] == [("a", 2, 0), ("b", 1, 0)]
    assert [one.document_id for one in unused] == ["c"]


def test_answers_that_no_longer_hold(here: Place) -> None:
    day = date(2026, 5, 20)
    both, ended = ("agent", "public"), day - timedelta(days=1)
    text = "Quatorze jours."
    documents = {id: Document(id, id, text, audience=both) for id in ("same", "changed", "moved", "gone")}
    documents["expired"] = Document("expired", "Périmé", text, audience=both, valid_until=ended)
    documents["intern"] = Document("intern", "Interne", text)
    here.state.mark([(document, id) for id, document in documents.items()], indexed=True, passages={})
    for id in documents:
        here.asked(f"combien {id}", who="public", cites=(id, "Quatorze jours."))
    changes = {"changed": "Trente jours.", "moved": "Toujours : Quatorze jours.", "intern": "Trente jours."}
    here.state.mark(
        [(Document(id, id, text, audience=documents[id].audience), id) for id, text in changes.items()],
        indexed=True,
        passages={},
    )
    here.state.delete([("default", "gone")])
    here.groups()
    found = {one.document_id: (one.standing, one.lost) for one in here.insights.stale(here.viewer(), WINDOW, day)}
    expected = {"changed": ("changed", ["Quatorze jours."]), "expired": ("expired", []), "gone": ("gone", [])}
    assert found == expected | {"intern": ("changed", ["Quatorze jours."])}
    public = {one.document_id for one in here.insights.stale(here.viewer(who="public"), WINDOW, day)}
    assert public == {"changed", "expired", "gone"}


def test_times_and_cost_by_day(quick_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    priced = load_settings(home=quick_path / "home", llm=LLMSettings(price_in=1, price_out=2).model_dump())
    monkeypatch.setattr("brain.testing.Settings", lambda: priced)
    here = Place(priced)
    for number in range(100):
        here.asked(f"q {number}", took_ms=number + 1, cites=("a", "b"), usage={"prompt_tokens": 1_000_000})
    here.asked("q", NOW - timedelta(days=1), reason=CLOSED, took_ms=7)
    here.groups()
    whole, (before, last) = here.insights.days(here.viewer(), WINDOW)
    here.close()
    assert (before.answers, before.refused, before.first_p50, before.total_p95, before.cost) == (1, 1, None, 7, None)
    assert (last.answers, last.answered, last.total_p50, last.total_p95) == (100, 100, 50.5, 95.0)
    assert (last.tokens_in, last.cost, whole.answers, whole.day) == (100_000_000, 100, 101, None)


@given(st.lists(st.lists(st.floats(-1, 1), min_size=4, max_size=4), max_size=30), st.floats(0.3, 0.95))
def test_every_question_is_in_a_group_whatever_is_cut_where(rows: list[list[float]], alike: float) -> None:
    vectors = normalized(np.asarray(rows, np.float32).reshape(len(rows), 4))
    at_once: list[Group] = []
    one_by_one: list[Group] = []
    ids, more = iter(range(99)), iter(range(99))
    found = assign(vectors, at_once, alike, lambda: str(next(ids)))
    single = [assign(vector[None], one_by_one, alike, lambda: str(next(more)))[0] for vector in vectors]
    assert found == single and len(found) == len(rows) and set(found) == {group.id for group in at_once}
    for group in at_once:
        members = vectors[[id == group.id for id in found]]
        assert np.allclose(members.sum(axis=0), group.centre, atol=1e-5)
    assert nearest(vectors, [], alike) == [None] * len(rows)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20)


@given(
    st.lists(st.tuples(_TEXTS, _TEXTS.map("=".__add__), st.floats(allow_nan=False, allow_infinity=False)), min_size=1)
)
def test_no_cell_is_a_formula(rows: list[tuple[str, str, float]]) -> None:
    written = to_csv([{"a": a, "b": b, "n": n} for a, b, n in rows])
    head, *found = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert head == ["a", "b", "n"] and len(found) == len(rows)
    for (a, b, n), (got_a, got_b, got_n) in zip(rows, found, strict=True):
        assert got_b == f"'{b}" and float(got_n) == n
        assert got_a in {a, f"'{a}"} and not got_a.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_every_table_can_be_exported(here: Place) -> None:
    here.asked("=HYPERLINK(1)", reason=WEAK)
    here.groups()
    for table in TABLES:
        rows = rows_of(table, here.insights, here.viewer(), WINDOW)
        assert to_csv(rows).startswith("\ufeff")
    assert '"\'=HYPERLINK(1)"' in to_csv(rows_of("groups", here.insights, here.viewer(), WINDOW))


def test_in_the_terminal(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Place(settings)
    here.asked(CARD[0], datetime.now(UTC), reason=WEAK)
    here.asked(PARCEL, datetime.now(UTC), who="public", reason=WEAK)
    here.close()
    monkeypatch.setattr("brain.encoder.make_encoder", lambda *_: HashEncoder())
    home = ["--home", str(settings.home)]

    def run(*given: str) -> Any:
        return CliRunner().invoke(app, ["insights", *given, *home])

    shown, public = run(), run("--audience", "public")
    assert (shown.exit_code, public.exit_code) == (0, 0)
    assert CARD[0] in shown.output and PARCEL in shown.output and "no article near" in shown.output
    assert CARD[0] not in public.output and PARCEL in public.output
    assert run("groups", "--csv").output.count("\n") == 3
    assert json.loads(run("days", "--json").output)["days"][0]["answers"] == 2
    assert isinstance(run("nothing").exception, SettingsError)


@pytest.mark.parametrize(("days", "step"), [(1, 1), (31, 1), (32, 7), (366, 7), (3000, 56)])
def test_a_long_trend_is_coarser(days: int, step: int) -> None:
    window = Window(date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=days - 1))
    assert window.step_days == step and window.steps <= 60
    assert window.step_of(window.end.isoformat()) == window.steps - 1


@pytest.mark.parametrize("end", [date.min, date.max, date(2026, 5, 31)])
def test_a_window_may_end_on_any_day(here: Place, end: date) -> None:
    window = Window.of(None, end, None, None)

    assert (window.end - window.start).days < 30 and window.steps >= 1
    assert here.groups(window=window) == []
