"""A day as callers write it."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator


def _written(day: Any) -> Any:
    # Pydantic alone takes any number for seconds since 1970.
    if isinstance(day, date) or (isinstance(day, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII)):
        return day
    raise ValueError("write it as 2026-03-18")


IsoDay = Annotated[date, BeforeValidator(_written)]
