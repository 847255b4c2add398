"""The settings `[insights]` and `[review]`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class InsightSettings(BaseModel):
    """How questions are grouped, and how long what is noted about a group is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alike: float = Field(
        0, ge=0, le=1, description="least likeness of a question to its group; 0: what suits the encoder"
    )
    keep_days: int = Field(365, ge=0, description="older notes are deleted; 0: none is")


class ReviewSettings(BaseModel):
    """Where drafts of acceptance cases wait, and where they go once accepted; relative to the working folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drafts: Path = Path("drafts.jsonl")
    cases: Path = Path("cases.jsonl")
