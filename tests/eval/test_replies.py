"""The transport below every client, over real sockets."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from eval.experiment import Prices
from eval.running.meter import ASKING, Asking, Usage
from eval.running.replies import Replies, key_of
from eval.running.transport import KeptReplies
from eval.testing import Chat, completion


class Asker:
    """Posts to the endpoint through a transport with its own file of replies."""

    def __init__(self, chat: Chat, folder: Path, **how: Any) -> None:
        self.chat, self.folder, self.how = chat, folder, how
        self.waits: list[float] = []

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def post(self, *bodies: dict[str, Any], repeat: int = 0) -> tuple[list[httpx.Response], Usage]:
        usage = Usage()

        async def all_() -> list[httpx.Response]:
            with closing(Replies(self.folder / "replies.db")) as replies:
                transport = KeptReplies(
                    replies, sleep=self._sleep, prices={"m": Prices(input=1, output=10)}, **self.how
                )
                async with httpx.AsyncClient(transport=transport) as client:
                    ASKING.set(Asking(repeat, usage))
                    url = f"{self.chat.url}/chat/completions"
                    return list(await asyncio.gather(*(client.post(url, json=body) for body in bodies)))

        return asyncio.run(all_()), usage


@pytest.fixture
def asker(chat: Chat, tmp_path: Path) -> Asker:
    return Asker(chat, tmp_path, retries=2)


def body(text: str = "Bonjour", **more: Any) -> dict[str, Any]:
    return {"model": "m", "temperature": 0, "messages": [{"role": "user", "content": text}]} | more


def test_the_same_request_is_paid_once_also_by_another_process(asker: Asker) -> None:
    (first,), paid = asker.post(body())
    (second,), kept = asker.post(body())

    assert first.json() == second.json()
    assert (paid.calls, paid.cached, paid.tokens_in, paid.tokens_out) == (1, 0, 300, 20)
    assert paid.usd == pytest.approx((300 + 20 * 10) / 1e6)
    assert (kept.calls, kept.cached, kept.usd) == (0, 1, 0.0)
    assert len(asker.chat.asked) == 1


def test_two_tasks_with_one_request_pay_once(asker: Asker) -> None:
    _, usage = asker.post(*[body()] * 5)
    assert (usage.calls, usage.cached, len(asker.chat.asked)) == (1, 4, 1)


@pytest.mark.parametrize(
    "other", [body("Bonsoir"), body(model="n"), body(temperature=0.5), body(max_tokens=5)], ids=str
)
def test_what_matters_makes_another_request(asker: Asker, other: dict[str, Any]) -> None:
    asker.post(body())
    _, usage = asker.post(other)
    assert usage.calls == 1


def test_each_repeat_has_a_reply_of_its_own(asker: Asker) -> None:
    asker.post(body(), repeat=0)
    _, usage = asker.post(body(), repeat=1)
    assert usage.calls == 1


def test_fences_drawn_anew_do_not_make_another_request() -> None:
    texts = [f'<passage n="1" key="{key}">Texte</passage key="{key}">' for key in ("a1b2c3d4", "00ff00ff")]
    keys = {key_of("u", httpx.Request("POST", "http://u", json=body(text)).content, 0) for text in texts}
    assert len(keys) == 1
    assert key_of("u", httpx.Request("POST", "http://u", json=body("Texte")).content, 0) not in keys


def test_429_and_5xx_are_tried_again_after_the_time_that_was_told(asker: Asker) -> None:
    replies = iter([(429, {"Retry-After": "7"}, "slow down"), (503, {}, "busy"), (200, {}, completion("enfin"))])
    asker.chat.answers = lambda _: next(replies)

    (response,), usage = asker.post(body())

    assert response.json()["choices"][0]["message"]["content"] == "enfin"
    assert asker.waits[0] == 7.0 and 0 < asker.waits[1] < 30
    assert usage.calls == 1


def test_what_stays_an_error_is_not_kept_and_not_tried_again_by_the_client(asker: Asker) -> None:
    asker.chat.answers = lambda _: (500, {}, "broken")

    (response,), _ = asker.post(body())
    assert (response.status_code, response.headers["x-should-retry"], len(asker.chat.asked)) == (500, "false", 3)

    asker.chat.answers = lambda _: (200, {}, completion("enfin"))
    (response,), usage = asker.post(body())
    assert (response.status_code, usage.cached) == (200, 0)


def test_a_wrong_request_is_not_tried_again(asker: Asker) -> None:
    asker.chat.answers = lambda _: (400, {}, "no such model")
    (response,), _ = asker.post(body())
    assert (response.status_code, len(asker.chat.asked)) == (400, 1)


def test_no_more_are_under_way_than_allowed(chat: Chat, tmp_path: Path) -> None:
    asker = Asker(chat, tmp_path, concurrency=2)
    _, usage = asker.post(*[body(str(n)) for n in range(12)])
    assert usage.calls == 12 and chat.busiest <= 2


def test_an_endpoint_without_counts_is_estimated(asker: Asker) -> None:
    asker.chat.answers = lambda _: (200, {}, '{"choices": []}')
    _, usage = asker.post(body())
    assert usage.estimated and usage.tokens_in > 5


def test_a_streamed_reply_is_kept_with_its_counts(asker: Asker) -> None:
    events = 'data: {"choices":[]}\n\ndata: {"usage":{"prompt_tokens":9,"completion_tokens":4}}\n\ndata: [DONE]\n\n'
    asker.chat.answers = lambda _: (200, {"Content-Type": "text/event-stream"}, events)

    _, paid = asker.post(body())
    (again,), kept = asker.post(body())

    assert (paid.tokens_in, paid.tokens_out, paid.estimated) == (9, 4, False)
    assert again.text == events and again.headers["content-type"] == "text/event-stream" and kept.cached == 1


def test_a_reader_that_has_heard_enough_leaves_a_whole_reply_behind(asker: Asker) -> None:
    events = "".join(f'data: {{"n":{n}}}\n\n' for n in range(9000)) + "data: [DONE]\n\n"
    asker.chat.answers = lambda _: (200, {"Content-Type": "text/event-stream"}, events)

    async def first_part() -> None:
        with closing(Replies(asker.folder / "replies.db")) as replies:
            async with (
                httpx.AsyncClient(transport=KeptReplies(replies)) as client,
                client.stream("POST", f"{asker.chat.url}/chat/completions", json=body()) as response,
            ):
                async for part in response.aiter_bytes():
                    assert len(part) < len(events)
                    break

    asyncio.run(first_part())
    (again,), kept = asker.post(body())
    assert again.text == events and kept.cached == 1


def test_a_reply_that_breaks_off_is_not_kept(asker: Asker) -> None:
    asker.chat.answers = lambda _: (200, {"X-Cut": "yes"}, completion("à moitié"))
    with pytest.raises(httpx.RemoteProtocolError):
        asker.post(body())

    asker.chat.answers = lambda _: (200, {}, completion("entier"))
    (response,), usage = asker.post(body())
    assert "entier" in response.text and usage.calls == 1


def test_a_client_that_leaves_a_reply_unread_leaves_nothing_open(asker: Asker) -> None:
    """As a library does that drops a generator: only its client is closed."""

    async def dropped() -> None:
        with closing(Replies(asker.folder / "replies.db")) as replies:
            client = httpx.AsyncClient(transport=KeptReplies(replies).view())
            request = client.build_request("POST", f"{asker.chat.url}/chat/completions", json=body())
            await client.send(request, stream=True)
            await client.aclose()

    asyncio.run(dropped())
    _, kept = asker.post(body())
    assert kept.cached == 1
