"""Which of a claim's values do not stand in its evidence."""

from collections import Counter
from collections.abc import Iterable, Sequence

from brain.verify.values import Value

_TIMES = frozenset({"minute", "day", "month"})


def unmatched(claim: Sequence[Value], evidence: Sequence[Value], context: Sequence[Value] = ()) -> list[Value]:
    """The claim's values that neither the evidence nor its context (title, headings) states."""
    held = (evidence, context)
    missing = [value for value in claim if not is_article(value) and not any(held_by(value, values) for values in held)]
    return [value for value in missing if not _year_apart(value, [*evidence, *context])]


def exchanged(claim: Sequence[Value], sentence: Sequence[Value], *, same: bool = False) -> list[Value]:
    """The claim's values that stand in place of others of the sentence that is closest to it.

    "30 days" where the sentence has "14 days" and the claim doesn't, even if 30 days are elsewhere in the passage; or 30 days
    twice where the sentence has 14 and 30. `same`: the two say the same but for this, so that any other of its unit will do.
    """
    others = [other for other in sentence if not other.weak and (same or not held_by(other, claim))]
    missing = [value for value in unmatched(claim, sentence) if any(alike(value, other) for other in others)]
    return missing or _repeated(claim, sentence)


def alike(value: Value, other: Value) -> bool:
    """Whether they say how much of the same: days, euros, children, or which year."""
    if value.kind != other.kind or value.kind != "number" or value.unit:
        return value.kind == other.kind and value.unit == other.unit
    return other.unit is None and (value.noun[:4] == other.noun[:4] or (_year(value) and _year(other)))


def _year(value: Value) -> bool:
    return all(reading.isdigit() and 1900 <= int(reading) <= 2100 for reading in value.readings)


def is_article(value: Value) -> bool:
    """ "un" and "one" count only before a unit of time: "un mois"."""
    return value.weak and value.unit not in _TIMES


def held_by(value: Value, held: Sequence[Value]) -> bool:
    if value.kind == "date":
        return any(_date_in(reading, other) for other in _dates(held) for reading in value.readings)
    if value.kind == "number":
        same = [other for other in held if other.kind == "number" and _equal(value, other) and _counts(value, other)]
        if any(other.unit == value.unit for other in same):
            return True
        if value.unit and any(other.unit for other in same):
            return False  # 14 days are not 14 months, whatever else is 14
        return bool(same) or (not value.unit and _in_another_kind(value, held))
    return any(_key(value) & _key(other) for other in held)


def _equal(value: Value, held: Value) -> bool:
    """A bare number is compared with the other's figure as it stands: "18" in a table is "18 ans"."""
    if (value.unit is None) != (held.unit is None):
        return bool((value.raw or value.readings) & (held.raw or held.readings))
    return bool(value.readings & held.readings)


def _counts(value: Value, held: Value) -> bool:
    """ "un enfant" is 1 child, but "un" is no 1 of anything else."""
    same_unit = value.unit is not None and value.unit == held.unit
    return not held.weak or value.weak or same_unit or value.noun[:4] == held.noun[:4] != ""


def _in_another_kind(value: Value, held: Iterable[Value]) -> bool:
    """A bare number may be the year or the day of a date, or a phone number written without spaces."""
    digits = {reading.lstrip("0") for reading in value.readings}
    parts = (part for date in _dates(held) for part in date.split("-"))
    return any(part.lstrip("0") in digits for part in parts) or any(
        digits & _key(other) for other in held if other.kind in ("phone", "code")
    )


def _key(value: Value) -> set[str]:
    """What must be equal: phone numbers, codes and bare numbers are compared by their figures and letters."""
    if value.kind == "phone":
        return {reading.lstrip("0") for reading in value.readings}
    return set(value.readings)


def _dates(held: Iterable[Value]) -> Iterable[str]:
    return (reading for value in held if value.kind == "date" for reading in value.readings)


def _date_in(date: str, other: str) -> bool:
    """Whether all that `date` says, `other` says too."""
    return all(ours in ("*", theirs) for ours, theirs in zip(date.split("-"), other.split("-"), strict=True))


def _year_apart(value: Value, held: Sequence[Value]) -> bool:
    """ "3 mars 2026" where the passage has "3 mars" and 2026 stands elsewhere in it."""
    if value.kind != "date":
        return False
    for reading in value.readings:
        year, month, day = reading.split("-")
        if year == "*" or (month, day) == ("*", "*"):
            continue
        stated = Value("number", frozenset({year}))
        if any(_date_in(f"*-{month}-{day}", other) and other.startswith("*") for other in _dates(held)) and held_by(
            stated, held
        ):
            return True
    return False


def _repeated(claim: Sequence[Value], evidence: Sequence[Value]) -> list[Value]:
    ours, theirs = _counted(claim), _counted(evidence)
    lost = {unit for (unit, reading), count in theirs.items() if not ours[unit, reading]}
    return [
        value
        for value in claim
        if not value.weak
        for reading in value.readings
        if value.unit in lost and ours[value.unit, reading] > theirs[value.unit, reading] > 0
    ][:1]


def _counted(values: Iterable[Value]) -> Counter[tuple[str | None, str]]:
    return Counter(
        (value.unit, reading) for value in values if value.kind in ("number", "date") for reading in value.readings
    )
