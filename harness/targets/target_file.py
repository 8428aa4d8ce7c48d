"""
The file that describes a backend that is not ours: `target.toml`.

    name = "Muster CSMS 4.2"
    start = ["node", "driver.js", "{settings}"]

    [time]
    kind = "machine"

    [not_applicable]
    FMT = "it writes the IS-E time series and nothing else"

    [expected_to_fail]
    ISE-16 = "no status letters yet; https://example.org/issues/12"

docs/reference/target-file.md describes each key. Whoever is named in the two tables at the end is a
requirement or a compliance case, the beginning of some, or what a scenario asks to be supported.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import UsageError

STEPPED, SCALED, MACHINE = "stepped", "scaled", "machine"
KINDS = (STEPPED, SCALED, MACHINE)
"""
What a target's time can be: moved by the bench; that of the scenario, some times as fast as the
machine's; or the machine's, whatever the scenario says.
"""
FACTOR_MAX = 100_000
PLACEHOLDERS = ("settings", "folder", "start", "factor")
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Scope:
    """
    What a target declares of itself beforehand, each with its reason.

    Attributes:
        not_applicable: what it does not do.
        expected_to_fail: what it is known to do wrong.
        supports: what scenarios ask for that the bundled backend has not got.
    """

    not_applicable: Mapping[str, str] = field(default_factory=dict)
    expected_to_fail: Mapping[str, str] = field(default_factory=dict)
    supports: tuple[str, ...] = ()

    def left_out(self, ids: Iterable[str]) -> str | None:
        """Give why a scenario does not apply that bears some ids; None where it does."""
        return _reason(self.not_applicable, ids)

    def known_to_fail(self, ids: Iterable[str]) -> str | None:
        """Give why a scenario is expected to fail; None where it is not."""
        return _reason(self.expected_to_fail, ids)


def _reason(table: Mapping[str, str], ids: Iterable[str]) -> str | None:
    for id in ids:
        # The longest name says most: "FMT-04" before "FMT".
        for name in sorted(table, key=len, reverse=True):
            if id == name or (id.startswith(name) and name.rstrip("-") != id):
                return table[name]
    return None


@dataclass(frozen=True, slots=True)
class Target:
    """
    A backend that is not ours.

    Attributes:
        name: as its owner calls it.
        start: the command that starts it for one scenario, with placeholders in braces.
        reset: the command that brings a standing one to a new beginning; the same placeholders.
        addresses: of a standing one, as a started one tells them: ``ocpp``, ``web``, ``control``.
        folder: where its file lies, and its commands are run.
        time: what its time is, one of `KINDS`.
        factor: how many times as fast as the machine's its time runs, where that is its kind.
        starts_within_s, answers_within_s, delivers_within_s: how long it may take, in real seconds.
        scope: what it declares beforehand.
        sha256: of its file.
    """

    name: str
    start: tuple[str, ...]
    reset: tuple[str, ...]
    addresses: Mapping[str, str]
    folder: Path
    time: str
    factor: int
    starts_within_s: float
    answers_within_s: float
    delivers_within_s: float
    scope: Scope
    sha256: str

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Say for a report how it is led."""
        time = f"{self.time}, {self.factor} times" if self.time == SCALED else self.time
        return (("Target file, SHA-256", self.sha256), ("Time of the target", time))


def read_target(path: Path) -> Target:
    """
    Read the description of a target.

    Raises:
        UsageError: If the file cannot be read, or a key of it is wrong; it says which and why.
    """
    try:
        content = path.read_bytes()
        table = tomllib.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read as TOML ({error})") from error
    reader = _Reader(path, table)
    target = Target(
        name=reader.text("name"),
        start=reader.command("start"),
        reset=reader.command("reset"),
        addresses=reader.addresses(),
        folder=path.resolve().parent,
        time=reader.time(),
        factor=reader.factor(),
        starts_within_s=reader.seconds("starts_within_s", 30),
        answers_within_s=reader.seconds("answers_within_s", 20),
        delivers_within_s=reader.seconds("delivers_within_s", 10),
        scope=Scope(
            reader.reasons("not_applicable"),
            reader.reasons("expected_to_fail"),
            reader.texts("supports"),
        ),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    reader.must_be_used_up()
    if bool(target.start) == bool(target.addresses):
        raise reader.wrong(
            "start",
            "write either the command that starts the target for a scenario, or [addresses] of "
            "one that stands",
        )
    if target.addresses and target.time != MACHINE:
        raise reader.wrong(
            "time.kind", f'is "{target.time}", and a target that stands lives by "{MACHINE}"'
        )
    if target.reset and target.start:
        raise reader.wrong("reset", "is for a target that stands; one that is started begins anew")
    return target


class _Reader:
    """Takes one key after the other; what is left at the end is a key that there is not."""

    def __init__(self, path: Path, table: dict[str, Any]) -> None:
        self._path = path
        self._time = table.pop("time", {})
        self._table = table
        if not isinstance(self._time, dict):
            raise self.wrong("time", 'is a table: [time], kind = "machine"')

    def wrong(self, key: str, why: str) -> UsageError:
        return UsageError(f"{self._path}: {key}: {why}")

    def text(self, key: str) -> str:
        value = self._table.pop(key, None)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, 'write a text, as in name = "Muster CSMS 4.2"')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._table.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, 'write a list of texts, as in ["a security profile"]')
        return tuple(value)

    def command(self, key: str) -> tuple[str, ...]:
        command = self.texts(key)
        for word in command:
            for place in _PLACE.findall(word):
                if place not in PLACEHOLDERS:
                    known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
                    raise self.wrong(key, f"there is no {{{place}}}; there are {known}")
        return command

    def addresses(self) -> dict[str, str]:
        value = self._table.pop("addresses", {})
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise self.wrong("addresses", 'write addresses, as in ocpp = "ws://127.0.0.1:9000"')
        if value and "ocpp" not in value:
            raise self.wrong("addresses.ocpp", "write where chargers connect, without an identity")
        if strange := set(value) - {"ocpp", "web", "control"}:
            raise self.wrong("addresses", f"there is no {min(strange)}; ocpp, web and control are")
        return value

    def time(self) -> str:
        kind = self._time.pop("kind", MACHINE)
        if kind not in KINDS:
            raise self.wrong("time.kind", f"is {kind!r}; write one of {', '.join(KINDS)}")
        self._kind = str(kind)
        return self._kind

    def factor(self) -> int:
        value = self._time.pop("factor", 1)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= FACTOR_MAX:
            raise self.wrong("time.factor", f"write a whole number from 1 to {FACTOR_MAX}")
        if value != 1 and self._kind != SCALED:
            raise self.wrong("time.factor", f'is for kind = "{SCALED}"')
        return value

    def seconds(self, key: str, usual: float) -> float:
        value = self._time.pop(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
            raise self.wrong(f"time.{key}", "write seconds, more than 0 and at most 86400")
        return float(value)

    def reasons(self, key: str) -> dict[str, str]:
        table = self._table.pop(key, {})
        if not isinstance(table, dict):
            raise self.wrong(key, 'is a table of ids and reasons: FMT-04 = "no registers yet"')
        for id, reason in table.items():
            if not isinstance(reason, str) or not reason.strip():
                raise self.wrong(f"{key}.{id}", "write the reason, which the report will show")
        return table

    def must_be_used_up(self) -> None:
        for key in (*self._table, *(f"time.{one}" for one in self._time)):
            raise self.wrong(key, "there is no such key; docs/reference/target-file.md lists them")
