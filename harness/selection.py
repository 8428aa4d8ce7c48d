"""
What a run asks for: ids, tags, what an earlier run left open; and which scenarios that is.

Whoever asks for what does not exist is told so: a word that selects nothing by a slip of the pen
would be a run that judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from harness.catalogue import (
    ListedScenario,
    check_foundation,
    load_cases,
    load_requirements,
    load_scenarios,
    side_of,
)
from harness.errors import UsageError
from harness.target import CENTRAL_SYSTEM

JUDGE_BACKENDS = ("ISE", "AEX", "FMT", "DLV", "COL")
"""Areas whose requirements judge a backend."""
SLOW = "slow"
"""The tag of what takes longer than a run of all may last."""


class NothingAsked(UsageError):
    """What was asked for is there, and none of it at once: no scenario is left."""


class Asked(NamedTuple):
    """A scenario, or one example of it, that is asked for."""

    scenario: ListedScenario
    title: str

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it apart: the feature's path, its line, its title."""
        return self.scenario.path, self.scenario.line, self.title


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What somebody asks for; what is left empty is no limit.

    Attributes:
        ids: of requirements and of compliance cases, or their beginnings.
        side: only compliance cases of this side.
        tags: an expression, ``@delivery and not @slow``.
        exclude: ids, or their beginnings, whose scenarios are left out.
        is_quick: whether to leave out what is tagged as slow.
        of_backend: whether to leave out what judges no backend, but devices or the bench itself.
        only: titles of scenarios by their feature, and what to call them.
        only_from: where ``only`` was read, for those who want to know.
    """

    ids: Sequence[str] = ()
    side: str = ""
    tags: str = ""
    exclude: Sequence[str] = ()
    is_quick: bool = False
    of_backend: bool = False
    only: Collection[tuple[str, str]] | None = None
    only_from: str = ""

    def told(self) -> str:
        """Say it in the words of the command line; empty for all."""
        parts = [*self.ids]
        parts += [f"--side {self.side}"] if self.side else []
        parts += [f"--tags '{self.tags}'"] if self.tags else []
        parts += [f"--exclude {one}" for one in self.exclude]
        parts += [f"--only-failed {self.only_from}"] if self.only is not None else []
        parts += ["--quick"] if self.is_quick else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which scenarios are asked for.

    Attributes:
        requirements, cases: the ids that were named; neither means all.
        side: only compliance cases of this side; empty for no such limit.
        asked: the scenarios, each example of its own, in the order in which they run.
        is_all: whether everything there is was asked for.
    """

    requirements: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    side: str = ""
    asked: tuple[Asked, ...] = ()
    is_all: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        """The features that hold what is asked for."""
        return tuple(dict.fromkeys(one.scenario.path for one in self.asked))

    def holds(self, scenario: ListedScenario, sides: Mapping[str, str]) -> bool:
        """Tell whether a scenario has one of the ids; ``sides`` are those of the cases."""
        named = not (self.requirements or self.cases) or not (
            {*self.requirements, *self.cases}.isdisjoint((*scenario.requirements, *scenario.cases))
        )
        return named and (not self.side or self.side in (sides.get(id) for id in scenario.cases))


def select(wish: Wish, features: Path) -> Selection:
    """
    Give what is asked for.

    A word that is the id of a case asks for that case alone, else for all whose ids begin so.

    Raises:
        UsageError: If a word or a tag selects nothing that has a scenario, or a scenario proves
            nothing.
        NothingAsked: If nothing is left of all that.
    """
    requirements, scenarios = load_requirements(features), load_scenarios(features)
    check_foundation(requirements, scenarios)
    sides = {case.id: case.side for case in load_cases()}
    there = Selection(side=wish.side)
    possible = [scenario for scenario in scenarios if there.holds(scenario, sides)]
    rows = {row.id for row in requirements}
    known = _Ids.of(possible, [row.id for row in requirements], list(sides))
    wanted_rows: dict[str, None] = {}
    wanted_cases: dict[str, None] = {}
    for word in wish.ids:
        if wish.side:
            _check_side(word.upper(), wish.side, sides, rows - set(known.requirements))
        found_rows, found_cases = known.named(word)
        wanted_rows |= dict.fromkeys(found_rows)
        wanted_cases |= dict.fromkeys(found_cases)
    wanted = Selection(tuple(wanted_rows), tuple(wanted_cases), wish.side)
    asked = [scenario for scenario in possible if wanted.holds(scenario, sides)]
    if not asked:
        raise UsageError(
            f"{features}: no scenario there is a compliance case of the {wish.side} side"
        )
    left = _limited(asked, wish, known, scenarios)
    if not left:
        raise NothingAsked(
            f"no scenario is asked for by all of this at once: {wish.told() or '--target'}; leave "
            "a part of it out, `isebench list` shows what there is"
        )
    return Selection(
        wanted.requirements,
        wanted.cases,
        wish.side,
        tuple(left),
        is_all=not (wish.told() or wish.of_backend),
    )


