"""Sentences that tell an assistant what to do, in French and English.

They speak of its instructions, of what it is, of its reply, or address it by name. A page that tells its readers what to do
("remplissez le formulaire", "ignore this step") does none of these. Plain requests ("write a poem") can't be told from a page's
own words, and are not looked for.
"""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

LANGUAGES = ("en", "fr")
_GAP = r"[^.!?\n]{0,40}?"
_START = r"(?:^|[\n.!?:>*#\"'«“-] ?)"
_FOLDED = str.maketrans("àâäçéèêëîïôöùûüÿ’", "aaaceeeeiioouuuy'")
_SHORT_NAMES = re.compile(r"(?<![^\W_])(?:ais?|ia|i\.a\.)(?![^\W_])")
_BEFORE, _AFTER = 160, 220
"""Characters around a telling word in which the expressions are tried: tried everywhere, they take longer than parsing."""
_MARKUP = re.compile(
    r"<\|(?:im_start|im_end|system|user|assistant|end(?:oftext|_of_text)?|start_header_id|eot_id)\|>|\[/?INST\]|<</?SYS>>"
    r"|</?passage\b[^<>\n]{0,80}\bkey\s*=|\[\[NO_ANSWER\]\]|<start_of_turn>|<\|?begin_of_text\|?>"
    r"|^#{1,4} ?(?:system|instruction|assistant) ?:|^(?:human|assistant|system) ?:[^\n]{0,500}\n+(?:human|assistant|user) ?:",
    re.IGNORECASE | re.MULTILINE,
)


def addressed_to_assistants(text: str) -> str:
    """The first such sentence, from where it begins; "" where there is none."""
    text = unicodedata.normalize("NFKC", text)
    lowered = text.lower()
    plain = (lowered if len(lowered) == len(text) else text).translate(_FOLDED)
    told, near = _patterns()
    end = 0
    for at in _places(plain, near):
        if at < end - _BEFORE:
            continue  # well inside what was looked at
        start, end = max(0, at - _BEFORE), at + _AFTER
        if match := told.search(plain, start, end):
            return _sentence(text, match)
    return ""


def prompt_markup(text: str) -> str:
    """What prompts are marked up with, chat templates' and our own; "" where there is none."""
    match = _MARKUP.search(text)
    return _sentence(text, match) if match else ""


def _places(plain: str, near: tuple[str, ...]) -> list[int]:
    places = [match.start() for match in _SHORT_NAMES.finditer(plain)]
    for word in near:
        at = plain.find(word)
        while at >= 0:
            places.append(at)
            at = plain.find(word, at + 1)
    return sorted(places)


def _sentence(text: str, match: re.Match[str]) -> str:
    end = min((at for mark in ".!?\n" if (at := text.find(mark, match.end())) >= 0), default=len(text))
    return text[match.start() : end + 1].strip(" \n.!?:>*#-")


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The expressions of all languages as one, and the words near which they are tried."""
    expressions: list[str] = []
    near: list[str] = []
    for language in LANGUAGES:
        names = {"gap": _GAP, "start": _START}
        for line in (files("brain.text") / "told" / f"{language}.txt").read_text("utf-8").splitlines():
            if line.startswith("@near "):
                near += [word for word in line.removeprefix("@near ").split("; ") if word]
            elif match := re.match(r"@(assistant|no verb) (.*)", line):
                names[match[1]] = match[2]
            elif line and not line.startswith("#"):
                expressions.append(re.sub(r"<(gap|start|assistant|no verb)>", lambda m: names[m[1]], line))  # noqa: B023  used at once
    return re.compile("|".join(f"(?:{expression})" for expression in expressions), re.IGNORECASE), tuple(
        dict.fromkeys(near)
    )
