"""The case format: what is read, what is refused, and in which words."""

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from brain.errors import CaseError
from brain.types import Question, Reason, Status, Turn
from eval.cases import Case, ExpectedReason, ExpectedStatus, dataset_hash, load_cases

FULL = {
    "id": "c1",
    "question": "Comment résilier ?",
    "language": "fr",
    "tags": ["hard"],
    "cluster": "a1",
    "filters": {
        "tenant": "acme",
        "audience": "public",
        "tags": ["pro"],
        "document_languages": ["fr", "en"],
        "as_of": "2025-03-01",
    },
    "expect": {
        "status": "refused",
        "reason": "expired",
        "documents": ["d1", "d2"],
        "reference": "Par courrier.",
        "must_include": ["courrier"],
        "must_not_include": ["fax"],
        "language": "fr",
    },
    "critical": True,
}


def write(folder: Path, *lines: str | dict[str, Any], name: str = "cases.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def errors_of(folder: Path, *lines: str | dict[str, Any]) -> list[str]:
    path = write(folder, *lines)
    with pytest.raises(CaseError) as caught:
        load_cases(path)
    assert caught.value.hint == "Correct these lines; no case was run."
    return str(caught.value).replace(f"{folder}/", "").split("\n")


def test_every_field_is_read(tmp_path: Path) -> None:
    (case,) = load_cases(write(tmp_path, FULL))

    assert case.expect.status is Status.REFUSED
    assert case.expect.reason is Reason.EXPIRED
    assert case.expect.documents == ("d1", "d2")
    assert case.critical
    assert case.unit == "a1"
    assert case.to_question("agent", "default") == Question(
        text="Comment résilier ?",
        language="fr",
        tenant="acme",
        audience="public",
        tags=("pro",),
        document_languages=("fr", "en"),
        as_of=date(2025, 3, 1),
    )


def test_absent_is_not_asked_and_empty_is_none(tmp_path: Path) -> None:
    absent, empty = load_cases(
        write(tmp_path, {"id": "a", "question": "?"}, {"id": "b", "question": "?", "expect": {"documents": []}})
    )

    assert absent.expect.documents is None
    assert empty.expect.documents == ()
    assert dataset_hash([absent]) != dataset_hash([empty.model_copy(update={"id": "a"})])
    assert absent.unit == "a"


def test_a_conversation_asks_its_last_turn_about_the_earlier_ones(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "text": "Bonjour"},
        {"role": "assistant", "text": "Bonjour !"},
        {"role": "user", "text": "Et ?"},
    ]
    (case,) = load_cases(write(tmp_path, {"id": "a", "turns": turns}))

    question = case.to_question("agent", "acme")

    assert case.text == "Et ?"
    assert question.text == "Et ?"
    assert question.turns == (Turn("user", "Bonjour"), Turn("assistant", "Bonjour !"))
    assert (question.audience, question.tenant) == ("agent", "acme")


def test_languages_is_another_name_of_document_languages(tmp_path: Path) -> None:
    (case,) = load_cases(write(tmp_path, {"id": "a", "question": "?", "filters": {"languages": ["en"]}}))

    assert case.filters.document_languages == ("en",)


def test_expected_values_are_those_of_an_answer() -> None:
    assert set(get_args(ExpectedStatus)) == set(Status) - {Status.DEGRADED}
    assert set(get_args(ExpectedReason)) == set(Reason) - {Reason.MODEL_FAILED, Reason.MODEL_UNSUPPORTED}


