"""Scopes as Qdrant filters. Edge and the server's client name their classes alike, but for
the range and the condition on ids."""

from collections.abc import Callable, Sequence
from typing import Any

from brain.index.base import Scope


class FilterBuilder:
    """Builds filters of one API: `qdrant_edge`, or `qdrant_client.models`."""

    def __init__(self, api: Any, range_class: Any, has_id: Callable[[Sequence[str]], Any]) -> None:
        self._api, self._range, self._has_id = api, range_class, has_id

    def scope(self, scope: Scope) -> Any:
        must = [self._is("tenant", scope.tenant), self._any("audience", scope.audiences)]
        must += [self._is("tags", tag) for tag in scope.tags]
        if scope.languages:
            must.append(self._any("language", scope.languages))
        if scope.valid_on:
            day = scope.valid_on.toordinal()
            must.append(self._api.FieldCondition(key="valid_from", range=self._range(lte=day)))
            must.append(self._api.FieldCondition(key="valid_until", range=self._range(gte=day)))
        return self._api.Filter(must=must)

    def document(self, tenant: str, document_id: str, keep: Sequence[str]) -> Any:
        must = [self._is("tenant", tenant), self._is("document_id", document_id)]
        return self._api.Filter(must=must, must_not=[self._has_id(keep)] if keep else None)

    def _is(self, key: str, value: str) -> Any:
        return self._api.FieldCondition(key=key, match=self._api.MatchValue(value=value))

    def _any(self, key: str, values: Sequence[str]) -> Any:
        return self._api.FieldCondition(key=key, match=self._api.MatchAny(any=list(values)))
