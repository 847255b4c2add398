"""Collections of a Qdrant server side by side, and the aliases that say which is which."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from qdrant_client import QdrantClient
from qdrant_client import models as qm

from brain.index.base import Index
from brain.index.generations import CURRENT, Roles
from brain.index.server import ServerIndex, connect
from brain.settings import IndexSettings


class ServerGenerations:
    """See `brain.index.generations.Generations`. The aliases of the collection `brain` are `brain.current` and so on."""

    def __init__(self, settings: IndexSettings, client: QdrantClient | None = None) -> None:
        self._settings, self._client = settings, client
        self.earlier = settings.collection

    def roles(self) -> Roles:
        aliases = self._call(lambda client: client.get_aliases().aliases)
        roles = {
            alias.alias_name.removeprefix(f"{self.earlier}."): alias.collection_name
            for alias in aliases
            if alias.alias_name.startswith(f"{self.earlier}.")
        }
        if CURRENT not in roles and self._call(lambda client: client.collection_exists(self.earlier)):
            roles[CURRENT] = self.earlier
        return roles

    def assign(self, roles: Roles) -> None:
        before = self.roles()
        aliased = [a.alias_name for a in self._call(lambda client: client.get_aliases().aliases)]
        changes: list[Any] = [
            qm.DeleteAliasOperation(delete_alias=qm.DeleteAlias(alias_name=f"{self.earlier}.{role}"))
            for role in before
            if f"{self.earlier}.{role}" in aliased
        ]
        changes += [
            qm.CreateAliasOperation(
                create_alias=qm.CreateAlias(collection_name=name, alias_name=f"{self.earlier}.{role}")
            )
            for role, name in roles.items()
        ]
        self._call(lambda client: client.update_collection_aliases(changes))
        for name in set(before.values()) - set(roles.values()):
            ServerIndex.drop(self._named(name), self._client)

    def create(self, manifest: dict[str, Any]) -> tuple[str, Index]:
        name = f"{self.earlier}.{manifest['id'][:12]}"
        return name, ServerIndex.create(self._named(name), manifest, self._client)

    def open(self, name: str, *, apart: bool = False) -> Index:
        return ServerIndex.open(self._named(name), self._client)

    @contextmanager
    def beside(self, name: str) -> Iterator[Index]:
        yield self.open(name)

    def manifest(self, name: str) -> dict[str, Any]:
        index = ServerIndex.open(self._named(name), self._client)
        if not self._client:
            index.close()
        return index.manifest

    def _named(self, collection: str) -> IndexSettings:
        return self._settings.model_copy(update={"collection": collection})

    def _call(self, ask: Callable[[QdrantClient], Any]) -> Any:
        client = self._client or connect(self._settings)
        try:
            return ServerIndex(client, self._settings, {}).guarded(ask, client)
        finally:
            if not self._client:
                client.close()
