"""How long an answer is, how long it took, what it cost."""

import re

from eval.scoring.base import ScoreValue, Stored, unscored

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


def words_in(text: str) -> int:
    return len(_WORD.findall(text))


class Length:
    """Words and sentences."""

    metrics = ("words", "sentences")

    async def score(self, stored: Stored) -> list[ScoreValue]:
        if not stored.answered:
            return []
        words, sentences = words_in(stored.text), len(stored.answer["sentences"])
        return [ScoreValue("words", float(words)), ScoreValue("sentences", float(sentences))]


class Timing:
    """Milliseconds, tokens and dollars. A reply from the cache has no time of its own, so such an answer's is unscored."""

    metrics = ("latency_ms", "tokens", "usd")

    async def score(self, stored: Stored) -> list[ScoreValue]:
        usage = stored.record["usage"]
        time = unscored("latency_ms", "the reply came from the cache") if usage["cached"] else _time(stored)
        if not usage["calls"]:
            return [time]
        tokens = float(usage["tokens_in"] + usage["tokens_out"])
        return [time, ScoreValue("tokens", tokens), ScoreValue("usd", float(usage["usd"]))]


def _time(stored: Stored) -> ScoreValue:
    return ScoreValue("latency_ms", float(stored.record["ms"]))
