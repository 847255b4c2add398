"""YAML front-matter: the fields between two lines `---` that open a Markdown file."""

import re
from collections.abc import Mapping

from brain.errors import DocumentError

_BLOCK = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"---[ \t]*\n\s*[\w-]+:( |\n|\Z)")
LONGEST = 64 * 1024
_HINT = 'Write each field as `name: value`, and put a value that has a colon between "quotes".'


def split(text: str) -> tuple[Mapping[str, object], str]:
    """The front-matter's fields (none where there is no front-matter) and the rest.

    Every scalar stays a string as it was written. Raises `DocumentError` naming the line for malformed YAML.
    """
    text = text.lstrip("\n")
    match = _BLOCK.match(text)
    if match is None:
        if _OPENING.match(text):
            raise DocumentError("its front-matter is never closed", "Add a line --- after the last field.")
        return {}, text
    fields = _load(match[1])
    # "---", words, "---" is also how Markdown writes two rules: that is body.
    return (fields, text[match.end() :]) if isinstance(fields, dict) else ({}, text)


def _load(block: str) -> object:
    import yaml

    if len(block) > LONGEST:
        raise DocumentError("its front-matter is longer than 64 KiB", "Keep to the fields that describe the page.")
    try:
        # BaseLoader makes strings of all scalars: "no" stays Norwegian, 0123 an identifier, a date what was written.
        # Not its C twin, which crashes the process on deep nesting.
        loaded = yaml.load(block, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise DocumentError(f"its front-matter is not valid YAML at line {line}: {error.problem}", _HINT) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentError("its front-matter is not valid YAML", _HINT) from error
    if not isinstance(loaded, dict):
        return {} if loaded == "" else loaded
    return {str(key): None if value in ("", "null", "~") else value for key, value in loaded.items()}
