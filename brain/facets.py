"""Tags `key:value` are facets: documents of one title that differ by such a tag are variants of one answer.

4,776 answers of one corpus are 41 questions times up to 126 collective agreements: a question that names no agreement fits all
variants, and none of them alone is its answer. Such documents are a *family*, told by their title and the tag's key.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from brain.types import Passage

_WORD = re.compile(r"\w+")

Page = tuple[Passage, ...]
"""One document's passages, best first; never empty."""


class Family(NamedTuple):
    """The documents of one title (its `title_key`) that have a tag `key:…`."""

    title: str
    key: str


def tag_key(tag: str) -> str | None:
    """`idcc` of `idcc:0016`; None of a plain tag."""
    key, colon, value = tag.partition(":")
    return key if key and colon and value else None


@lru_cache(maxsize=2000)
def title_key(title: str) -> str:
    """16 hex digits that titles share which differ by case, punctuation and spacing alone; nothing for an empty title."""
    words = " ".join(_WORD.findall(unicodedata.normalize("NFKC", title).casefold()))
    return sha256(words.encode()).hexdigest()[:16] if words else ""


def by_key(tags: Iterable[str]) -> dict[str | None, list[str]]:
    """The tags of each key; plain tags under None."""
    groups: dict[str | None, list[str]] = {}
    for tag in tags:
        groups.setdefault(tag_key(tag), []).append(tag)
    return groups


def values_of(key: str, counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Of counted tags, the values of one key."""
    return {tag.removeprefix(f"{key}:"): count for tag, count in counts if tag_key(tag) == key}


def families(pages: Sequence[Page], asked: Iterable[str] = ()) -> set[Family]:
    """The families of which at least two variants are among the pages; none of a key that the question gives itself."""
    variants: dict[Family, set[tuple[str, ...]]] = defaultdict(set)
    for page in pages:
        for family, tags in _kinship(page[0]).items():
            variants[family].add(tags)
    return {family for family, found in variants.items() if len(found) > 1 and family.key not in asked}


def one_of_each(pages: Iterable[Page], known: set[Family]) -> list[Page]:
    """The pages with the first of each family alone; what has none of its tags (the generic page) stays."""
    shown: set[str] = set()
    kept = []
    for page in pages:
        titles = {family.title for family in _kinship(page[0]).keys() & known}
        if not titles & shown:
            kept.append(page)
        shown |= titles
    return kept


def is_generic(page: Page, keys: Iterable[str]) -> bool:
    """Whether the document has no tag of these keys."""
    return not by_key(page[0].tags).keys() & set(keys)


def specific_first(pages: Sequence[Page], asked: Iterable[str]) -> list[Page]:
    """The pages with each generic one behind those of its title that have a tag of the asked keys."""
    specific: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        if not is_generic(page, asked):
            specific[title_key(page[0].title)].append(page)
    ordered: dict[str, Page] = {}
    for page in pages:
        if is_generic(page, asked) and (title := title_key(page[0].title)):
            ordered.update((variant[0].id, variant) for variant in specific[title] if variant[0].id not in ordered)
        ordered.setdefault(page[0].id, page)
    return list(ordered.values())


def _kinship(passage: Passage) -> dict[Family, tuple[str, ...]]:
    """Each family that the passage's document may belong to, with what it is there."""
    title = title_key(passage.title)
    groups = by_key(passage.tags) if title else {}
    return {Family(title, key): tuple(sorted(tags)) for key, tags in groups.items() if key}
