"""What OpenAI's API sends and expects, as far as Brain speaks it."""

from typing import Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.asked import Narrowing, not_longer
from api.chat_text import plain
from api.examples import CHAT, shown_as
from api.shown import AnswerResponse
from brain.conversation import MOST_TURNS
from brain.types import Turn

MODEL = "brain"
MOST_MESSAGES = 500
_MODEL = {"id": MODEL, "object": "model", "created": 0, "owned_by": "brain"}


class Part(BaseModel):
    """Of a message; parts that aren't text are not read."""

    type: str
    text: str = ""


class Message(BaseModel):
    """Those of the user and the assistant are read; Brain takes no instructions from others."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        parts = [part.text for part in self.content if part.type == "text"] if isinstance(self.content, list) else []
        return (self.content if isinstance(self.content, str) else "\n".join(parts)).strip()


class StreamOptions(BaseModel):
    include_usage: StrictBool = False


class ChatRequest(BaseModel):
    """As OpenAI's; what Brain decides itself (temperature, tools, max_tokens …) is accepted and not read."""

    model_config = ConfigDict(
        json_schema_extra=shown_as({"model": MODEL, "messages": [{"role": "user", "content": "Où est mon colis ?"}]})
    )

    model: Literal["brain"] = "brain"
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: StrictBool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = 1
    brain: Narrowing = Field(Narrowing(), description="what restricts where the answer may come from")

    def conversation(self, most_characters: int) -> tuple[str, tuple[Turn, ...]]:
        """The last user message, and the last turns before it. Raises RequestValidationError where there is none to answer."""
        said = [m for m in self.messages if m.role in {"user", "assistant"} and m.text]
        if not said or said[-1].role != "user":
            problem = {"loc": ("body", "messages"), "msg": "The last message must be the user's", "type": "value_error"}
            raise RequestValidationError([problem])
        turns = [Turn("user", m.text) if m.role == "user" else Turn("assistant", plain(m.text)) for m in said[:-1]]
        kept = (Turn(turn.role, turn.text[:most_characters]) for turn in turns[-MOST_TURNS:] if turn.text)
        return not_longer(said[-1].text, most_characters, "messages"), tuple(kept)


class ChatMessage(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str = Field(description="sentences with the numbers of their sources, which stand below as footnotes")


class ChatChoice(BaseModel):
    index: int = 0
    message: ChatMessage
    finish_reason: Literal["stop"] = "stop"


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatResponse(BaseModel):
    """As OpenAI's, and the whole answer with its citations as `brain`."""

    model_config = ConfigDict(json_schema_extra=shown_as(CHAT))

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[ChatChoice]
    usage: Usage
    brain: AnswerResponse


class Model(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown_as(_MODEL))

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "brain"


class Models(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown_as({"object": "list", "data": [_MODEL]}))

    object: Literal["list"] = "list"
    data: list[Model]
