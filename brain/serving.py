"""One index with what asks it, kept open until its last question is answered."""

from collections.abc import Callable
from threading import Condition
from time import monotonic

from brain.encoder import BatchingEncoder
from brain.index import Index
from brain.rerank.step import Reranking
from brain.retrieve import Retriever
from brain.settings import EncoderSettings, Settings


class Serving:
    """`settings` are those that the index was built with; `name` is its name among the home's indexes."""

    def __init__(
        self,
        name: str,
        index: Index,
        questions: BatchingEncoder,
        settings: Settings,
        reranking: Reranking,
        gone: Callable[[str], tuple[str, ...]],
    ) -> None:
        self.name, self.index, self.questions, self.settings = name, index, questions, settings
        self.encoder_settings: EncoderSettings = settings.encoder
        self.retriever = Retriever(index, questions, settings, reranking, gone)
        self._asking, self._none_asking, self._begun = 0, Condition(), monotonic()

    def begin(self) -> "Serving":
        """A question is being answered, until `end` is called."""
        with self._none_asking:
            self._asking, self._begun = self._asking + 1, monotonic()
        return self

    def idle_s(self) -> float:
        """Seconds since the last question, or writer, began; 0 while one is being answered."""
        with self._none_asking:
            return 0.0 if self._asking else monotonic() - self._begun

    def end(self) -> None:
        with self._none_asking:
            self._asking -= 1
            self._none_asking.notify_all()

    def wait(self, seconds: float) -> bool:
        """Until no question is being answered; whether that came to pass."""
        with self._none_asking:
            return self._none_asking.wait_for(lambda: not self._asking, seconds)
