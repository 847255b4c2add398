"""What all sections of the settings are."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
