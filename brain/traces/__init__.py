"""Every answer's trace, kept under its id without personal data: to be looked at, run again, and found by what it cited."""

from brain.traces.keeper import TraceKeeper
from brain.traces.record import Served

__all__ = ["Served", "TraceKeeper"]
