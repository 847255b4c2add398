"""What FastAPI leaves to be done to the OpenAPI document: errors have a media type of their own, and examples their nulls."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.problems import MEDIA_TYPE

Schema = dict[str, Any]


def complete(app: FastAPI, bodies: Iterable[type[BaseModel]], events: Iterable[type[BaseModel]]) -> None:
    """The document is made when somebody first asks for it (it takes a moment), and kept by the app.

    `bodies` are of routes that read them themselves, because they are signed or come in two forms; `events` are of streams.
    """
    made = app.openapi
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(body, "validation") for body in bodies]
    models += [(event, "serialization") for event in events]

    def openapi() -> Schema:
        if app.openapi_schema is None:
            _complete(made(), models)
        return made()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _complete(document: Schema, models: Sequence[tuple[type[BaseModel], JsonSchemaMode]]) -> None:
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= found["$defs"]
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    content = response["content"]
                    response["content"] = {MEDIA_TYPE: content["application/json"] | content.get(MEDIA_TYPE, {})}
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [_with_nulls(example, schema, schemas) for example in schema["examples"]]


def _with_nulls(value: Any, schema: Schema, schemas: Schema) -> Any:
    """The example with the required fields that are null: FastAPI drops these."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return [_with_nulls(one, schema.get("items") or {}, schemas) for one in value]
    if not isinstance(value, dict):
        return value
    fields = schema.get("properties", {})
    nulls = dict.fromkeys(schema.get("required", ()))
    return nulls | {name: _with_nulls(one, fields.get(name, {}), schemas) for name, one in value.items()}
