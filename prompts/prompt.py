"""A prompt: two texts with `{{variables}}`, and what identifies it."""

import re
from dataclasses import dataclass

from prompts.errors import PromptError

_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a model is given."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of a prompt in one language. `content_hash` is the SHA-256 (hex) of its file, line ends as LF."""

    name: str
    version: int
    language: str
    description: str
    inputs: tuple[str, ...]
    system: str
    user: str
    content_hash: str
    temperature: float | None = None
    """What the prompt was written for, where it says; wins over the settings, as does `max_tokens`."""
    max_tokens: int | None = None

    @property
    def filename(self) -> str:
        return f"{self.name}.{self.language}.v{self.version}.md"

    def render(self, **inputs: str | int) -> Rendered:
        """The two texts with every input put in. Raises PromptError where inputs are missing or not declared."""
        if problem := difference(set(self.inputs), set(inputs)):
            raise PromptError(f"{self.filename} is rendered with wrong inputs: {problem}.")
        return Rendered(_fill(self.system, inputs), _fill(self.user, inputs))

    def reference(self) -> dict[str, str]:
        """What a trace keeps of it: name, version, language and hash."""
        return {
            "name": self.name,
            "version": str(self.version),
            "language": self.language,
            "hash": self.content_hash,
        }


def variables(text: str) -> set[str]:
    """The names that a text has in double braces. Raises PromptError where braces hold no name."""
    if stray := re.search(r"\{\{[^}]*\}{0,2}|\}\}", _VARIABLE.sub("", text)):
        raise PromptError(f"'{stray[0]}' is not a variable", "Write {{name}}, in small letters.")
    return set(_VARIABLE.findall(text))


def difference(declared: set[str], given: set[str]) -> str:
    """In words, or empty where there is none."""
    parts = {"missing": declared - given, "not declared": given - declared}
    return "; ".join(f"{what}: {', '.join(sorted(names))}" for what, names in parts.items() if names)


def _fill(text: str, inputs: dict[str, str | int]) -> str:
    # One pass: what an input holds is data, even where it looks like a variable.
    return _VARIABLE.sub(lambda match: str(inputs[match[1]]), text)
