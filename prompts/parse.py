"""A prompt file: YAML front matter between `---` lines, then the parts `## system` and `## user`."""

import re
from hashlib import sha256
from typing import Any

import yaml

from prompts.errors import PromptError
from prompts.prompt import Prompt, difference, variables

FILE_NAME = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)\.(?P<language>[a-z]{2})\.v(?P<version>[1-9]\d*)\.md")
_FRONT_MATTER = re.compile(r"---\n(?P<front>.*?\n)---\n(?P<body>.*)", re.DOTALL)
_BODY = re.compile(r"\s*^## system\n(?P<system>.*?)^## user\n(?P<user>.*)", re.DOTALL | re.MULTILINE)
_PART = re.compile(r"^## (?:system|user)$", re.MULTILINE)
_TYPES: dict[str, type] = {"name": str, "version": int, "language": str, "description": str, "inputs": list}
_OPTIONAL: dict[str, tuple[type, ...]] = {"temperature": (int, float), "max_tokens": (int,)}


def parse(filename: str, content: bytes) -> Prompt:
    """The prompt that a file holds. Raises PromptError that names the file, and the line where YAML is malformed."""
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return _parse(filename, content.decode(), sha256(content).hexdigest())
    except PromptError as error:
        raise PromptError(f"{filename}: {error}.", error.hint) from error.__cause__
    except UnicodeDecodeError as error:
        raise PromptError(f"{filename} is not UTF-8.") from error


def _parse(filename: str, text: str, content_hash: str) -> Prompt:
    parts = _FRONT_MATTER.fullmatch(text)
    if not parts:
        raise PromptError("no front matter", "Begin the file with --- lines around YAML.")
    front = _front_matter(parts["front"])
    system, user = _split(parts["body"])
    prompt = Prompt(system=system, user=user, content_hash=content_hash, **front | {"inputs": tuple(front["inputs"])})
    if filename != prompt.filename:
        raise PromptError(
            f"the front matter says {prompt.filename}", "Make the file's name and its front matter agree."
        )
    if problem := difference(variables(system) | variables(user), set(prompt.inputs)):
        raise PromptError(f"declared inputs and used variables differ: {_declared(problem)}", "Correct `inputs`.")
    return prompt


def _declared(problem: str) -> str:
    """Says it from the front matter's side."""
    return problem.replace("not declared", "declared but not used").replace("missing", "used but not declared")


def _front_matter(text: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        # The mark counts from 0, and the front matter begins on the file's second line.
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise PromptError(f"line {line}: malformed YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise PromptError(f"malformed YAML: {error}") from error
    if not isinstance(front, dict):
        raise PromptError("the front matter holds no keys")
    if problem := difference(set(_TYPES), {str(key) for key in front} - set(_OPTIONAL)):
        raise PromptError(
            f"front matter: {problem}", f"The keys are {', '.join(_TYPES)}; and, if wanted, {', '.join(_OPTIONAL)}."
        )
    wrong = [key for key, kind in _TYPES.items() if type(front[key]) is not kind]
    wrong += [key for key, kinds in _OPTIONAL.items() if key in front and type(front[key]) not in kinds]
    if wrong or not all(isinstance(name, str) for name in front["inputs"]):
        raise PromptError(f"front matter: wrong type of {', '.join(wrong or ['inputs'])}")
    return front


def _split(body: str) -> tuple[str, str]:
    parts = _BODY.fullmatch(body)
    if not parts or len(_PART.findall(body)) != 2:
        raise PromptError("the body must be '## system' and '## user', each once, in this order")
    return parts["system"].strip(), parts["user"].strip()
