"""Which language a text is in. py3langid (Lui & Baldwin, 2012): a 4 MB model in its wheel, 0.03 ms a question."""

from functools import lru_cache
from typing import Any

SUPPORTED = ("fr", "en", "de", "es", "it", "nl", "pt")
PREFERRED = ("fr", "en")
UNKNOWN = "und"


@lru_cache(maxsize=256)
def detect(text: str, preferred: tuple[str, ...] = PREFERRED) -> str:
    """The ISO 639-1 code of the text's language, or `und` where it holds no letters.

    Two words say little ("carte grise" looks Spanish): up to three words are read in a `preferred` language, and so
    are longer ones unless the detector is sure of another.
    """
    words = [word for word in text.split() if any(character.isalpha() for character in word)]
    if not words:
        return UNKNOWN
    ranking: list[tuple[str, float]] = _detector().rank(text[:2000])
    best, probability = ranking[0]
    if best in preferred or (len(words) > 3 and probability >= 0.9):
        return best
    return next(language for language, _ in ranking if language in preferred)


@lru_cache(maxsize=1)
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(SUPPORTED))
    return identifier
