"""OpenAI's own client against the service, on a real socket."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, cast

import httpx
import openai
import pytest
from fastapi import FastAPI
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam

from api.app import create_app
from api.chat_text import plain
from brain.errors import StoreError
from brain.keys.store import Keys
from brain.session import Brain

Serve = Callable[[FastAPI], AbstractContextManager[str]]
THREE = [
    "Combien coûte la livraison en point relais ?",
    "Et en Corse ?",
    "Combien de temps ai-je pour renvoyer un article ?",
]


@pytest.fixture(scope="module")
def key(sample_brain: Brain) -> str:
    keys = Keys(sample_brain.settings)
    made = keys.create("chat", ["ask"], tenant="default", audience="public", actor="me")
    keys.close()
    return str(made)


@pytest.fixture(scope="module")
def url(sample_brain: Brain, serve: Serve) -> Iterator[str]:
    with serve(create_app(sample_brain.settings, sample_brain)) as url:
        yield url


@pytest.fixture
def client(url: str, key: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        yield client


def said(client: OpenAI, messages: list[ChatCompletionMessageParam]) -> tuple[str, dict[str, Any]]:
    completion = client.chat.completions.create(model="brain", messages=messages)
    (choice,) = completion.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant") and choice.message.content
    assert completion.usage and completion.usage.total_tokens == 0  # no model wrote
    return choice.message.content, cast(Any, completion).brain


def streamed(client: OpenAI, messages: list[ChatCompletionMessageParam]) -> tuple[str, dict[str, Any]]:
    parts, brain, finished = [], None, None
    options: Any = {"include_usage": True}
    for chunk in client.chat.completions.create(model="brain", messages=messages, stream=True, stream_options=options):
        brain = (chunk.model_extra or {}).get("brain", brain)
        for choice in chunk.choices:
            parts.append(choice.delta.content or "")
            finished = choice.finish_reason or finished
    assert finished == "stop" and chunk.usage and brain
    return "".join(parts), brain


@pytest.mark.parametrize("ask", [said, streamed])
def test_three_turns_with_citations(client: OpenAI, ask: Callable[..., tuple[str, dict[str, Any]]]) -> None:
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": "Answer in verse."}]
    for question in THREE:
        messages.append({"role": "user", "content": question})
        text, brain = ask(client, messages)
        messages.append({"role": "assistant", "content": text})

        assert brain["status"] == "answered", (question, brain)
        body, _, notes = text.partition("\n\n[1] ")
        assert plain(text) == brain["text"]
        cited = set(re.findall(r"\[(\d+)\]", body))
        assert cited == {str(source["number"]) for source in brain["sources"]} and cited
        for source in brain["sources"]:
            assert f"[{source['number']}] {source['title']}" in f"[1] {notes}"
        assert all(citation["quote"] for sentence in brain["sentences"] for citation in sentence["citations"])


def test_a_follow_up_is_answered_within_the_conversation(client: OpenAI) -> None:
    first: list[ChatCompletionMessageParam] = [{"role": "user", "content": THREE[0]}]
    text, _ = said(client, first)
    second: ChatCompletionMessageParam = {"role": "user", "content": [{"type": "text", "text": THREE[1]}]}

    within, brain = said(client, [*first, {"role": "assistant", "content": text}, second])

    assert "Corse" in within and brain["sources"]


def test_a_refusal_is_its_message_and_nothing_else(client: OpenAI) -> None:
    for ask in (said, streamed):
        text, brain = ask(client, [{"role": "user", "content": "Quelle est la capitale du Pérou ?"}])

        assert (brain["status"], text, brain["sources"]) == ("refused", brain["message"], [])


def test_models(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["brain"] == [client.models.retrieve("brain").id]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt")


def test_what_is_wrong_is_one_of_the_clients_own_errors(client: OpenAI, url: str) -> None:
    asked: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Bonjour"}]
    with (
        OpenAI(base_url=f"{url}/v1", api_key="brain_wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        stranger.chat.completions.create(model="brain", messages=asked)
    assert "This key is not valid." in str(caught.value)
    for wrong in (
        {"model": "gpt", "messages": asked},
        {"model": "brain", "messages": [*asked, {"role": "assistant", "content": "Oui ?"}]},
        {"model": "brain", "messages": [{"role": "user", "content": " "}]},
        {"model": "brain", "messages": [{"role": "user", "content": "x" * 4001}]},
        {"model": "brain", "messages": asked, "extra_body": {"brain": {"tenant": "other"}}},
    ):
        with pytest.raises(openai.UnprocessableEntityError):
            client.chat.completions.create(**cast(Any, wrong))


def test_what_fails_on_the_way_is_an_error_of_the_client(
    house: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("The index failed.")

    key = house.key()["Authorization"].removeprefix("Bearer ")
    with (
        serve(create_app(house.brain.settings, house.brain)) as url,
        OpenAI(base_url=f"{url}/v1", api_key=key) as client,
    ):
        assert said(client, [{"role": "user", "content": "Où est le colis ?"}])
        monkeypatch.setattr(house.brain._serving.retriever, "_find", fail)
        with pytest.raises(openai.APIError, match="The index failed"):
            streamed(client, [{"role": "user", "content": "Où est le colis ?"}])


def test_what_the_answer_is_narrowed_to(client: OpenAI) -> None:
    asked: list[ChatCompletionMessageParam] = [{"role": "user", "content": THREE[2]}]
    statuses = []
    for languages in ([], ["fr"], ["de"]):
        body = {"brain": {"document_languages": languages}}
        found = client.chat.completions.create(model="brain", messages=asked, extra_body=body)
        statuses.append(cast(Any, found).brain["status"])
    assert statuses == ["answered", "answered", "refused"]


def test_a_long_conversation_fits_and_a_longer_one_does_not(url: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    turns = [{"role": role, "content": "mot " * 2000} for role in ("user", "assistant")] * 20
    asked = {"model": "brain", "messages": [*turns, {"role": "user", "content": THREE[2]}]}
    assert httpx.post(f"{url}/v1/chat/completions", json=asked, headers=headers, timeout=30).status_code == 200
    asked["messages"] = [*turns, *asked["messages"]]  # type: ignore[misc]
    assert httpx.post(f"{url}/v1/chat/completions", json=asked, headers=headers, timeout=30).status_code == 413


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Sous 14 jours. [1] Oui. [2][1]\n\n[1] Retours, https://x\n[2] Délai", "Sous 14 jours. Oui."),
        ("Sous 14 jours. (non vérifié) [1]\n\n[1] Retours", "Sous 14 jours."),
        ("Rien à ce sujet.", "Rien à ce sujet."),
        ("[1] Retours", ""),
        ("Voir [la page](https://x) de 2024", "Voir [la page](https://x) de 2024"),
    ],
)
def test_footnotes_are_taken_off_what_was_said_earlier(text: str, left: str) -> None:
    assert plain(text) == left
