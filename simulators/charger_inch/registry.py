"""
All habits and faults of the charger by name, for whoever switches them on by a text.

The text is the name, then a colon and the settings that are not to be the default, with commas
between them: ``register-momentarily-zero:every=5``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from simulators.charger_inch import habits
from simulators.charger_inch.field_faults import (
    connection,
    registers,
    time_and_order,
    transactions,
)
from simulators.charger_inch.field_faults import fields as odd_fields
from simulators.charger_inch.quirks import Quirk
from simulators.errors import UnknownQuirk

TEXT_LIMIT = 1_000
"""How long a text for a quirk may be."""

_MODULES = (habits, transactions, registers, time_and_order, connection, odd_fields)


@dataclass(frozen=True, slots=True)
class Setting:
    """
    A setting of a quirk.

    Attributes:
        name: with its unit last.
        kind: what its value is: ``whole number``, ``yes or no``, ``text`` or ``choice``.
        default: the value that it has where nothing is said.
        choices: the values it can have, of a choice; else empty.
        meaning: what it is, as its quirk's docstring says.
    """

    name: str
    kind: str
    default: int | bool | str
    choices: tuple[str, ...]
    meaning: str

    @property
    def default_text(self) -> str:
        """The default as it would be written in a text."""
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    def read(self, text: str) -> int | bool | str:
        """
        Read a value of this setting.

        Raises:
            ValueError: If it cannot be one; it says what can.
        """
        if self.kind == "whole number":
            if not re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
                raise ValueError("it is a whole number")
            return int(text)
        if self.kind == "yes or no":
            if text not in ("true", "false"):
                raise ValueError("it is true or false")
            return text == "true"
        if self.choices and text not in self.choices:
            raise ValueError(f"it is one of {', '.join(self.choices)}")
        return text


@dataclass(frozen=True, slots=True)
class QuirkKind:
    """
    A habit or a fault that can be switched on.

    Attributes:
        name: what people call it.
        row: its row of the catalogue; empty for a mere habit.
        symptom: what it does, in a sentence.
        settings: what can be set about it.
        make: its class.
    """

    name: str
    row: str
    symptom: str
    settings: tuple[Setting, ...]
    make: type[Quirk]

    @property
    def form(self) -> str:
        """Its name with all settings and their defaults, as `quirk_from_text` takes it."""
        settings = ",".join(f"{one.name}={one.default_text}" for one in self.settings)
        return f"{self.name}:{settings}" if settings else self.name


@cache
def all_quirks() -> Mapping[str, QuirkKind]:
    """Give every habit and fault by its name: the habits first, then the catalogue's rows."""
    kinds = [_kind(each) for module in _MODULES for each in _classes(module)]
    habitual = {each.name for each in _classes(habits)}
    ordered = sorted(kinds, key=lambda kind: (kind.name not in habitual, kind.row))
    return {kind.name: kind for kind in ordered}


def quirk_from_text(text: str) -> Quirk:
    """
    Make a habit or a fault of its name and settings.

    Raises:
        UnknownQuirk: If there is none of this name, or it has no such setting or value.
    """
    name, colon, rest = text[:TEXT_LIMIT].strip().partition(":")
    kind = all_quirks().get(name.strip())
    if kind is None:
        raise UnknownQuirk(name, "there is no habit or fault of this name", _like(name))
    told = dict(_told(kind, rest)) if colon else {}
    try:
        return kind.make(**told)
    except ValueError as error:
        raise UnknownQuirk(name, str(error), f"write {kind.form!r} or other values") from error


def _told(kind: QuirkKind, text: str) -> Iterator[tuple[str, int | bool | str]]:
    settings = {one.name: one for one in kind.settings}
    for part in text.split(","):
        key, equals, value = part.strip().partition("=")
        setting = settings.get(key.strip().replace("-", "_"))
        if setting is None or not equals:
            why = f"{part.strip()!r} is no setting of it" if equals else f"{part!r} lacks its value"
            raise UnknownQuirk(kind.name, why, f"write {kind.form!r} or other values")
        try:
            yield setting.name, setting.read(value.strip())
        except ValueError as error:
            why = f"{setting.name} cannot be {value.strip()!r}: {error}"
            raise UnknownQuirk(kind.name, why, f"write {kind.form!r} or other values") from error


def _like(name: str) -> str:
    names = list(all_quirks())
    like = get_close_matches(name, names, n=3, cutoff=0.4)
    if like:
        return f"did you mean {' or '.join(like)}? there are {len(names)}, see the device sheet"
    return f"there are {', '.join(names)}"


def _classes(module: object) -> list[type[Quirk]]:
    """Give the quirks of a module that have a name of their own, in the order of writing."""
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type)
        and issubclass(one, Quirk)
        and "name" in vars(one)
        and one.__module__ == getattr(module, "__name__", "")
    ]


def _kind(quirk: type[Quirk]) -> QuirkKind:
    told = inspect.cleandoc(quirk.__doc__ or "")
    symptom = " ".join(told.partition("\n\n")[0].split())
    meanings = _meanings(told)
    types = get_type_hints(quirk)
    settings = tuple(
        _setting(one, types[one.name], meanings.get(one.name, "")) for one in fields(quirk)
    )
    return QuirkKind(quirk.name, quirk.row, symptom, settings, quirk)


def _setting(one: Field[Any], kind: object, meaning: str) -> Setting:
    if one.default is MISSING:
        raise TypeError(f"the setting {one.name} of a quirk has no default")
    if get_origin(kind) is Literal:
        return Setting(one.name, "choice", one.default, get_args(kind), meaning)
    kinds: dict[object, str] = {int: "whole number", bool: "yes or no", str: "text"}
    return Setting(one.name, kinds[kind], one.default, (), meaning)


def _meanings(told: str) -> dict[str, str]:
    """Read what a docstring says of its attributes: a line each, and more if indented further."""
    _, _, section = told.partition("\nAttributes:\n")
    entries = re.split(r"^ {4}(?=\w)", section, flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        name, _, meaning = entry.partition(":")
        found[name.strip()] = " ".join(meaning.split())
    return found
