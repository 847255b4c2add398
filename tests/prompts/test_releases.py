from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import PromptError
from prompts.releases import Release, Releases, add_release, check_served, hashes, load_releases, share_of, version_for


def made(version: int, percent: int = 100, **more: str) -> Release:
    return Release(version, percent, "2026-01-01T00:00:00+00:00", {"answer.fr.v1.md": "a" * 64}, **more)


def test_the_file_is_only_added_to_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "releases.toml"
    add_release("answer", made(1), path)
    add_release("answer", made(2, reason='urgent: "now"\n\x7f é'), path)
    add_release("judge", made(1), path)

    found = load_releases(path)
    assert [release.version for release in found["answer"].releases] == [1, 2]
    assert found["answer"].releases[1].reason == 'urgent: "now"\n\x7f é'
    assert found["answer"].served == found["answer"].releases[1] and found["judge"].served


def test_a_canary_gets_its_share_and_always_the_same_conversations() -> None:
    held = Releases((), (made(1), made(2, percent=10)))
    versions = [held.version_for(f"conversation {n}") for n in range(5000)]

    assert 0.08 < versions.count(2) / 5000 < 0.12
    assert versions == [held.version_for(f"conversation {n}") for n in range(5000)]
    # A larger share keeps those that had it.
    wider = Releases((), (made(1), made(2, percent=30)))
    assert all(wider.version_for(f"conversation {n}") == 2 for n, version in enumerate(versions) if version == 2)


@given(st.text())
def test_a_share_is_a_percentage(conversation: str) -> None:
    assert 0 <= share_of(conversation) < 100


def test_a_full_release_ends_a_canary_and_nothing_released_is_nothing() -> None:
    assert Releases((), (made(1), made(2, percent=10), made(2))).canary is None
    assert Releases().version_for("x") is None
    assert version_for("no such prompt", "x") is None


def test_what_is_served_must_be_released_and_as_it_was_released(tmp_path: Path) -> None:
    path = tmp_path / "releases.toml"
    files = hashes("answer", 1)
    add_release("answer", Release(1, 100, "2026-01-01", files), path)
    check_served("answer", 0, path)
    check_served("answer", 1, path)
    with pytest.raises(PromptError, match="version 9, is not released"):
        check_served("answer", 9, path)
    with pytest.raises(PromptError, match="judge is not released"):
        check_served("judge", 0, path)

    add_release("answer", Release(1, 100, "2026-01-02", files | {"answer.fr.v1.md": "0" * 64}), path)
    with pytest.raises(PromptError, match=r"answer\.fr\.v1\.md: not as released on 2026-01-02"):
        check_served("answer", 0, path)


def test_a_malformed_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "releases.toml"
    path.write_text("[answer]\nreleases = 3\n", encoding="utf-8")
    with pytest.raises(PromptError, match="malformed"):
        load_releases(path)