def left_open(wish: Wish, report: Path) -> Wish:
    """
    Limit a wish to what did not pass in an earlier run, or was not judged there.

    Raises:
        UsageError: If there is no report.
    """
    # Only who asks for it reads a report.
    from harness.outcomes import Outcome
    from harness.report_json import load_report

    open_outcomes = (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_ASKED)
    only = [
        (one["feature"], one["scenario"])
        for one in load_report(report)["scenarios"]
        if one["outcome"] in open_outcomes
    ]
    return replace(wish, only=frozenset(only), only_from=str(report))


def list_of(selection: Selection, part: tuple[int, int]) -> str:
    """Tell what would be run, a line a scenario, and how many they are."""
    from harness.summary import counted

    first, count = part
    asked = selection.asked[first - 1 :: count]
    lines = [
        f"{' '.join((*one.scenario.requirements, *one.scenario.cases))}: {one.title}  "
        f"({one.scenario.file}:{one.scenario.line})"
        for one in asked
    ]
    features = len({one.scenario.path for one in asked})
    told = f"{counted(len(asked), 'scenario')} of {counted(features, 'feature')} would be run"
    return "\n".join([*lines, told]) + "\n"


class _Ids(NamedTuple):
    """The ids that scenarios bear, in the order of their lists."""

    requirements: list[str]
    cases: list[str]

    @classmethod
    def of(
        cls, scenarios: Iterable[ListedScenario], rows: Sequence[str], cases: Sequence[str]
    ) -> _Ids:
        covered = {id for one in scenarios for id in (*one.requirements, *one.cases)}
        return cls(
            [id for id in rows if id in covered],
            [id for id in cases if id in covered],
        )

    def named(self, word: str) -> tuple[list[str], list[str]]:
        """
        Give the requirements and the cases that a word names.

        Raises:
            UsageError: If there are none.
        """
        found = _named(word, self.requirements), _named(word, self.cases)
        if not any(found):
            raise UsageError(
                f'"{word}" selects no scenario; `isebench list` shows the ids that there are'
            )
        return found


def _limited(
    scenarios: Sequence[ListedScenario],
    wish: Wish,
    known: _Ids,
    all_of_them: Sequence[ListedScenario],
) -> list[Asked]:
    """Take out what the rest of a wish does not want."""
    out = {id for word in wish.exclude for found in known.named(word) for id in found}
    fits = _expression(wish.tags, all_of_them)
    return [
        Asked(one, title)
        for one in scenarios
        if fits(one.tags)
        and out.isdisjoint((*one.requirements, *one.cases))
        and not (wish.is_quick and SLOW in one.tags)
        and (not wish.of_backend or _judges_a_backend(one))
        for title in one.titles
        if wish.only is None or (one.feature, title) in wish.only
    ]


def _judges_a_backend(scenario: ListedScenario) -> bool:
    if scenario.cases:
        return CENTRAL_SYSTEM in map(side_of, scenario.cases)
    return any(id.startswith(JUDGE_BACKENDS) for id in scenario.requirements)


class _Everything:
    """An expression that fits all."""

    def __call__(self, tags: Collection[str]) -> bool:
        return True


class _Expression(_Everything):
    """A tag expression of Cucumber."""

    def __init__(self, text: str) -> None:
        # Only who writes an expression needs its parser.
        from cucumber_tag_expressions import (  # type: ignore[import-untyped]
            TagExpressionError,
            parse,
        )

        try:
            self._parsed = parse(text)
        except TagExpressionError as error:
            told = str(error).splitlines()[0].rstrip(".")
            raise UsageError(
                f"--tags {text!r} is no tag expression ({told}); write '@delivery and not @slow'"
            ) from None

    def __call__(self, tags: Collection[str]) -> bool:
        return bool(self._parsed.evaluate([f"@{tag}" for tag in tags]))


def _expression(text: str, scenarios: Iterable[ListedScenario]) -> _Everything:
    if not text:
        return _Everything()
    expression = _Expression(text)
    there = {f"@{tag}" for scenario in scenarios for tag in scenario.tags}
    for word in re.findall(r"[^\s()]+", text):
        if word not in ("and", "or", "not") and word not in there:
            other = f"; write @{word}" if f"@{word}" in there else ""
            raise UsageError(f"--tags: no scenario bears the tag {word}{other}")
    return expression


def _check_side(word: str, side: str, sides: Mapping[str, str], elsewhere: Collection[str]) -> None:
    """Refuse a whole id that is there, and has nothing of the side."""
    if sides.get(word, side) != side:
        raise UsageError(f"{word} is a case of the {sides[word]} side, not of the {side} side")
    if word in elsewhere:
        raise UsageError(
            f"{word} has no compliance case of the {side} side; leave --side out to run its "
            "scenarios"
        )


def _named(word: str, ids: Sequence[str]) -> list[str]:
    word = word.upper()
    return [word] if word in ids else [id for id in ids if id.startswith(word)]
