"""Every error that Brain raises on purpose.

BrainError                    what the user can mend; `str(error)` says what is wrong, `.hint` what to do
├── SettingsError             an unknown key or a wrong value in brain.toml, BRAIN_… or a flag
├── StoreError               the index
│   ├── IndexMissingError     nothing has been ingested here yet
│   ├── IndexLockedError      another process owns the folder
│   ├── IndexMismatchError    built with another encoder, splitter or analyzer
│   ├── IndexRefusedError     a new index finds less than the one it would replace
│   ├── BackupError           a backup is damaged, or would overwrite something
│   ├── TraceError            there is no trace of that answer
│   └── StateVersionError     the state's database is of a newer Brain
├── EncoderError              the encoder can't be loaded or did not answer
├── RerankError               the reranker can't be loaded or did not answer
├── ModelError                the language model can't be reached, or failed
├── PromptError               a prompt file is malformed, missing or rendered with wrong inputs
├── SourceError               a source can't be read at all
│   └── DocumentError         one file of it can't be parsed; the run goes on
├── AccessError               there is no such key, or it can't be made so
│   └── KeyRefusedError       a key or token that was presented isn't valid
├── RepeatedError             an idempotency key came with something else before
├── ReviewError               a draft that is to be decided about does not wait
├── CaseError                 an evaluation case is malformed; names file, line and field
└── EvaluationError           an experiment, a run or a release is not what it should be
"""


class BrainError(Exception):
    """Base of all. `hint` is one imperative sentence, or empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsError(BrainError): ...


class StoreError(BrainError): ...


class IndexMissingError(StoreError): ...


class IndexLockedError(StoreError): ...


class IndexMismatchError(StoreError): ...


class IndexRefusedError(StoreError): ...


class BackupError(StoreError): ...


class TraceError(StoreError): ...


class StateVersionError(StoreError): ...


class EncoderError(BrainError): ...


class RerankError(BrainError): ...


class ModelError(BrainError):
    """`kind` is a word to count by, such as `unreachable`, `timeout` or `status_429`."""

    def __init__(self, message: str, hint: str = "", kind: str = "failed") -> None:
        super().__init__(message, hint)
        self.kind = kind


class PromptError(BrainError): ...


class SourceError(BrainError): ...


class DocumentError(SourceError): ...


class AccessError(BrainError): ...


class KeyRefusedError(AccessError): ...


class RepeatedError(BrainError): ...


class ConflictError(BrainError):
    """The document's id belongs to another source, or to readers that this writer doesn't write for."""


class BusyError(BrainError):
    """Another process is changing what is known, for longer than a writer waits."""


class ReviewError(BrainError): ...


class CaseError(BrainError): ...


class EvaluationError(BrainError): ...
