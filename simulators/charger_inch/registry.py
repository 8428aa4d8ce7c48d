"""
All habits and faults of the charger by name, for whoever switches them on by a text.

The text is the name, then a colon and the settings that are not to be the default, with commas
between them: ``register-momentarily-zero:every=5``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
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
from simulators.errors import NotAccepted

TEXT_LIMIT = 1_000
"""How long a text for a quirk may be."""

LISTED = "all stand on a charger's page under Habits and in simulators/charger_inch/README.md"
"""Where somebody finds the names."""

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

    def read(self, value: object) -> int | bool | str:
        """
        Read a value of this setting, from a text or as it is.

        Raises:
            ValueError: If it cannot be one; it says what can.
        """
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if self.kind == "whole number":
            if not re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
                raise ValueError("give a whole number")
            return int(text)
        if self.kind == "yes or no":
            if text not in ("true", "false"):
                raise ValueError("give true or false")
            return text == "true"
        if self.choices and text not in self.choices:
            raise ValueError(f"give one of {', '.join(self.choices)}")
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
    def defaults(self) -> dict[str, int | bool | str]:
        """Its settings where nothing is said."""
        return {one.name: one.default for one in self.settings}

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


def quirk_named(name: str, settings: Mapping[str, object]) -> Quirk:
    """
    Make a habit or a fault of its name and settings, each a text or already of its type.

    Raises:
        NotAccepted: If there is none of this name, or it has no such setting or value.
    """
    kind = all_quirks().get(name)
    if kind is None:
        raise NotAccepted("habit", name, f"there is no such habit or fault; {_advice(name)}")
    known = {one.name: one for one in kind.settings}
    told = {}
    for key, value in settings.items():
        setting = known.get(key.replace("-", "_"))
        if setting is None:
            has = f"has {', '.join(known)}" if known else "has no settings"
            raise NotAccepted(f"setting of {name}", key, f"it {has}")
        try:
            told[setting.name] = setting.read(value)
        except ValueError as error:
            raise NotAccepted(f"{setting.name} of {name}", value, str(error)) from error
    try:
        return kind.make(**told)
    except ValueError as error:
        raise NotAccepted(f"settings of {name}", told, str(error)) from error


def quirk_from_text(text: str) -> Quirk:
    """
    Make a habit or a fault of a text, as a scenario and a command line have it.

    Raises:
        NotAccepted: As `quirk_named`, or if a setting lacks its value.
    """
    name, _, rest = text[:TEXT_LIMIT].partition(":")
    settings = {}
    for part in rest.split(",") if rest.strip() else []:
        key, sign, value = part.partition("=")
        if not sign:
            raise NotAccepted(f"setting of {name.strip()}", part, "write it as SETTING=VALUE")
        settings[key.strip()] = value.strip()
    return quirk_named(name.strip(), settings)


def _advice(name: str) -> str:
    """Say what somebody may have meant, and where all names stand."""
    near = get_close_matches(name, list(all_quirks()), n=5, cutoff=0.5)
    guess = f"do you mean {' or '.join(near)}? " if near else ""
    return f"{guess}{LISTED}"


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
