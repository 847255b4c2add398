"""Which version of each prompt is served: `releases.toml`, a history that is only ever added to.

[answer]
datasets = ["eval/sample/cases.jsonl"]    # a release needs a passing verdict on these

[[answer.releases]]
version = 2
percent = 100                             # less: a canary, for that share of the conversations
at = "2026-11-25T07:00:00+00:00"
verdict = "d0abaa1261e6"
verdict_hash = "…"
reason = ""                               # why without a verdict, where it was forced
files = { "answer.en.v2.md" = "sha-256 …" }
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from prompts.errors import PromptError
from prompts.loader import list_prompts

FILE = "releases.toml"


@dataclass(frozen=True, slots=True)
class Release:
    """A version that is served, to `percent` of the conversations; `files` are the hashes that its files had when it was released."""

    version: int
    percent: int
    at: str
    files: Mapping[str, str]
    verdict: str = ""
    verdict_hash: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of one prompt, the last one last, and the datasets that a new one must pass."""

    datasets: tuple[str, ...] = ()
    releases: tuple[Release, ...] = field(default=())

    @property
    def served(self) -> Release | None:
        """The one that everyone gets, a canary's share aside."""
        return next((release for release in reversed(self.releases) if release.percent == 100), None)

    @property
    def canary(self) -> Release | None:
        last = self.releases[-1] if self.releases else None
        return last if last and last.percent < 100 else None

    def version_for(self, conversation: str) -> int | None:
        """The version that a conversation gets, always the same one; None where nothing was released."""
        if self.canary and share_of(conversation) < self.canary.percent:
            return self.canary.version
        return self.served.version if self.served else None


def share_of(conversation: str) -> float:
    """A place in [0, 100) that is drawn by the conversation's name."""
    return int.from_bytes(sha256(conversation.encode()).digest()[:8], "big") / 2**64 * 100


def load_releases(path: Traversable | None = None) -> dict[str, Releases]:
    """By the prompt's name. Raises PromptError where the file is malformed."""
    return _parse(path.read_text(encoding="utf-8")) if path else _packaged()


@lru_cache(maxsize=1)
def _packaged() -> dict[str, Releases]:
    """Read once: a service serves what was released when it started."""
    return _parse((files("prompts") / FILE).read_text(encoding="utf-8"))


def _parse(text: str) -> dict[str, Releases]:
    try:
        return {
            name: Releases(tuple(held.get("datasets", ())), tuple(Release(**each) for each in held.get("releases", ())))
            for name, held in tomllib.loads(text).items()
        }
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise PromptError(f"{FILE} is malformed: {error}", "Mend it, or take it back from version control.") from error


def version_for(name: str, conversation: str) -> int | None:
    """The version of the named prompt that a conversation gets; None where none was released: then the highest."""
    found = load_releases().get(name)
    return found.version_for(conversation) if found else None


def hashes(name: str, version: int) -> dict[str, str]:
    """The files of a version and their hashes now. Raises PromptError where there are none."""
    found = {p.filename: p.content_hash for p in list_prompts() if (p.name, p.version) == (name, version)}
    if not found:
        raise PromptError(f"There is no prompt {name} of version {version}.", "Run: brain prompts list")
    return found


def check_served(name: str, version: int = 0, path: Traversable | None = None) -> None:
    """Raises PromptError where what would be served was not released, or is not what was released."""
    found = load_releases(path).get(name, Releases())
    live = [release for release in (found.served, found.canary) if release]
    if version:
        live = [release for release in live if release.version == version]
    if not live:
        wanted = f"{name}, version {version}," if version else name
        raise PromptError(
            f"The prompt {wanted} is not released.", f"Run: brain prompts release {name} …, or give --dev."
        )
    for release in live:
        now = hashes(name, release.version)
        changed = sorted({*now, *release.files} - {file for file in now if now[file] == release.files.get(file)})
        if changed:
            raise PromptError(
                f"{', '.join(changed)}: not as released on {release.at[:10]}.",
                "A released prompt never changes: take it back from version control, and write a new version.",
            )


def add_release(name: str, release: Release, path: Path) -> None:
    """Writes one more release at the end of the prompt's history."""
    known = load_releases(path) if path.is_file() else {}
    before = known.get(name, Releases())
    known[name] = Releases(before.datasets, (*before.releases, release))
    new = path.with_suffix(".new")
    new.write_text(_text(known), encoding="utf-8")
    new.replace(path)
    _packaged.cache_clear()


def _text(known: Mapping[str, Releases]) -> str:
    lines = ["# Which version of each prompt is served. Written by `brain prompts release`; only ever added to.", ""]
    for name, held in known.items():
        lines += [f"[{name}]", f"datasets = {json.dumps(list(held.datasets), ensure_ascii=False)}", ""]
        for release in held.releases:
            lines += [f"[[{name}.releases]]"]
            lines += [f"{key} = {_value(value)}" for key, value in asdict(release).items()]
            lines += [""]
    return "\n".join(lines)


def _value(value: Any) -> str:
    """A JSON string is a TOML one, but for DEL."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(held)}" for key, held in sorted(value.items())) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
