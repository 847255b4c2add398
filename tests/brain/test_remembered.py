"""What is remembered of a text is what was read of it, whoever did what with it before."""

import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from brain.text.analyzer import terms
from brain.text.remembered import LONGEST, remembered
from brain.types import Answer, Citation, Passage, Question, Scores, Sentence, Status, Support, Trace


def test_a_text_is_read_once_and_each_caller_has_a_list_of_its_own() -> None:
    read: list[tuple[str, str]] = []

    @remembered
    def words(text: str, language: str) -> list[str]:
        read.append((text, language))
        return text.split()

    first = words("deux mots", "fr")
    first.append("trois")

    assert words("deux mots", "fr") == ["deux", "mots"]
    assert words("deux mots", "en") == ["deux", "mots"]
    assert read == [("deux mots", "fr"), ("deux mots", "en")]


def test_a_long_text_is_read_each_time() -> None:
    read: list[int] = []

    @remembered
    def letters(text: str) -> list[str]:
        read.append(len(text))
        return list(text)

    text = "a" * (LONGEST + 1)

    assert letters(text) == letters(text) == list(text)
    assert len(read) == 2


@given(st.text(max_size=80), st.sampled_from(["fr", "en", "und"]))
def test_terms_of_a_text_are_those_of_a_longer_one_that_is_not_remembered(text: str, language: str) -> None:
    long = text + " \n" * LONGEST

    assert terms(text, language) == terms(long, language)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_an_answer_in_plain_values_is_what_json_gives_back_of_it(text: str, model: dict[str, object]) -> None:
    citation = Citation("p", "d", (0, 1), text)
    sentence = Sentence(text, (citation,), support=Support(True, 0.5, ("a",)))
    trace = Trace(Question(text, tags=("a",)), "fr", "llm", model=model, checked=(sentence,), timings={"total": 1.5})
    passage = Passage("p", "d", text, (0, 1), Scores(0.1, None, 2.0), heading_path=("h",))
    answer = Answer("1", Status.ANSWERED, "fr", (sentence,), (passage,), trace)

    assert answer.to_dict() == json.loads(json.dumps(asdict(answer), default=str)) | {"text": text}
