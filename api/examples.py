"""What the OpenAPI document shows of answers: one article of a help centre, asked and answered."""

from typing import Any

QUESTION = "Combien de temps pour un remboursement ?"
ANSWER_ID = "7d0c1f0e5a9b4c6e8f3a2b1c0d9e8f7a"
PASSAGE_ID = "b1946ac9-2c5e-5d0e-9a53-6f6a4f7b8a10"
DOCUMENT: dict[str, Any] = {
    "document_id": "remboursement.md",
    "title": "Quand serai-je remboursé ?",
    "url": "https://aide.example.com/remboursement",
}
TEXT = "Le délai court dès la réception du colis. Nous vous remboursons sous 14 jours."
QUOTE = "Nous vous remboursons sous 14 jours."
SPAN = [TEXT.index(QUOTE), TEXT.index(QUOTE) + len(QUOTE)]
SENTENCE: dict[str, Any] = {
    "text": QUOTE,
    "citations": [
        {
            "number": 1,
            "passage_id": PASSAGE_ID,
            "document_id": DOCUMENT["document_id"],
            "span": SPAN,
            "quote": QUOTE,
        }
    ],
    "supported": True,
    "problems": [],
    "cells": [],
}
_FACTS: dict[str, Any] = {"internal": False, "updated_at": "2026-03-18", "heading_path": ["Le délai"]}
PASSAGES = {
    "language": "fr",
    "passages": [{"id": PASSAGE_ID} | DOCUMENT | _FACTS | {"tags": ["retours"], "text": TEXT}],
}
CITED = DOCUMENT | _FACTS | {"number": 1}
SOURCE = CITED | {"newer": False}
_ENDED: dict[str, Any] = {
    "id": ANSWER_ID,
    "status": "answered",
    "reason": None,
    "message": None,
    "language": "fr",
}
STATUS = _ENDED | {"closest": [], "choices": [], "contact": None}
_SAID: dict[str, Any] = _ENDED | {"text": QUOTE, "sentences": [SENTENCE], "sources": [SOURCE]}
ANSWER = (
    STATUS
    | _SAID
    | {
        "quoted": [
            {"id": PASSAGE_ID, "document_id": DOCUMENT["document_id"], "heading_path": ["Le délai"], "text": TEXT},
        ],
    }
)
REFUSAL = ANSWER | {
    "status": "refused",
    "reason": "no_evidence",
    "message": "Je n'ai rien trouvé là-dessus.",
    "text": "",
    "sentences": [],
    "sources": [],
    "quoted": [],
    "closest": [DOCUMENT],
    "contact": "01 02 03 04 05",
}
KEPT = _SAID | {"answered_at": "2026-11-28T21:00:00Z", "question": QUESTION, "trace": None}
CONVERSATION_ID = "1b7e5d3c9a0f4e2d8c6b4a2f0e1d3c5b"
CONVERSATION = {
    "id": CONVERSATION_ID,
    "title": QUESTION,
    "created_at": "2026-11-28T20:58:00Z",
    "updated_at": "2026-11-28T21:00:00Z",
}
ERASED = {"id": "9d8c7b6a5f4e4d3c2b1a0f9e8d7c6b5a", "dry_run": False, "conversations": 1, "answers": 3, "feedback": 1}
FOUND: dict[str, Any] = {
    "language": "fr",
    "passages": [
        DOCUMENT
        | {
            "id": PASSAGE_ID,
            "text": TEXT,
            "span": [0, len(TEXT)],
            "scores": {"fused": 0.82, "dense": 0.87, "sparse": 11.4, "reranked": None},
            "heading_path": ["Le délai"],
            "language": "fr",
            "tags": ["retours"],
            "valid_from": None,
            "valid_until": None,
            "updated_at": "2026-03-18",
        }
    ],
    "degraded": [],
    "facets": [{"key": "pays", "values": [{"value": "fr", "count": 12}, {"value": "be", "count": 3}]}],
}
CHAT: dict[str, Any] = {
    "id": f"chatcmpl-{ANSWER_ID}",
    "object": "chat.completion",
    "created": 1795899600,
    "model": "brain",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": f"{QUOTE} [1]\n\n[1] {DOCUMENT['title']}, {DOCUMENT['url']}",
            },
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "brain": ANSWER,
}

CHUNK: dict[str, Any] = {
    **{name: CHAT[name] for name in ("id", "created", "model")},
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "delta": {"content": f"{QUOTE} [1]"}, "finish_reason": None}],
}


def shown_as(*examples: dict[str, Any]) -> dict[str, Any]:
    """For a model's `json_schema_extra`."""
    return {"examples": list(examples)}
