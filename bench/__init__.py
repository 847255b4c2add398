"""Benchmarks: how fast, how large. Run as modules, `python -m bench.NAME`; see README.md."""
