"""Which code this is: the version that was installed and, in a working copy, the commit."""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@lru_cache(maxsize=1)
def code_version() -> str:
    """Such as `0.1.0`, or `0.1.0+f7abca2d03ae` where the code lies in a git working copy."""
    try:
        installed = version("brain-answers")
    except PackageNotFoundError:
        installed = "unknown"
    commit = _commit(Path(__file__).resolve().parents[1] / ".git")
    return f"{installed}+{commit[:12]}" if commit else installed


def _commit(git: Path) -> str:
    """Read from its files, as git may not be installed."""
    try:
        if git.is_file():  # a worktree's: "gitdir: …"
            git = (git.parent / git.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        common = git / (git / "commondir").read_text().strip() if (git / "commondir").exists() else git
        if (common / name).exists():
            return (common / name).read_text().strip()
        packed = (common / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""
