"""What the OpenAPI document shows of documents that programs change: the help centre's article on refunds."""

from typing import Any

from api.examples import DOCUMENT, TEXT

ID = "aide/remboursement"
_DRAFT: dict[str, Any] = {
    "title": DOCUMENT["title"],
    "body": TEXT,
    "url": DOCUMENT["url"],
    "language": "fr",
    "audience": ["public"],
    "tags": ["retours"],
    "updated_at": "2026-03-18",
}
ROW = {"id": ID, **_DRAFT}
PUT = {"document_id": ID, "change": "created", "passages": 1, "language": "fr", "flags": {}}
ITEM: dict[str, Any] = {
    **{name: value for name, value in _DRAFT.items() if name != "body"},
    "document_id": ID,
    "source": "api",
    "content_hash": "2c1f6a0b9d4e8c7a5b3f1e0d2c4a6b8f9e7d5c3b1a0f2e4d6c8b9a7f5e3d1c0b",
    "passages": 1,
}
JOB_ID = "3c9e1f7a5b0d4e2c8a6f9b1d7e5c3a20"
JOB: dict[str, Any] = {
    "id": JOB_ID,
    "state": "running",
    "created_at": "2026-11-28T21:00:00Z",
    "total": 1200,
    "done": 450,
    "failed": 1,
    "rate": 9.0,
    "seconds_left": 83.3,
    "failures": [{"row": 17, "reason": "body: Field required"}],
}
LISTED_JOB = JOB | {"failures": []}
UPSERT = {"type": "document.upsert", "timestamp": "2026-11-28T21:00:00Z", "data": ROW}
DELETE = {"type": "document.delete", "timestamp": "2026-11-28T21:00:00Z", "data": {"id": ID}}
WEBHOOK = "cms"
MESSAGE_ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
SENT_AT = "1795899600"
SIGNATURE = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
