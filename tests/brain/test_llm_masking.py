"""Personal data does not leave for a model, and what it writes has the values again."""

from collections.abc import AsyncGenerator

import pytest

from brain.answerers.llm_client import Call, ChatClient
from brain.answerers.llm_masking import MaskingClient, inside, masks
from brain.settings import LLMSettings
from prompts import Rendered


class Endpoint(ChatClient):
    """Keeps what it is sent, answers in pieces of `size`."""

    def __init__(self, reply: str, size: int) -> None:
        self.reply, self.size = reply, size
        self.sent = Rendered("", "")

    async def stream(self, prompt: Rendered, call: Call, how: LLMSettings | None = None) -> AsyncGenerator[str, None]:
        self.sent = prompt
        for at in range(0, len(self.reply), self.size):
            yield self.reply[at : at + self.size]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
async def test_values_go_as_placeholders_and_come_back(size: int) -> None:
    endpoint = Endpoint("Appelez le [TEL_1] ou TEL_2 [1]. Écrivez à [E-MAIL_1] [2].", size)
    user = "Passage : 01 53 73 22 22, info@exemple.fr. Question : rappelez-moi au 06 12 34 56 78, pas au 01.53.73.22.22"

    said = "".join([piece async for piece in MaskingClient(endpoint).stream(Rendered("système", user), Call())])

    assert endpoint.sent.user == "Passage : [TEL_1], [E-MAIL_1]. Question : rappelez-moi au [TEL_2], pas au [TEL_1]"
    assert said == "Appelez le 01 53 73 22 22 ou 06 12 34 56 78 [1]. Écrivez à info@exemple.fr [2]."


@pytest.mark.parametrize("size", [1, 4, 50])
async def test_everything_else_comes_through_unchanged(size: int) -> None:
    reply = "[1] A-B [TEL_9] TEL [ [[NO_ANSWER]] UN-DEUX_3 ["
    said = "".join(
        [piece async for piece in MaskingClient(Endpoint(reply, size)).stream(Rendered("", "06 12 34 56 78"), Call())]
    )

    assert said == reply


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://llm:8000/v1", True),
        ("http://gpu.maison.lan/v1", True),
        ("https://api.mistral.ai/v1", False),
        ("https://8.8.8.8/v1", False),
        ("http://localhost.mal.example/v1", False),
        ("http://[/v1", False),
    ],
)
def test_what_leaves_the_house_is_masked_by_default(url: str, private: bool) -> None:
    assert inside(url) is private
    assert masks(LLMSettings(url=url, model="m")) is not private
    assert masks(LLMSettings(url=url, model="m", mask="always"))
    assert not masks(LLMSettings(url=url, model="m", mask="never"))


def test_a_model_in_this_process_is_not_masked_unless_told() -> None:
    assert not masks(LLMSettings(provider="local", file="m.gguf"))
    assert masks(LLMSettings(provider="local", file="m.gguf", mask="always"))
