"""What a process holds. Only the standard library, because peers run in environments of their own."""

from pathlib import Path


def memory() -> dict[str, float]:
    """MB of this process: PSS (shared pages counted by share), of it anonymous and mapped from files; RSS. Linux only."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    kb = {name.rstrip(":"): int(value) for name, value, *_ in map(str.split, lines)}
    return {
        "pss_mb": kb["Pss"] / 1e3,
        "anonymous_mb": kb["Pss_Anon"] / 1e3,
        "mapped_mb": kb["Pss_File"] / 1e3,
        "rss_mb": kb["Rss"] / 1e3,
    }


def disk_mb(folder: Path) -> float:
    """What the folder's files take on disk: blocks, since vectors are allotted ahead."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file()) / 1e6
