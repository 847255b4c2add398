"""An answer as one text, for programs that show nothing else: a number behind each sentence, the documents as footnotes below.

And back: what the assistant said earlier, without them, for the conversation to be about what was said and not about titles.
"""

import re
from collections.abc import Mapping

from api.shown import AnswerResponse, Sentence, Source
from brain.messages import notice
from brain.types import gap, joined

_FOOTNOTES = re.compile(r"(?:\A|\n\n)\[\d+\] [^\n]*(?:\n\[\d+\] [^\n]*)*\s*\Z")
_MARKS = re.compile(r"(?: |\n\n)?(?:\[\d{1,3}\])+| \((?:not verified|non vérifié)\)")


def sentence_text(sentence: Sentence, language: str) -> str:
    """The sentence with its numbers, marked where its passages don't bear it out."""
    numbers = dict.fromkeys(citation.number for citation in sentence.citations)
    marks = "".join(f"[{number}]" for number in numbers)
    doubt = "" if sentence.supported else notice("unverified", language)
    return gap(sentence.text, "").join(part for part in (sentence.text, f"{doubt} {marks}".strip()) if part)


def after_sentences(answer: AnswerResponse) -> str:
    """What follows them: what there is to say beside them, what may be chosen, where a person is, and the footnotes."""
    choices = "\n".join(f"- {option.label}" for choice in answer.choices for option in choice.options)
    parts = [answer.message or "", choices, answer.contact or "", "\n".join(map(_footnote, answer.sources))]
    return "\n\n".join(part for part in parts if part)


def whole_text(answer: AnswerResponse) -> str:
    said = joined([sentence_text(sentence, answer.language) for sentence in answer.sentences])
    return "\n\n".join(part for part in (said, after_sentences(answer)) if part)


def plain(text: str) -> str:
    """What was said, without numbers and footnotes."""
    return _MARKS.sub("", _FOOTNOTES.sub("", text)).strip()


def usage_of(model: Mapping[str, object] | None) -> dict[str, int]:
    """Tokens, as the model counted them; none where no model wrote."""
    counted = (model or {}).get("usage")
    counts: Mapping[str, int] = counted if isinstance(counted, Mapping) else {}
    read, written = counts.get("prompt_tokens", 0), counts.get("completion_tokens", 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _footnote(source: Source) -> str:
    return f"[{source.number}] {' '.join(source.title.split()) or source.document_id}" + (
        f", {source.url}" if source.url else ""
    )