def test_cases_are_immutable(tmp_path: Path) -> None:
    (case,) = load_cases(write(tmp_path, FULL))

    with pytest.raises(ValidationError, match="frozen"):
        case.id = "other"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"expect": {"status": "anwsered"}},
            "expect.status: 'anwsered' is not one of answered, refused, needs_clarification",
        ),
        (
            {"expect": {"reason": "model_failed"}},
            "expect.reason: 'model_failed' is not one of no_evidence, insufficient_evidence, expired, conflicting, "
            "out_of_scope, small_talk",
        ),
        (
            {"expects": {}},
            "expects: unknown; the fields here are id, question, turns, language, tags, cluster, filters, expect, "
            "critical",
        ),
        (
            {"filters": {"tag": "x"}},
            "filters.tag: unknown; the fields here are tenant, audience, tags, document_languages, as_of",
        ),
        ({"filters": {"as_of": "soon"}}, "filters.as_of: 'soon' is not a date such as 2025-12-31"),
        ({"filters": {"as_of": 20250101}}, "filters.as_of: 20250101 is not a date such as 2025-12-31"),
        ({"expect": {"documents": "d1"}}, "expect.documents: 'd1' is not a list"),
        ({"expect": {"documents": ["d1", 2]}}, "expect.documents[1]: 2 is not text"),
        ({"expect": "answered"}, "expect: 'answered' is not an object"),
        ({"critical": "yes"}, "critical: 'yes' is not true or false"),
        ({"id": 7}, "id: 7 is not text"),
        ({"id": None}, "id: null is not text"),
        ({"id": " "}, "id: must not be empty"),
        ({"language": 9 * "long text "}, None),
        ({"question": None}, "question, turns: neither given, exactly one needed"),
        ({"turns": [{"role": "user", "text": "x"}]}, "question, turns: both given, exactly one needed"),
        ({"turns": []}, "turns: must not be empty"),
        ({"turns": [{"role": "assistant", "text": "x"}]}, "turns: the last turn must be the user's"),
        ({"turns": [{"role": "bot", "text": "x"}]}, "turns[0].role: 'bot' is not one of user, assistant"),
        ({"turns": [{"role": "user"}]}, "turns[0].text: missing, every case needs it"),
        ({"turns": [{"role": "user", "text": "x", "at": 1}]}, "turns[0].at: unknown; the fields here are role, text"),
        ({"tags": 7 * ["a"] + [{"k": 60 * "v"}]}, f'tags[7]: {{"k": "{52 * "v"}… is not text'),
    ],
)
def test_each_error_names_the_field_and_what_would_be_right(
    tmp_path: Path, change: dict[str, Any], expected: str | None
) -> None:
    line = {"id": "a", "question": "?"} | change
    if expected is None:
        assert load_cases(write(tmp_path, line))
    else:
        assert errors_of(tmp_path, line) == [f"cases.jsonl:1: {expected}"]


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    assert errors_of(
        tmp_path,
        {"id": "a", "question": "?"},
        "",
        {"question": "?", "critical": 1},
        '{"id": "b", "question"',
        "[1]",
        {"id": "a", "question": "again"},
    ) == [
        "cases.jsonl:3: id: missing, every case needs it",
        "cases.jsonl:3: critical: 1 is not true or false",
        "cases.jsonl:4: not JSON: EOF while parsing an object at column 22",
        "cases.jsonl:5: [1] is not an object",
        "cases.jsonl:6: id: 'a' is already the id of cases.jsonl:1",
    ]


def test_only_the_first_errors_are_shown(tmp_path: Path) -> None:
    lines = errors_of(tmp_path, *({"id": str(i)} for i in range(25)))

    assert len(lines) == 21
    assert lines[19] == "cases.jsonl:20: question, turns: neither given, exactly one needed"
    assert lines[20] == "… and 5 more"


def test_what_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b'{"id": "a", "question": "?"}\n{"id": "b", "question": "r\xe9silier"}\n')

    with pytest.raises(CaseError) as caught:
        load_cases(path)

    assert str(caught.value) == f"{path}:2: byte 0xe9 is not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_cases_is_an_error(tmp_path: Path, content: str) -> None:
    assert errors_of(tmp_path, content) == ["cases.jsonl: holds no case"]


def test_bom_carriage_returns_and_unicode_line_separators_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    text = '\ufeff{"id": "a", "question": "one\u2028two\u0085three"}\r\n\r\n{"id": "b", "question": "?"}\r\n'
    path.write_bytes(text.encode())

    assert [case.text for case in load_cases(path)] == ["one\u2028two\u0085three", "?"]


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, {"id": "2", "question": "?"}, name="b.jsonl")
    write(tmp_path, {"id": "1", "question": "?"}, name="a.jsonl")
    write(tmp_path, "not a case", name="notes.txt")

    assert [case.id for case in load_cases(tmp_path)] == ["1", "2"]


def test_an_id_is_unique_in_the_whole_folder(tmp_path: Path) -> None:
    first = write(tmp_path, {"id": "1", "question": "?"}, name="a.jsonl")
    second = write(tmp_path, {"id": "1", "question": "?"}, name="b.jsonl")

    with pytest.raises(CaseError) as caught:
        load_cases(tmp_path)

    assert str(caught.value) == f"{second}:1: id: '1' is already the id of {first}:1"


def test_a_path_that_holds_no_cases_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"holds no \*\.jsonl file"):
        load_cases(tmp_path)
    with pytest.raises(CaseError, match=r"absent\.jsonl does not exist"):
        load_cases(tmp_path / "absent.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(CaseError, match=r"folder\.jsonl: can't be read: Is a directory"):
        load_cases(tmp_path)


def test_the_hash_depends_on_content_only() -> None:
    one = Case.model_validate(FULL)
    same = Case.model_validate(dict(reversed(FULL.items())))
    other = Case.model_validate(FULL | {"id": "c2"})

    assert dataset_hash([one, other]) == dataset_hash([other, same])
    assert dataset_hash([one]) != dataset_hash([other])
    assert dataset_hash([Case(id="a", question="?", tags=(), cluster=None)]) == dataset_hash(
        [Case(id="a", question="?")]
    )
    assert len(dataset_hash([])) == 64
