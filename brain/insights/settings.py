"""The settings `[insights]` and `[review]`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class InsightSettings(BaseModel):
    """How questions are grouped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alike: float = Field(
        0, ge=0, le=1, description="least likeness of a question to its group; 0: what suits the encoder"
    )


class ReviewSettings(BaseModel):
    """Where drafts of acceptance cases wait, and where they go once accepted; relative to the working folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drafts: Path = Path("drafts.jsonl")
    cases: Path = Path("cases.jsonl")
