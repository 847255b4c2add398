"""Finding the prompts of this package, from a checkout or a wheel."""

from functools import lru_cache
from importlib.resources import files

from prompts.errors import PromptError
from prompts.parse import FILE_NAME, parse
from prompts.prompt import Prompt

FALLBACK = "en"


@lru_cache
def load_prompt(name: str, language: str, version: int | None = None) -> Prompt:
    """The named prompt, its highest version where none is given, in English where there is none in the language.

    Raises PromptError where there is no such prompt or its file is malformed.
    """
    found = [key for key in _keys() if key[0] == name]
    in_language = [key for key in found if key[1] == language] or [key for key in found if key[1] == FALLBACK]
    versions = [key[2] for key in in_language if version in (None, key[2])]
    if not versions:
        wanted = f"{name}.{language}" + (f".v{version}" if version else "")
        known = ", ".join(sorted({f"{key[0]}.{key[1]}.v{key[2]}" for key in _keys()}))
        raise PromptError(f"There is no prompt {wanted}.", f"Choose one of: {known}.")
    return _read(name, in_language[0][1], max(versions))


def list_prompts() -> list[Prompt]:
    """All prompts, by name, language and version. Raises PromptError where a file is malformed."""
    return [_read(*key) for key in _keys()]


def _read(name: str, language: str, version: int) -> Prompt:
    filename = f"{name}.{language}.v{version}.md"
    return parse(filename, (files("prompts") / filename).read_bytes())


def _keys() -> list[tuple[str, str, int]]:
    """Name, language and version of each file, sorted."""
    names = [entry.name for entry in files("prompts").iterdir() if entry.name.endswith(".md")]
    matches = {name: FILE_NAME.fullmatch(name) for name in names}
    if wrong := sorted(name for name, match in matches.items() if not match):
        raise PromptError(f"{', '.join(wrong)}: not named as <name>.<language>.v<version>.md.", "Rename or move it.")
    return sorted((match["name"], match["language"], int(match["version"])) for match in matches.values() if match)
