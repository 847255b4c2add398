"""Which error is which status, type and title: two tables."""

from typing import NamedTuple

from brain.errors import (
    BrainError,
    BusyError,
    CaseError,
    ConflictError,
    DocumentError,
    EncoderError,
    EvaluationError,
    IndexLockedError,
    IndexMismatchError,
    IndexMissingError,
    KeyRefusedError,
    ModelError,
    RepeatedError,
    ReviewError,
    SettingsError,
    StoreError,
)

MOST_BYTES = 64 * 1024
"""Of a request's body."""
MOST_CHAT_BYTES = 512 * 1024
"""Of a chat's, which holds the whole conversation."""


class NotReadyError(BrainError):
    """Brain isn't open yet, or can't be opened."""


class KeyMissingError(BrainError):
    """The request names no key, and needs one."""


class ForbiddenError(BrainError):
    """The key is valid, but not for this."""


class LimitError(BrainError):
    """Too many requests; `wait` says for how many seconds, `of` whose limit it is (`key`, `address`, `visitor`, `site`)."""

    def __init__(self, wait: int = 1, of: str = "") -> None:
        super().__init__("Too many requests.", f"Ask again in {wait} s.")
        self.wait, self.of = wait, of


class Kind(NamedTuple):
    """What all problems of one type share."""

    status: int
    slug: str
    title: str

    @property
    def uri(self) -> str:
        return f"urn:problem:brain:{self.slug}"


ERRORS: dict[type[BrainError], Kind] = {
    KeyMissingError: Kind(401, "key-missing", "A key is needed."),
    KeyRefusedError: Kind(401, "key-refused", "The key is not valid."),
    ForbiddenError: Kind(403, "forbidden", "This is not allowed."),
    LimitError: Kind(429, "too-many-requests", "Too many requests."),
    NotReadyError: Kind(503, "not-ready", "The service isn't ready."),
    IndexMissingError: Kind(503, "index-missing", "Nothing has been ingested yet."),
    IndexLockedError: Kind(503, "index-locked", "Another process has the index open."),
    IndexMismatchError: Kind(503, "index-mismatch", "The index was built with other settings."),
    StoreError: Kind(503, "store-failed", "The index or the state database failed."),
    EncoderError: Kind(503, "encoder-failed", "The encoder failed."),
    ModelError: Kind(502, "model-failed", "The language model failed."),
    SettingsError: Kind(500, "wrong-settings", "The service's settings are wrong."),
    BrainError: Kind(500, "failed", "The service failed."),
}

WRITING: dict[type[BrainError], Kind] = {
    **ERRORS,
    RepeatedError: Kind(409, "repeated", "The idempotency key was used for something else."),
}
"""Of routes that write."""

CHANGING: dict[type[BrainError], Kind] = {
    **WRITING,
    DocumentError: Kind(422, "document-refused", "The document can't be used."),
    ConflictError: Kind(409, "conflict", "The document is not this key's to change."),
    BusyError: Kind(503, "busy", "Documents can't be changed just now."),
}
"""Of routes that change documents."""

REVIEWING: dict[type[BrainError], Kind] = {
    **WRITING,
    ReviewError: Kind(409, "not-waiting", "The draft does not wait."),
    CaseError: Kind(422, "wrong-case", "The case is not one."),
    EvaluationError: Kind(500, "unreadable-cases", "The cases or drafts can't be read."),
}
"""Of routes that make cases."""
KINDS = CHANGING | REVIEWING

INTERNAL = Kind(500, "internal", "The service failed unexpectedly.")
HTTP: dict[int, tuple[Kind, str]] = {
    400: (Kind(400, "unreadable", "The body can't be read."), "A body must be JSON in UTF-8."),
    404: (Kind(404, "not-found", "Not found."), "There is nothing at this address; /docs lists what there is."),
    405: (Kind(405, "method-not-allowed", "Wrong method."), "The header Allow names the methods of this address."),
    413: (
        Kind(413, "too-large", "The request is too large."),
        f"A request's body may have at most {MOST_BYTES} bytes, a chat's {MOST_CHAT_BYTES}; a document and an import what "
        "live.max_document_mb and live.max_import_mb say.",
    ),
    422: (Kind(422, "invalid", "The request is invalid."), "The body doesn't have the documented form; see errors."),
}
"""With the detail, which is always the same."""


def kind_of(error: BrainError) -> Kind:
    """The row of the nearest class."""
    return next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)
