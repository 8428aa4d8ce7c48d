"""Requirements, compliance cases and scenarios, and how they cover each other."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Scenario, ScenarioTemplate

BUNDLED_FEATURES = Path(__file__).resolve().parent.parent / "features"
"""The features of this project; they stand beside the rooms, in a checkout and in a wheel."""

REQUIREMENT_TAG = re.compile(r"[A-Z]{3}-\d\d")
CASE_TAG = re.compile(r"TC_\d{3}(?:_\d)?_(?:CS|CSMS)")
FAULT_TAG = re.compile(r"F\d\d")
"""The row of the catalogue of field faults that a scenario shows."""

CASES = Path(__file__).with_name("compliance_cases.toml")
SIDES = (CHARGE_POINT, CENTRAL_SYSTEM)
"""The sides of a line that can be under test; the tool plays the other."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """
    A row of requirements.toml.

    Attributes:
        id: three letters and two digits; the tag of its scenarios.
        level: ``must`` or ``should``.
        source: the document it comes from.
        text: what must be true.
    """

    id: str
    level: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """
    A row of compliance_cases.toml: a compliance case of OCPP 1.6 under its public name.

    Attributes:
        id: the tag of its one scenario.
        side: which side is under test, one of `SIDES`.
        name: as it is published; the scenario's title is the id and the name.
        needs: what the side must be or be able to do, for the case to make sense.
    """

    id: str
    side: str
    name: str
    needs: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title of its scenario."""
        return f"{self.id} {self.name}"


@dataclass(frozen=True, slots=True)
class ListedScenario:
    """
    A scenario as it stands in a feature file.

    Attributes:
        feature, name: the titles.
        requirements, cases: the ids that it is tagged with.
        file, line: its place.
        path: the feature's, as it is read.
        tags: all tags, with those of its rule and its feature, without ``@``.
        titles: what it is called in reports; of an outline one for each example.
    """

    feature: str
    name: str
    requirements: tuple[str, ...]
    file: str
    line: int
    cases: tuple[str, ...] = ()
    path: str = field(default="", compare=False)
    tags: frozenset[str] = field(default=frozenset(), compare=False)
    titles: tuple[str, ...] = field(default=(), compare=False)


