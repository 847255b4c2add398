"""What every question may say. Not who asks: fields that aren't listed are refused."""

from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.caller import Caller
from api.examples import QUESTION
from brain import types
from brain.days import IsoDay

TAGS = (
    "only documents that have all of them; a tag key:value is a facet: documents of that value and those without that key, "
    "any of several values of one key"
)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Narrowing(BaseModel):
    """What restricts where an answer may come from."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = Field(None, description="of the question, ISO 639; detected where absent")
    tags: list[Tag] = Field([], max_length=20, description=TAGS)
    document_languages: list[Language] = Field([], max_length=20, description="only documents in one of them")
    as_of: IsoDay | None = Field(None, description="the day on which the answer must be valid; today where absent")

    def asking(self, text: str, who: Caller, turns: tuple[types.Turn, ...] = ()) -> types.Question:
        """The question with this text, of this caller."""
        return types.Question(
            text=text,
            language=self.language,
            turns=turns,
            tenant=who.tenant,
            audience=who.audience,
            tags=tuple(self.tags),
            document_languages=tuple(self.document_languages),
            as_of=self.as_of,
        )


class Asked(Narrowing):
    """A question, and what restricts where its answer may come from."""

    # The example is what /docs sends: one made of all fields would ask for a tag that no document has.
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"question": QUESTION}]})

    question: Text

    def question_of(self, who: Caller, most_characters: int, turns: tuple[types.Turn, ...] = ()) -> types.Question:
        """Raises RequestValidationError where the question is longer than the settings allow."""
        return self.asking(not_longer(self.question, most_characters, "question"), who, turns)


def not_longer(text: str, most_characters: int, field: str) -> str:
    """The text. Raises RequestValidationError that names the field where it is longer."""
    if len(text) > most_characters:
        message = f"String should have at most {most_characters} characters"
        raise RequestValidationError([{"loc": ("body", field), "msg": message, "type": "string_too_long"}])
    return text
