"""`POST /v1/webhooks/{name}`: a CMS tells what it published or took back, in messages that it signs (Standard Webhooks)."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.access import GateDep
from api.errors import CHANGING, ForbiddenError
from api.examples import shown_as
from api.examples_changing import DELETE, ID, MESSAGE_ID, SENT_AT, SIGNATURE, UPSERT, WEBHOOK
from api.gate import Gate
from api.imports import ImportRow
from api.opening import BrainDep, KnowledgeDep
from api.problems import problems
from brain.errors import DocumentError, KeyRefusedError
from brain.keys.secret import WEBHOOK_PREFIX
from brain.keys.webhooks import Message, Webhook
from brain.live import Change, Draft, Editor, Knowledge, clean_id
from brain.settings import Settings

router = APIRouter(tags=["documents"])


class Deleted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=500)


class UpsertEvent(BaseModel):
    """A document was published or changed. It is in the message itself: nothing is fetched."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as(UPSERT))

    type: Literal["document.upsert"]
    timestamp: str | None = Field(None, max_length=64, description="of the event; for people")
    data: ImportRow


class DeleteEvent(BaseModel):
    """A document was taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown_as(DELETE))

    type: Literal["document.delete"]
    timestamp: str | None = Field(None, max_length=64)
    data: Deleted


Event = Annotated[UpsertEvent | DeleteEvent, Field(discriminator="type")]
_EVENT: TypeAdapter[UpsertEvent | DeleteEvent] = TypeAdapter(Event)


class WebhookResponse(BaseModel):
    """What came of the message."""

    model_config = ConfigDict(json_schema_extra=shown_as({"document_id": ID, "change": "updated"}))

    document_id: str
    change: Change | Literal["deleted", "repeated"] = Field(
        description="`repeated`: the message was acted on before, and nothing was done now"
    )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("UpsertEvent", "DeleteEvent")]
                },
                "examples": {"published": {"value": UPSERT}, "taken back": {"value": DELETE}},
            }
        },
    }
}


@router.post(
    "/v1/webhooks/{name}",
    summary="Receive what a CMS published",
    responses=problems(CHANGING, 400, 413, 422),
    openapi_extra=_BODY,
)
async def receive_webhook(
    request: Request,
    name: Annotated[str, Path(max_length=100, examples=[WEBHOOK])],
    brain: BrainDep,
    knowledge: KnowledgeDep,
    gate: GateDep,
    webhook_id: Annotated[str, Header(max_length=2000, examples=[MESSAGE_ID])] = "",
    webhook_timestamp: Annotated[str, Header(max_length=2000, examples=[SENT_AT])] = "",
    webhook_signature: Annotated[str, Header(max_length=2000, examples=[SIGNATURE])] = "",
) -> WebhookResponse:
    """Put or delete the document that the message holds. No key: the message is signed with the webhook's secret.

    The signature is HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, as `v1,BASE64` (Standard Webhooks). A message that is
    too old (`live.webhook_tolerance_s`) is refused; one that was acted on is not acted on again.
    """
    message = Message(webhook_id, webhook_timestamp, webhook_signature, await request.body())
    hook = await _admitted(request, name, message, gate, brain.settings)
    return await asyncio.to_thread(_acted_on, hook, message, gate, brain.settings, knowledge)


async def _admitted(request: Request, name: str, message: Message, gate: Gate, settings: Settings) -> Webhook:
    tolerance = timedelta(seconds=settings.live.webhook_tolerance_s)
    try:
        hook = await asyncio.to_thread(gate.known.webhooks.check, name, message, tolerance)
    except KeyRefusedError:
        await gate.take_address(request)
        raise
    if hook.audience not in settings.access.readers:
        raise ForbiddenError(f"'{hook.audience}' is not a reader any more.", "See access.readers in the settings.")
    await gate.take_sender(WEBHOOK_PREFIX + hook.name)
    return hook


def _acted_on(hook: Webhook, message: Message, gate: Gate, settings: Settings, knowledge: Knowledge) -> WebhookResponse:
    event, webhooks = _event(message.body), gate.known.webhooks
    id = clean_id(event.data.id)
    if not id:
        raise DocumentError("Nothing of this id can be seen.", "Give it letters or digits.")
    if webhooks.is_known(hook.name, message):
        return WebhookResponse(document_id=id, change="repeated")
    editor = Editor(hook.tenant, settings.access.readers[hook.audience], f"webhook:{hook.name}")
    change: Change | Literal["deleted"] = "deleted"
    if isinstance(event, UpsertEvent):
        change = knowledge.put(editor, id, Draft(**event.data.model_dump(exclude={"id"}))).change
    else:
        knowledge.delete(editor, id)  # one that isn't there is gone already
    # Only now: were this process killed before, the sender would send it again, and nothing is lost by doing it twice.
    webhooks.remember(hook.name, message, timedelta(seconds=settings.live.webhook_tolerance_s))
    return WebhookResponse(document_id=id, change=change)


def _event(body: bytes) -> UpsertEvent | DeleteEvent:
    try:
        return _EVENT.validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(
            [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors()]
        ) from None
