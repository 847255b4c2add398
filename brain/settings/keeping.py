"""What is kept, and for how long; what programs may send."""

from pydantic import Field

from brain.settings.section import Section


class LiveSettings(Section):
    """Documents that programs send while a service runs."""

    max_document_mb: float = Field(2, gt=0, description="most of a request with one document")
    max_import_mb: float = Field(50, gt=0, description="most of a request with many")
    keep_days: int = Field(30, ge=0, description="imports that ended are forgotten; 0: never")
    webhook_tolerance_s: int = Field(300, ge=1, description="how old a webhook's message may be, in seconds")


class TracesSettings(Section):
    """What is kept of each answer, in the state's database and without personal data."""

    enabled: bool = True
    keep_days: int = Field(90, ge=0, description="older ones are deleted; 0: none is")


class FeedbackSettings(Section):
    """What people say of answers."""

    keep_days: int = Field(365, ge=0, description="older feedback is deleted; 0: none is")


class ConversationsSettings(Section):
    """What the service keeps of conversations that it was asked to keep."""

    keep_days: int = Field(90, ge=0, description="deleted so long after the last question; 0: none is")
    exchanges: int = Field(100, ge=1, le=1000, description="of one conversation; beyond, the first ones are deleted")


class AuditSettings(Section):
    """The record of administrative acts."""

    keep_days: int = Field(1095, ge=0, description="older entries are deleted; 0: none is")
