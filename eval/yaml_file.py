"""YAML files with a pydantic model: errors name the file, the line and the field."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from brain.errors import EvaluationError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]


def read_yaml(path: Path, model: type[Model]) -> Model:
    """What the file holds. Raises EvaluationError, one line for each error."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except OSError as error:
        raise EvaluationError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise EvaluationError(f"{path}{line}: malformed YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(values, dict):
        raise EvaluationError(f"{path}:1: the file holds no keys")
    lines = dict(_lines(root, ()))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        described = [_described(dict(detail), model, lines) for detail in error.errors(include_url=False)]
        raise EvaluationError("\n".join(f"{path}:{line}" for line in described), "Correct these lines.") from error


def _lines(node: Any, place: Place) -> Any:
    """(place, line) of every key and list item."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, key.value)
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*place, number), value.start_mark.line + 1
            yield from _lines(value, (*place, number))


def _described(detail: dict[str, Any], model: type[BaseModel], lines: dict[Place, int]) -> str:
    place: Place = tuple(part for part in detail["loc"] if part != "[key]")
    line = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1)
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    message = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if detail["type"] == "extra_forbidden":
        known = list(_model_at(model, place[:-1]).model_fields)
        close = get_close_matches(str(place[-1]), known, n=1)
        message = f"unknown; {f'did you mean {close[0]}?' if close else 'known: ' + ', '.join(known)}"
    elif detail["type"] == "missing":
        message = "missing"
    return f"{line}: {field}: {message}" if field else f"{line}: {message}"


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel]:
    for part in place:
        kind: Any = model.model_fields[str(part)].annotation
        model = next(
            (each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, BaseModel)), model
        )
    return model
