"""Embedded indexes side by side: folders in `home/index`, and the file `current.json` that says which is which."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from brain.errors import IndexLockedError
from brain.index.base import Index
from brain.index.copying import copy_sparse
from brain.index.edge import MANIFEST, SHARD, EdgeIndex, read_manifest, replace_file, write_manifest
from brain.index.generations import CURRENT, Roles

POINTER = "current.json"


class EdgeGenerations:
    """See `brain.index.generations.Generations`."""

    earlier = "."

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name

    def roles(self) -> Roles:
        with suppress(FileNotFoundError):
            roles: Roles = json.loads((self._folder / POINTER).read_text(encoding="utf-8"))
            return roles
        return {CURRENT: self.earlier} if (self._folder / MANIFEST).exists() else {}

    def assign(self, roles: Roles) -> None:
        replace_file(self._folder / POINTER, json.dumps(roles, indent=1))
        kept = set(roles.values())
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in kept and not folder.name.startswith(SHARD):
                with suppress(IndexLockedError):
                    EdgeIndex.drop(folder)
                    shutil.rmtree(folder, ignore_errors=True)
        if self.earlier not in kept and any(self._folder.glob(f"{SHARD}*")):
            with suppress(IndexLockedError):
                EdgeIndex.drop(self._folder)

    def create(self, manifest: dict[str, Any]) -> tuple[str, Index]:
        name = manifest["id"][:12]
        return name, EdgeIndex.create(self.path(name), manifest)

    def open(self, name: str, *, apart: bool = False) -> Index:
        if not apart:
            return EdgeIndex.open(self.path(name))
        from brain.index.process import EdgeProcess

        return EdgeProcess(self.path(name))

    @contextmanager
    def beside(self, name: str) -> Iterator[Index]:
        copy = self._folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        try:
            try:
                index = EdgeIndex.open(self.path(name))
            except IndexLockedError:
                copy_index(self.path(name), copy)
                index = EdgeIndex.open(copy)
            yield index
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def manifest(self, name: str) -> dict[str, Any]:
        return read_manifest(self.path(name))[0]


def copy_index(source: Path, target: Path) -> None:
    """Copies an index's folder. Without closing or flushing it: what isn't in its segments is in its log."""
    manifest, shard = read_manifest(source)
    copy_sparse(source / shard, target / SHARD)
    write_manifest(target, manifest, SHARD)