def load_requirements(folder: Path) -> list[Requirement]:
    """
    Read the requirements of a folder of features; the bundled ones where it has none.

    Raises:
        UsageError: If the file is no such list.
    """
    path = folder / "requirements.toml"
    if not path.exists():
        path = BUNDLED_FEATURES / "requirements.toml"
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["requirement"]
        return [Requirement(**row) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: not a list of requirements ({error})") from error


def load_cases(path: Path = CASES) -> list[Case]:
    """
    Read the compliance cases: those for the charge point, then those for the central system.

    Raises:
        UsageError: If the file is no such list.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        cases = [Case(**{**row, "needs": tuple(row["needs"])}) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: not a list of compliance cases ({error})") from error
    for case in cases:
        if not CASE_TAG.fullmatch(case.id) or case.side != side_of(case.id):
            raise UsageError(f"{path}: {case.id} is no id of a case of the {case.side} side")
    return cases


def side_of(case: str) -> str:
    """Tell from the id of a compliance case which side is under test."""
    return SIDES[case.endswith("_CSMS")]


def load_scenarios(folder: Path) -> list[ListedScenario]:
    """
    Read the scenarios of a folder of features, in the order in which they run.

    Raises:
        UsageError: If there is none, or a feature cannot be read or would not run as it stands.
    """
    features = [_load_feature(path) for path in sorted(folder.rglob("*.feature"))]
    if not features:
        raise UsageError(f"{folder}: no file *.feature stands there")
    scenarios = [
        ListedScenario(
            feature=feature.name or "",
            name=scenario.name,
            requirements=requirement_ids(scenario),
            file=Path(feature.filename).name,
            line=scenario.line_number,
            cases=case_ids(scenario),
            path=feature.filename,
            tags=_all_tags(scenario),
            titles=_titles(scenario),
        )
        for feature in sorted(features, key=lambda feature: feature.name or feature.filename)
        for scenario in feature.scenarios.values()
    ]
    if not scenarios:
        raise UsageError(f"{folder}: its features hold no scenario")
    for feature in features:
        _check_verdicts(feature)
    return scenarios


def check_foundation(
    requirements: Iterable[Requirement], scenarios: Iterable[ListedScenario]
) -> None:
    """
    See that every scenario proves something: a report has no place for one that does not.

    Raises:
        UsageError: If one names no requirement, or one that does not exist.
    """
    for scenario in unfounded(requirements, scenarios):
        named = ", ".join(scenario.requirements) or "none"
        raise UsageError(
            f'{scenario.file}:{scenario.line}: "{scenario.name}" must name requirements that exist '
            f"(it names {named}); tag it like @ISE-02, `isebench list` shows them"
        )


def _check_verdicts(feature: Feature) -> None:
    """Refuse a scenario that sees nothing; a word that Gherkin does not know is no step."""
    for scenario in feature.scenarios.values():
        steps = (*(feature.background.steps if feature.background else ()), *scenario.steps)
        if not any(step.type == "then" for step in steps):
            raise UsageError(
                f'{feature.filename}:{scenario.line_number}: "{scenario.name}" has no Then, so it '
                "could not fail; a line that begins with no word of Gherkin is no step"
            )


def requirement_ids(scenario: Scenario | ScenarioTemplate) -> tuple[str, ...]:
    """Give the requirements that a scenario, its rule and its feature are tagged with."""
    return _tags_of(scenario, REQUIREMENT_TAG)


def case_ids(scenario: Scenario | ScenarioTemplate) -> tuple[str, ...]:
    """Give the compliance cases that a scenario is; one at most, in a sound feature."""
    return _tags_of(scenario, CASE_TAG)


def fault_ids(scenario: Scenario | ScenarioTemplate) -> tuple[str, ...]:
    """Give the rows of the catalogue of field faults that a scenario shows."""
    return _tags_of(scenario, FAULT_TAG)


def _tags_of(scenario: Scenario | ScenarioTemplate, form: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(sorted(tag for tag in _all_tags(scenario) if form.fullmatch(tag)))


def _all_tags(scenario: Scenario | ScenarioTemplate) -> frozenset[str]:
    of_rule = set() if scenario.rule is None else scenario.rule.tags
    return frozenset(scenario.tags | scenario.feature.tags | of_rule)


def example_of(example: Mapping[str, str]) -> str:
    """Tell a row of the examples."""
    return ", ".join(f"{name} = {value}" for name, value in example.items())


def title_of(scenario: ScenarioTemplate, example: Mapping[str, str]) -> str:
    """Give what reports call a scenario: its name, and its row of the examples."""
    told, name = example_of(example), scenario.render(example).name
    return f"{name} [{told}]" if told else name


def _titles(scenario: ScenarioTemplate) -> tuple[str, ...]:
    rows = [row for table in scenario.examples for row in table.as_contexts()]
    return tuple(title_of(scenario, row) for row in rows) or (scenario.name,)


@cache
def _load_feature(path: Path) -> Feature:
    # pytest-bdd keeps what it has read for as long as the process lives, and so is this kept.
    # Reading Gherkin is pytest-bdd's work; it is imported here, as it is slow to import.
    from pytest_bdd.exceptions import GherkinParseError
    from pytest_bdd.feature import get_feature
    from pytest_bdd.gherkin_parser import get_gherkin_document

    try:
        feature = get_feature(str(path.parent), path.name)
        document = get_gherkin_document(str(path))
    except GherkinParseError as error:
        raise UsageError(f"{path}:{error.line}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 ({error})") from error
    except KeyError as error:
        raise UsageError(f'{path}: holds no feature; begin it with "Feature:"') from error
    # pytest-bdd keeps scenarios by name and would drop all but the last of one name in silence.
    children = document.feature.children
    children += [below for child in children if child.rule for below in child.rule.children]
    names = Counter(child.scenario.name for child in children if child.scenario)
    for name, count in names.items():
        if count > 1:
            raise UsageError(f'{path}: {count} scenarios are named "{name}"; name them apart')
    for scenario in feature.scenarios.values():
        if any(examples.tags for examples in scenario.examples):
            raise UsageError(
                f'{path}: "{scenario.name}" has examples with tags; tag the scenario instead'
            )
    return feature


def uncovered(
    requirements: Iterable[Requirement], scenarios: Iterable[ListedScenario]
) -> list[str]:
    """Give the ids of the requirements that no scenario names."""
    named = {id for scenario in scenarios for id in scenario.requirements}
    return [row.id for row in requirements if row.id not in named]


def unfounded(
    requirements: Iterable[Requirement], scenarios: Iterable[ListedScenario]
) -> list[ListedScenario]:
    """Give the scenarios that name no requirement, or one that does not exist."""
    known = {row.id for row in requirements}
    return [s for s in scenarios if not s.requirements or not known.issuperset(s.requirements)]


def astray(cases: Iterable[Case], scenarios: Iterable[ListedScenario]) -> list[str]:
    """
    Say where compliance cases and scenarios do not cover each other, one sentence each.

    Each case is exactly one scenario, whose title is its id and its public name.
    """
    known = {case.id: case for case in cases}
    found: dict[str, list[ListedScenario]] = {id: [] for id in known}
    sentences = []
    for scenario in scenarios:
        if len(scenario.cases) > 1:
            sentences.append(f'"{scenario.name}" is {len(scenario.cases)} cases at once')
        for id in scenario.cases:
            if id not in known:
                sentences.append(f'"{scenario.name}" is {id}, which is no case')
            found.setdefault(id, []).append(scenario)
    for id, case in known.items():
        titles = [scenario.name for scenario in found[id]]
        if titles != [case.title]:
            sentences.append(f'{id} is {titles or "no scenario"}, not one titled "{case.title}"')
    return sentences
