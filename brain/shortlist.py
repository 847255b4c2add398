"""From a ranking to what is shown: pages read best first, near-ties settled, near-duplicates and variants shown once.

A family of 126 variants can fill all candidates of a search. Once a family is seen and its first page kept, the search is done
again without it, so that what lies behind it comes up; Qdrant groups only on a server, not in Edge.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from brain.facets import Family, Page, families, is_generic, one_of_each, specific_first, tag_key, title_key
from brain.fuse import Fused
from brain.index.base import Index, Scope, page_of, passage_of
from brain.prefer import distinct, focused, preferred, scored
from brain.types import Facet, Passage

HEAD = 5
"""The best pages: two variants among them make a facet, and a generic one among them brings its variant along."""
LEAST_READ = 20
MOST_SEARCHES = 5

Search = Callable[[Scope], Sequence[Fused]]
"""Ranks the passages in a scope, best first, those of one page side by side."""


class Shortlist:
    """Reads as much of the rankings as it takes to fill `limit` places; payloads are read for no more than that."""

    def __init__(self, index: Index, search: Search, scope: Scope, question: str, language: str) -> None:
        """`question`: empty where its own words do not say what it is about."""
        self._index, self._search, self._scope = index, search, scope
        self._question, self._language = question, language
        self._asked = {key for tag in scope.tags if (key := tag_key(tag))}

    def take(self, limit: int) -> tuple[list[Passage], tuple[Facet, ...]]:
        """At most `limit` passages, best first, and what the best pages differ by."""
        shown: list[Page] = []
        known: set[Family] = set()
        facets: tuple[Facet, ...] = ()
        for number, pages in enumerate(self._windows(known, max(2 * limit, LEAST_READ))):
            if number == 0:
                facets = self._facets(families(pages[:HEAD], self._asked))
            known |= families([*shown, *pages], self._asked)
            shown = distinct(one_of_each([*shown, *pages], known), self._language)
            if sum(map(len, shown)) >= limit:
                break
        shown = self._with_variants(shown)
        return [passage for page in shown for passage in page][:limit], facets

    def _windows(self, known: set[Family], size: int) -> Iterator[list[Page]]:
        """The pages not read yet, `size` passages at a time. Searches again where families came to light meanwhile."""
        left, read, without, searches = list(self._search(self._scope)), set[str](), set[Family](), 1
        while left:
            window = _whole_pages(left, size)
            yield preferred(focused(self._read(window), self._question, self._language), self._language)
            read |= {found.page for found in window}
            left = left[len(window) :]
            if known != without and searches < MOST_SEARCHES:
                without, searches = set(known), searches + 1
                scope = replace(self._scope, without=tuple(sorted(without)))
                left = [found for found in self._search(scope) if found.page not in read]

    def _with_variants(self, shown: list[Page]) -> list[Page]:
        """Where the question gives the tag: that one's page before the generic page of its title, wherever it ranked itself.

        A variant often says no more than "nothing is provided for", and then the generic page holds the question's words.
        """
        generic = [page for page in shown[:HEAD] if is_generic(page, self._asked)]
        places = {title: page[0].score for page in reversed(generic) if (title := title_key(page[0].title))}
        if not (self._asked and places):
            return shown
        there = {page_of(page[0].id) for page in shown}
        ranked = self._search(replace(self._scope, variants_of=tuple(places)))
        found = self._read([passage for passage in ranked if passage.page not in there][:LEAST_READ])
        placed = [tuple(scored(passage, places[title_key(passage.title)]) for passage in page) for page in found]
        return specific_first([*shown, *placed], self._asked)

    def _read(self, window: Sequence[Fused]) -> list[Page]:
        payloads = self._index.payloads([found.id for found in window])
        # A passage that was deleted between the two calls has no payload any more, and is not shown.
        there = [found for found in window if found.id in payloads]
        return [
            tuple(passage_of(found.id, payloads[found.id], found.scores) for found in page)
            for _, page in groupby(there, key=lambda found: found.page)
        ]

    def _facets(self, leading: set[Family]) -> tuple[Facet, ...]:
        found = []
        for key in sorted({family.key for family in leading}):
            titles = [family.title for family in leading if family.key == key]
            counts = self._index.facet(key, titles, self._scope)
            found.append(Facet(key, tuple(sorted(counts.items(), key=lambda value: (-value[1], value[0])))))
        return tuple(found)


def _whole_pages(ranked: Sequence[Fused], size: int) -> Sequence[Fused]:
    """The first `size` passages, and those of the last one's page that follow."""
    end = min(size, len(ranked))
    while end < len(ranked) and ranked[end].page == ranked[end - 1].page:
        end += 1
    return ranked[:end]
