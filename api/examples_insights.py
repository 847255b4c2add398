"""What the OpenAPI document shows of insights and drafts: customers who ask a help centre in vain whether it engraves."""

from typing import Any

from api.examples import ANSWER_ID, DOCUMENT

GROUP_ID = "5f0c2a6be1d74c3f9a0e8d7b6c5a4f3e"
NOTE_ID = "8e2d4c6b0a1f4e3d9c7b5a3f1e0d2c4b"
DRAFT_ID = "production-1f2e3d4c"
QUESTION = "Peut-on faire graver un bijou ?"
ARTICLE_ID = "gravure.md"
MOMENT = "2026-11-27T09:12:00Z"
LEFT = {"traces": 0, "questions": 0, "done": True}
_DAY = {
    "answers": 42,
    "answered": 35,
    "refused": 7,
    "disliked": 1,
    "first_p50": 310.0,
    "first_p95": 720.0,
    "total_p50": 540.0,
    "total_p95": 1290.0,
    "tokens_in": 61200,
    "tokens_out": 4900,
    "cost": 0.02,
}
SUMMARY = {
    "start": "2026-10-29",
    "end": "2026-11-28",
    "languages": ["fr"],
    "audiences": ["public", "agent"],
    "left": LEFT,
    "whole": _DAY,
    "days": [_DAY | {"day": "2026-11-27"}],
}
EXAMPLE = {
    "question": QUESTION,
    "count": 3,
    "answer_id": ANSWER_ID,
    "at": MOMENT,
    "status": "refused",
    "reason": "no_evidence",
    "disliked": False,
    "audience": "public",
    "language": "fr",
}
NOTE = {"id": NOTE_ID, "kind": "article", "at": MOMENT, "by": "key:3f9a0c1b22de", "document_id": ARTICLE_ID}
GROUP: dict[str, Any] = {
    "id": GROUP_ID,
    "label": QUESTION,
    "count": 3,
    "refused": 3,
    "disliked": 0,
    "reasons": {"no_evidence": 3},
    "languages": {"fr": 3},
    "trend": [0, 1, 0, 2],
    "first_at": "2026-11-09T15:30:00Z",
    "last_at": MOMENT,
    "examples": [EXAMPLE],
    "nearest": DOCUMENT | {"questions": 2, "closeness": 0.11},
    "notes": [NOTE],
    "after": {"since": MOMENT, "asked": 2, "answered": 2, "refused": 0},
}
GROUPS = {"step_days": 8, "total": 1, "left": LEFT, "groups": [GROUP]}
AGAIN = {
    "at": "2026-11-28T21:00:00Z",
    "turned": 1,
    "questions": [
        {
            "question": QUESTION,
            "audience": "public",
            "before": "refused",
            "before_reason": "no_evidence",
            "after": "answered",
            "text": "Nous gravons les bagues et les médaillons.",
            "documents": [ARTICLE_ID],
        }
    ],
}
_ARTICLE = DOCUMENT | {"language": "fr", "updated_at": "2026-03-18"}
ARTICLES = {
    "used": [_ARTICLE | {"answers": 12, "disliked": 1, "last_at": MOMENT}],
    "unused": [_ARTICLE | {"document_id": "carte-cadeau.md", "title": "Carte cadeau", "answers": 0, "disliked": 0}],
    "total_used": 1,
    "total_unused": 1,
}
STALE = {
    "answers": [
        {
            "answer_id": ANSWER_ID,
            "answered_at": MOMENT,
            "question": "Combien de temps pour un remboursement ?",
            **DOCUMENT,
            "standing": "changed",
            "lost": ["Nous vous remboursons sous 14 jours."],
        }
    ]
}
DRAFTED = {"draft_id": DRAFT_ID, "new": True, "waiting": True}
DRAFTS = {
    "total": 1,
    "drafts": [
        {
            "id": DRAFT_ID,
            "case": {"id": DRAFT_ID, "question": QUESTION, "language": "fr", "status": "refused"},
            "source": "production",
            "detail": "refused: no_evidence",
            "seen": 3,
            "answer": {
                "id": ANSWER_ID,
                "answered_at": MOMENT,
                "status": "refused",
                "reason": "no_evidence",
                "text": "",
                "message": "Je n'ai rien trouvé là-dessus.",
                "quotes": [],
                "nearest": [DOCUMENT | {"quote": ""}],
            },
        }
    ],
}
DECISION = {"status": "answered", "documents": [ARTICLE_ID], "must_include": ["bagues"]}
