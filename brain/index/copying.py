"""Copies of index folders."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

BLOCK = 1 << 20
"""Bytes a step: a thread that copies must leave the processor to those that answer."""


def copy_sparse(source: Path, target: Path) -> None:
    """Copies a folder without its holes. Qdrant's files are mostly holes: 260 MB to read, 55 MB to store."""
    if not hasattr(os, "SEEK_DATA"):
        shutil.copytree(source, target)
        return
    for path in [source, *sorted(source.rglob("*"))]:
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            _copy_file(path, copy)


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb", buffering=0) as read, target.open("wb", buffering=0) as write:
        size = source.stat().st_size
        write.truncate(size)
        with suppress(OSError):  # there is no more data
            start = os.lseek(read.fileno(), 0, os.SEEK_DATA)
            while start < size:
                end = os.lseek(read.fileno(), start, os.SEEK_HOLE)
                for at in range(start, end, BLOCK):
                    os.pwrite(write.fileno(), os.pread(read.fileno(), min(BLOCK, end - at), at), at)
                start = os.lseek(read.fileno(), end, os.SEEK_DATA)
