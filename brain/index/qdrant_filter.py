"""Scopes as Qdrant filters. Edge and the server's client name their classes alike, but for
the range and the condition on ids."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brain.facets import Family, by_key
from brain.index.base import Scope


class FilterBuilder:
    """Builds filters of one API: `qdrant_edge`, or `qdrant_client.models`."""

    def __init__(self, api: Any, range_class: Any, has_id: Callable[[Sequence[str]], Any]) -> None:
        self._api, self._range, self._has_id = api, range_class, has_id

    def scope(self, scope: Scope, tag: str | None = None) -> Any:
        """The scope, or of it what has this very tag."""
        must = [*self._within(scope), self._is("tags", tag)] if tag else self._within(scope)
        return self._filter(must, [self._member(family) for family in scope.without])

    def titled(self, titles: Sequence[str], scope: Scope) -> Any:
        """One passage, the first, of each document in scope that has one of the titles: its points are documents."""
        must = [*self._within(scope), self._any("title_key", titles), self._is("position", 0)]
        return self._filter(must, [self._member(family) for family in scope.without])

    def document(self, tenant: str, document_id: str, keep: Sequence[str]) -> Any:
        must = [self._is("tenant", tenant), self._is("document_id", document_id)]
        return self._filter(must, [self._has_id(keep)] if keep else [])

    def at(self, tenant: str, places: Mapping[str, Sequence[int]]) -> Any:
        """The passages at these positions of these documents."""
        any_of = [
            self._filter([self._is("document_id", id), self._any("position", positions)], [])
            for id, positions in places.items()
        ]
        return self._api.Filter(must=[self._is("tenant", tenant)], should=any_of)

    def _within(self, scope: Scope) -> list[Any]:
        must = [self._is("tenant", scope.tenant), self._any("audience", scope.audiences)]
        for key, tags in by_key(scope.tags).items():
            must += [self._facet(key, tags, scope)] if key else [self._is("tags", tag) for tag in tags]
        if scope.variants_of:
            must.append(self._any("title_key", scope.variants_of))
        if scope.languages:
            must.append(self._any("language", scope.languages))
        if scope.gone:
            must.append(self._filter([], [self._any("document_id", scope.gone)]))
        if scope.valid_on:
            must += self._valid(scope.valid_on.toordinal(), expired=scope.expired)
        return must

    def _facet(self, key: str, tags: Sequence[str], scope: Scope) -> Any:
        """One of the values, or none of that key at all: what holds for every value holds for the one asked about."""
        has = self._any("tags", tags)
        generic = self._filter([], [self._is("tag_keys", key)])
        return has if scope.variants_of else self._api.Filter(should=[has, generic])

    def _valid(self, day: int, *, expired: bool) -> list[Any]:
        if expired:
            return [self._api.FieldCondition(key="valid_until", range=self._range(lt=day))]
        return [
            self._api.FieldCondition(key="valid_from", range=self._range(lte=day)),
            self._api.FieldCondition(key="valid_until", range=self._range(gte=day)),
        ]

    def _member(self, family: Family) -> Any:
        return self._filter([self._is("title_key", family.title), self._is("tag_keys", family.key)], [])

    def _filter(self, must: list[Any], must_not: list[Any]) -> Any:
        return self._api.Filter(must=must or None, must_not=must_not or None)

    def _is(self, key: str, value: str | int) -> Any:
        return self._api.FieldCondition(key=key, match=self._api.MatchValue(value=value))

    def _any(self, key: str, values: Sequence[str] | Sequence[int]) -> Any:
        return self._api.FieldCondition(key=key, match=self._api.MatchAny(any=list(values)))
