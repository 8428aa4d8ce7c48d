"""
A fault: a few signs of code exchanged, and the sentence that must not hold because of it.

Rule 1: what is exchanged stands in one function, once. A fault that is not there any more is an
error of the list, and never a fault that was caught.
Rule 2: the same exchange can be made in this process (`Mutant.put_in_force`) and in the files of a
copy (`Mutant.patch`).
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BACKEND, CHARGER, GATEWAY = "backend", "charger", "gateway"
SIDES = {
    "backend": BACKEND,
    "simulators.charger_inch": CHARGER,
    "simulators.iskra_sg": GATEWAY,
}
"""Whose a fault is, by the package that its code stands in."""
OF_A_PROCESS = "kill"
"""In the names of scenarios whose backend is a process of its own, which only a copy reaches."""


@dataclass(frozen=True, slots=True)
class Edit:
    """
    A change of one function.

    Attributes:
        function: which.
        changes: what stands there, once, and what the mutant has in its place.
    """

    function: Callable[..., Any]
    changes: tuple[tuple[str, str], ...]

    @property
    def changed(self) -> str:
        """Give the function's text with the changes, without what it is indented by."""
        text = textwrap.dedent(inspect.getsource(self.function))
        for old, new in self.changes:
            assert 1 == text.count(old), f"{self.function.__qualname__}: {old!r} is not there"
            text = text.replace(old, new)
        return text

    def code(self) -> object:
        """Give the function's code with the changes."""
        begin = re.search(r"^(?:async )?def ", self.changed, re.MULTILINE)
        assert begin is not None
        there = dict(self.function.__globals__)
        exec(compile(self.changed[begin.start() :], "<mutant>", "exec"), there)
        changed: Callable[..., Any] = there[self.function.__name__]
        return changed.__code__

    @property
    def place(self) -> tuple[str, int]:
        """Give the file that the function stands in, below its room's folder, and its line."""
        return _place_of(self.function)

    def patch(self, root: Path) -> None:
        """Change the function in its file of a copy, whose rooms lie in `root`."""
        lines, _ = inspect.getsourcelines(self.function)
        name, first = self.place
        path = root / name
        there = path.read_text(encoding="utf-8").splitlines(keepends=True)
        assert lines == there[first : first + len(lines)], f"{path}: is not what runs here"
        indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
        there[first : first + len(lines)] = [textwrap.indent(self.changed, indent)]
        path.write_text("".join(there), encoding="utf-8")


def _place_of(function: Callable[..., Any]) -> tuple[str, int]:
    name, room = inspect.getsourcefile(function), function.__module__.partition(".")[0]
    above = sys.modules[room].__file__
    assert name is not None
    assert above is not None
    line = inspect.getsourcelines(function)[1] - 1
    return Path(name).resolve().relative_to(Path(above).resolve().parents[1]).as_posix(), line


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    A fault of what is under test, and what must find it.

    Attributes:
        bug: in words.
        requirement: whose scenarios must fail.
        sentence: what the Then that must fail holds.
        edits: the fault in code.
        only: what the names of the scenarios that are run hold; all of the requirement's without.
        saying: what is told where it fails must hold that; for sentences that are about much.
        alone: the backend of its scenarios is a process of its own: only a copy shows it.
    """

    bug: str
    requirement: str
    sentence: str
    edits: tuple[Edit, ...]
    only: str = ""
    saying: str = ""
    alone: bool = False

    @property
    def id(self) -> str:
        """Its words, as one word."""
        return re.sub(r"[^a-z0-9]+", "-", self.bug.lower()).strip("-")

    @property
    def side(self) -> str:
        """Whose fault it is: backend, charger or gateway."""
        (side,) = {_side_of(edit.function.__module__) for edit in self.edits}
        return side

    def is_about(self, item: pytest.Item) -> bool:
        """Tell whether a scenario is one that is run against this mutant."""
        mine = any(
            mark.kwargs["id"] == self.requirement for mark in item.iter_markers("requirement")
        )
        return mine and self.only in item.name and self.alone == (OF_A_PROCESS in item.name)

    def put_in_force(self, patch: pytest.MonkeyPatch) -> None:
        """Exchange the code, wherever the functions are known by now."""
        for edit in self.edits:
            patch.setattr(edit.function, "__code__", edit.code())

    def patch(self, root: Path) -> None:
        """Change the files of a copy."""
        # From below, so that each stands where it stood.
        for edit in sorted(self.edits, key=lambda one: one.place, reverse=True):
            edit.patch(root)


def _side_of(module: str) -> str:
    return next(side for package, side in SIDES.items() if f"{module}.".startswith(f"{package}."))


def mutant(
    bug: str,
    requirement: str,
    sentence: str,
    *edits: tuple[Any, str, str],
    only: str = "",
    saying: str = "",
    alone: bool = False,
) -> Mutant:
    """Put a fault together; an edit is a function, what stands there, and what shall."""
    changes: dict[Callable[..., Any], tuple[tuple[str, str], ...]] = {}
    for at, old, new in edits:
        function = getattr(at, "fget", at)  # a property is what it is read with
        changes[function] = (*changes.get(function, ()), (old, new))
    made = tuple(Edit(function, each) for function, each in changes.items())
    return Mutant(bug, requirement, sentence, made, only, saying, alone)


IN_ORDER = "has said, in this order"


def case(
    bug: str,
    case: str,
    *edits: tuple[Any, str, str],
    sentence: str = IN_ORDER,
    saying: str = "",
) -> Mutant:
    """Give a fault that a compliance case must find."""
    return mutant(bug, "HAR-08", sentence, *edits, only=f"test_{case.lower()}_", saying=saying)
