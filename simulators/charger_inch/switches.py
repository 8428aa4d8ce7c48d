"""
Habits and faults by name: listed for the page, and read from the text of a command line.

A switch is written ``name``, or ``name:setting=value,setting=value`` where it has settings.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from simulators.charger_inch import habits
from simulators.errors import NotAccepted
from simulators.faults import Fault

Json = dict[str, Any]


def all_switches() -> dict[str, type[Fault]]:
    """Give every habit and fault that the charger knows, by its name."""
    # `vars` keeps the order in which they stand in their file.
    found = [one for one in vars(habits).values() if inspect.isclass(one)]
    own = [one for one in found if issubclass(one, Fault) and one.__module__ == habits.__name__]
    return {one.name: one for one in own}


def settings_of(kind: type[Fault]) -> Json:
    """Give the settings of a habit or fault with what they are where nobody says otherwise."""
    return {one.name: one.default for one in dataclasses.fields(kind)}


def switch_named(name: str, settings: Mapping[str, object]) -> Fault:
    """
    Make a habit or fault with settings, each a text or already of its type.

    Raises:
        NotAccepted: If there is no such thing, or it has no such setting or value.
    """
    kind = all_switches().get(name)
    if kind is None:
        raise NotAccepted("habit", name, f"use one of {', '.join(all_switches())}")
    known = settings_of(kind)
    for setting in settings:
        if setting not in known:
            has = f"has {', '.join(known)}" if known else "has no settings"
            raise NotAccepted(f"setting of {name}", setting, f"it {has}")
    read = {key: _read(f"{key} of {name}", value, known[key]) for key, value in settings.items()}
    try:
        return kind(**read)
    except ValueError as error:
        raise NotAccepted(f"settings of {name}", read, str(error)) from error


def _read(field: str, value: object, default: object) -> object:
    """Read a setting as what its default is: a whole number, or a text."""
    if not isinstance(default, int):
        return str(value)
    try:
        return int(str(value))
    except ValueError:
        raise NotAccepted(field, value, "give a whole number") from None


def switch_from_text(text: str) -> Fault:
    """
    Read a habit or fault as a command line has it.

    Raises:
        NotAccepted: If it is none.
    """
    name, _, rest = text.partition(":")
    settings = {}
    for part in rest.split(",") if rest else []:
        setting, sign, value = part.partition("=")
        if not sign:
            raise NotAccepted(f"setting of {name}", part, "write it as SETTING=VALUE")
        settings[setting.strip()] = value.strip()
    return switch_named(name, settings)
