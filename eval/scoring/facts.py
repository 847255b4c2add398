"""Does an answer state a fact, however it writes numbers and dates?"""

import re
import unicodedata

from brain.verify.matching import unmatched
from brain.verify.values import values_in

_SPACES = re.compile(r"\s+")
_APOSTROPHES = str.maketrans("’ʼ‘", "'''")


def states(text: str, fact: str, language: str) -> bool:
    """Whether the words of `fact` stand in `text`, or all its values (numbers with units, dates, amounts) in any notation.

    "1 200 €" is stated by "1.200,00 EUR", "14 jours" by "deux semaines". Letters' case, kinds of space and apostrophe don't count.
    """
    wanted, held = _plain(fact), _plain(text)
    # "16" is not in "2016", nor "5 €" in "15 €" or "1,5 €".
    if re.search(rf"(?<![\w]){'(?<![0-9][.,])' if wanted[:1].isdigit() else ''}{re.escape(wanted)}(?!\w)", held):
        return True
    values = [value for value in values_in(fact, language) if not value.weak]
    return bool(values) and not unmatched(values, values_in(text, language))


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    return _SPACES.sub(" ", text).strip().casefold()
