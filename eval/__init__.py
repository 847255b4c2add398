"""Evaluation: may a change ship? Cases, metrics with intervals, reports."""
