"""Knobs: the settings of a format, each with its default, its meaning and who says so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from backend.errors import LayoutError


def values_of(cls: Any, mapping: Mapping[str, Any], where: str) -> dict[str, Any]:
    """
    Give the values of knobs, as settings have them.

    Parameters:
        cls: the dataclass whose attributes are the knobs, but for those in its ``left_out``.
        mapping: knob and value, as TOML gives them.
        where: the place to name in an error.

    Raises:
        LayoutError: A knob is unknown.
    """
    known = {each.name for each in fields(cls)} - getattr(cls, "left_out", frozenset())
    for name in mapping:
        if name not in known:
            raise LayoutError(
                f"there is no knob {name!r}", where, "use " + ", ".join(sorted(known))
            )
    return {name: _value(name, value) for name, value in mapping.items()}


class MadeOfKnobs(ABC):
    """What a file looks like: a dataclass whose attributes are knobs."""

    __slots__ = ()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], where: str) -> Self:
        """
        Make a form of settings; what they do not name keeps its default.

        Parameters:
            mapping: knob and value, as TOML gives them.
            where: the place to name in an error.

        Raises:
            LayoutError: A knob is unknown or has a value that it cannot have.
            ObisError: A code is not listed for the format.
        """
        made = cls(**values_of(cls, mapping, where))
        made.check(where)
        return made

    @abstractmethod
    def check(self, where: str = "format") -> None:
        """
        Check every knob, and that they fit each other.

        Raises:
            LayoutError: With the knob in its place.
            ObisError: A code is not listed for the format.
        """


def _value(name: str, value: object) -> object:
    if name == "obis" and isinstance(value, str):  # as document 002 writes a list of codes
        return tuple(one.strip() for one in value.strip().removesuffix(";").split(";"))
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Knob:
    """
    One setting of a format.

    Attributes:
        name: the attribute, and the key in settings.
        default: what holds where nothing is set.
        meaning: what it does, for a person.
        example: another value it can have, as TOML.
        source: who says that the default is right; "proposed" where nobody does.
        accepts: tells whether a value can be had.
        expected: what can be had, for the error.
    """

    name: str
    default: object
    meaning: str
    example: str
    source: str
    accepts: Callable[[object], bool]
    expected: str

    def check(self, value: object, where: str) -> None:
        """
        Check a value.

        Raises:
            LayoutError: It cannot be had.
        """
        if not self.accepts(value):
            raise LayoutError(f"{self.name} is {value!r}", where, f"use {self.expected}")


KnobRow = tuple[str, str, str, str, Callable[[object], bool], str]
"""Name, meaning, example, source, what accepts a value, and the words for what is accepted."""


def knobs_of(defaults: object, rows: Iterable[KnobRow]) -> tuple[Knob, ...]:
    """Make knobs of rows; their defaults are the attributes of a value without settings."""
    return tuple(
        Knob(name, getattr(defaults, name), meaning, example, source, accepts, expected)
        for name, meaning, example, source, accepts, expected in rows
    )


def check_knobs(knobs: Iterable[Knob], form: object, where: str) -> None:
    """
    Check each knob of a form.

    Raises:
        LayoutError: With the knob in its place.
    """
    for knob in knobs:
        knob.check(getattr(form, knob.name), where)


def one_of(*values: object) -> tuple[Callable[[object], bool], str]:
    """Give what accepts some values, and the words for it."""

    def accepts(value: object) -> bool:
        return any(value == each and type(value) is type(each) for each in values)

    return accepts, " or ".join(repr(each) for each in values)


FLAG = one_of(True, False)
