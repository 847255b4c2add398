"""Documents are data; some hold what is meant for an assistant instead of a reader. Here that is noticed, not judged.

What is hidden never gets into a passage (`ingest/parse`); what is in plain sight does, unless `ingest.flagged` is `skip`. A flag
is a hint to a person. What keeps an answer safe is the prompt's fence and the check of every sentence, not this.
"""

from brain.text.instructions import addressed_to_assistants, prompt_markup
from brain.types import Document, Flag
from ingest.scan.characters import smuggled
from ingest.scan.concealed import concealed_text
from ingest.scan.links import active_links, encoded_text

__all__ = ["scan"]

LONGEST = 200
LEAST_HIDDEN = 80
"""Characters of hidden text: less is a label, a counter, an icon's name."""


def scan(document: Document, raw: str) -> tuple[Flag, ...]:
    """What is noticed about a document, at most one flag of a kind. `raw`: as it stands in its source, "" where that is no text."""
    seen = f"{document.title}\n\n{document.body}"
    hidden = concealed_text(raw)
    unseen = "\n".join((*hidden.texts, *hidden.comments))
    found = {
        "instructions": addressed_to_assistants(seen),
        "hidden_instructions": addressed_to_assistants(unseen),
        "prompt_markup": prompt_markup(f"{seen}\n{unseen}"),
        "hidden_text": next((text for text in hidden.texts if len(text) >= LEAST_HIDDEN), ""),
        "invisible_characters": smuggled(raw),
        "active_link": active_links(raw),
        "encoded_text": encoded_text(raw or seen),
    }
    return tuple(Flag(kind, " ".join(words.split())[:LONGEST]) for kind, words in found.items() if words)
