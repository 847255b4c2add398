"""Drafts as the page of the service has them: the same file and rules as in the terminal, each tenant its own."""

import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from brain.errors import CaseError, ReviewError
from brain.insights.settings import ReviewSettings
from brain.reviewing import Production, Review, open_review
from brain.settings import Settings, load_settings
from brain.testing import kept_answer
from brain.types import Question, Reason
from eval.cases import load_cases
from eval.cases_from.drafts import Draft, DraftFile
from eval.cli import app

ASKED = "Puis-je payer en quatre fois ? Mon mail : jean@exemple.fr"
BOTH = ("public", "agent")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    files = ReviewSettings(drafts=tmp_path / "drafts.jsonl", cases=tmp_path / "cases" / "new.jsonl")
    return load_settings().model_copy(update={"review": files})


def refused(text: str = ASKED, tenant: str = "default", audience: str = "public") -> Production:
    return Production(kept_answer(Question(text, tenant=tenant, audience=audience), reason=Reason.NO_EVIDENCE), 3)


def review(settings: Settings, tenant: str = "default", readers: tuple[str, ...] = BOTH) -> Review:
    return open_review(settings, tenant, readers)


def test_a_question_becomes_a_draft_once_and_a_case_as_the_person_left_it(settings: Settings) -> None:
    found = review(settings)
    id, new = found.propose(refused())
    assert new and found.propose(refused("Puis-je payer en 4 fois ? Mon mail : jean@exemple.fr"))[1]
    assert found.propose(refused()) == (id, False)
    waiting = found.waiting()
    assert (waiting[0].id, waiting[0].seen) == (id, 6)
    assert "jean@" not in json.dumps([dict(one.case) for one in waiting]) and len(waiting[0].answer_id or "") == 32

    changes = {"status": "answered", "documents": ["paiement"], "must_include": ["4 fois"], "critical": True}
    found.accept(id, changes | {"question": "Puis-je payer en quatre fois ?"}, "key:1")
    (case,) = load_cases(settings.review.cases)
    assert (case.question, case.critical, case.expect.documents) == (
        "Puis-je payer en quatre fois ?",
        True,
        ("paiement",),
    )
    assert id not in {one.id for one in found.waiting()} and found.propose(refused()) == (id, False)
    with pytest.raises(ReviewError, match="is waiting"):
        found.accept(id, {}, "key:2")


def test_what_is_no_case_is_refused_and_goes_on_waiting(settings: Settings) -> None:
    found = review(settings)
    id, _ = found.propose(refused())
    for wrong, told in (
        ({"status": "maybe"}, "expect.status"),
        ({"documents": [""]}, "expect.documents"),
        ({"question": " "}, "question"),
        ({"color": 1}, "color"),
    ):
        with pytest.raises(CaseError, match=told):
            found.accept(id, wrong, "key:1")
    assert [one.id for one in found.waiting()] == [id] and not settings.review.cases.exists()
    with pytest.raises(CaseError, match="neither refused nor disliked"):
        found.propose(Production(kept_answer(Question("Combien ?"), cites=("a", "b"))))


def test_a_rejected_draft_does_not_come_back(settings: Settings) -> None:
    found = review(settings)
    id, _ = found.propose(refused())
    found.reject(id, "hors sujet", "key:1")
    assert found.propose(refused()) == (id, False) and found.waiting() == []
    last = [json.loads(line) for line in settings.review.drafts.read_text().splitlines() if "decided" in line]
    assert last == [last[0] | {"decided": id, "how": "rejected", "by": "key:1", "reason": "hors sujet"}]


def test_each_tenant_and_reader_has_its_own(settings: Settings) -> None:
    own, other, public = review(settings), review(settings, "other"), review(settings, readers=("public",))
    ids = {own.propose(refused())[0], other.propose(refused(tenant="other"))[0]}
    ids.add(own.propose(refused("Un geste pour un client en colère ?", audience="agent"))[0])
    assert len(ids) == 3
    DraftFile(settings.review.drafts).add([Draft(load(id="k1", question="Du public ?"), "knowledge", "x")])
    DraftFile(settings.review.drafts).add([Draft(load(id="p1", question="De qui donc ?"), "production", "x")])
    assert len(own.waiting()) == 4 and [dict(one.case)["filters"]["tenant"] for one in other.waiting()] == ["other"]
    assert {one.id for one in public.waiting()} == {one.id for one in own.waiting()} - {
        "p1",
        *(one.id for one in own.waiting() if dict(one.case).get("filters", {}).get("audience") == "agent"),
    }
    for foreign in {one.id for one in other.waiting()}:
        with pytest.raises(ReviewError):
            own.accept(foreign, {}, "key:1")
        with pytest.raises(ReviewError):
            own.reject(foreign, "", "key:1")


def test_two_people_at_once_make_one_case(settings: Settings) -> None:
    id, _ = review(settings).propose(refused())
    refusals: list[BaseException] = []

    def decide() -> None:
        try:
            review(settings).accept(id, {}, "key:1")
        except ReviewError as error:
            refusals.append(error)

    threads = [Thread(target=decide) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_cases(settings.review.cases)) == 1 and len(refusals) == 7


def test_the_terminal_goes_on_where_the_page_stopped(settings: Settings) -> None:
    id, _ = review(settings).propose(refused())
    review(settings).propose(refused("Où est mon colis perdu ?"))
    review(settings).accept(id, {"status": "refused"}, "key:1")
    files = ["--drafts", str(settings.review.drafts), "--into", str(settings.review.cases)]
    run = CliRunner().invoke(app, ["review", *files], input="a\n")
    assert run.exit_code == 0 and "0 drafts are waiting" in run.output
    assert [case.text for case in load_cases(settings.review.cases)][1] == "Où est mon colis perdu ?"


def test_an_accepted_case_that_was_written_before_a_crash_is_not_written_twice(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, _ = review(settings).propose(refused())
    with monkeypatch.context() as patched:
        patched.setattr(DraftFile, "decide", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            review(settings).accept(id, {}, "key:1")
    assert [one.id for one in review(settings).waiting()] == [id]
    with pytest.raises(CaseError, match="another one"):
        review(settings).accept(id, {"critical": True}, "key:1")
    review(settings).accept(id, {}, "key:1")
    assert len(load_cases(settings.review.cases)) == 1


def load(**row: Any) -> Any:
    from eval.cases import Case

    return Case.model_validate(row)
