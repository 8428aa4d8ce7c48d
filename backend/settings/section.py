"""One table of the settings, and the plain values that more than one kind of table has."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from backend.errors import BackendError, SettingsError

T = TypeVar("T")
#: Of days that can be exported: nobody has readings from before OCPP.
YEARS = (2000, 2099)


class Section:
    """One table of the settings: gives its values, checked, and knows which were asked for."""

    def __init__(self, mapping: Mapping[str, Any], where: str) -> None:
        self.mapping = mapping
        self.where = where
        self._known: dict[str, None] = {}

    def error(self, key: str, what: str, remedy: str) -> SettingsError:
        """Make the error that a key is wrong, with its place."""
        return SettingsError(what, f"{self.where}, key {key!r}", remedy)

    def take(self, key: str) -> Any | None:
        """Take a value as it is; None where there is none. Its key is known from now on."""
        self._known[key] = None
        return self.mapping.get(key)

    def _typed(self, key: str, kind: type[T], kind_name: str, default: T | None) -> T:
        value = self.take(key)
        if value is None:
            if default is None:
                raise self.error(key, "is missing", f"add {key} = {kind_name}")
            return default
        # A bool is an int in Python, but 'true' is no port.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"is {value!r}", f"write {kind_name}")
        return value

    def text(self, key: str, default: str | None = None, example: str = "a text in quotes") -> str:
        """Take a text; without a default it must be there, and not be blank."""
        value = self._typed(key, str, example, default)
        if not value.strip() and default is None:
            raise self.error(key, "is empty", f"write {example}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Take a bool; without a default it must be there."""
        return self._typed(key, bool, "true or false", default)

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """Take a whole number within its bounds."""
        wanted = f"a whole number from {least} to {most}"
        value = self._typed(key, int, wanted, default)
        if not least <= value <= most:
            raise self.error(key, f"is {value}", f"write {wanted}")
        return value

    def amount(self, key: str, most: int, default: str) -> Decimal:
        """Take a quantity; TOML writes what may have decimals as a number or as a text."""
        value = self.take(key)
        try:
            if not isinstance(value, bool | int | float | str | None):
                raise ValueError("of another type")
            amount = Decimal(default if value is None else str(value))
            if amount.is_finite() and 0 <= amount <= most:
                return amount
        except (InvalidOperation, ValueError):
            pass  # told below, together with what is too large
        raise self.error(key, f"is {value!r}", f"write a number from 0 to {most}")

    def names(self, key: str, thing: str, *, may_be_all: bool = True) -> tuple[str, ...] | None:
        """Take a list of names; None for ``"all"``."""
        value = self.take(key)
        if value == "all" and may_be_all:
            return None
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not texts or not value:
            what = "is missing" if value is None else f"is {value!r}"
            every = ', or "all" for all' if may_be_all else ""
            raise self.error(key, what, f"write a list of {thing}{every}")
        return tuple(value)

    def choice(self, key: str, choices: Sequence[Any], default: Any | None = None) -> Any:
        """Take one of some values; without a default it must be there."""
        value = self.take(key)
        value = default if value is None else value
        if isinstance(value, bool) or value not in choices:
            what = "is missing" if value is None else f"is {value!r}"
            raise self.error(key, what, "write one of " + ", ".join(map(repr, choices)))
        return value

    def table(self, key: str) -> Section:
        """Take a table below this one; it is empty where there is none."""
        value = self.take(key)
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise self.error(key, f"is {value!r}", f"write a table: [{key}]")
        return Section(value, f"{self.where}, [{key}]")

    def tables(self, key: str, naming: str) -> Iterable[Section]:
        """Take an array of tables; each is told by its ``naming`` key, or by its number."""
        value = self.take(key)
        value = [] if value is None else value
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            raise self.error(key, f"is {value!r}", f"write tables: [[{key}]]")
        for number, one in enumerate(value, 1):
            name = f"{one[naming]!r}" if isinstance(one.get(naming), str) else f"number {number}"
            yield Section(one, f"{self.where}, [[{key}]] {name}")

    def rest(self) -> dict[str, Any]:
        """Give the keys that nobody has asked for, for whoever checks them."""
        left = {key: value for key, value in self.mapping.items() if key not in self._known}
        self._known.update(dict.fromkeys(left))
        return left

    def finish(self) -> None:
        """Refuse keys that nobody has asked for."""
        for key in self.mapping:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, 1)
                remedy = f"did you mean {near[0]!r}?" if near else "take it out"
                known = ", ".join(self._known)
                raise self.error(key, "is not a key of this table", f"{remedy} Known: {known}")


def read_all(top: Section, key: str, naming: str, read: Callable[[Section], T]) -> tuple[T, ...]:
    """Read each table of an array, and refuse what it has beyond that."""
    found = []
    for section in top.tables(key, naming):
        found.append(read(section))
        section.finish()
    return tuple(found)


def placed(section: Section, key: str, read: Callable[[], T]) -> T:
    """Run ``read``; what the core finds wrong gets the place in the settings in front."""
    try:
        return read()
    except BackendError as error:
        place = f"{section.where}, key {key!r}"
        what = error.what if error.where == key else f"{error.where}: {error.what}"
        raise type(error)(what, place, error.remedy) from error


def read_name(section: Section, key: str, remedy: str) -> str:
    """Take a name that can be shown in a line."""
    name = section.text(key)
    if not name.isprintable() or len(name) > 48 or name != name.strip():
        raise section.error(
            key,
            "is longer than 48 signs, has blanks at an end or signs that cannot be printed",
            remedy,
        )
    return name


def read_day(section: Section, key: str, value: object) -> date:
    """Check a local day that can be exported; TOML has a form for days."""
    if value is None:
        raise section.error(key, "is missing", "write a day: 2026-01-01")
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise section.error(key, f"is {value}", "write a day: 2026-01-01")
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise section.error(key, f"is {day}", f"write a day from {YEARS[0]} to {YEARS[1]}")
    return day


def instant_of(value: object) -> datetime | None:
    """Read an instant with its zone; None where it is none."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(instant, datetime) and instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # told by who asked, together with what is of another kind
    return None
