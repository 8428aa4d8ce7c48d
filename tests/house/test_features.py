"""The rules of the house that concern features."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from pathlib import Path

from pytest_bdd.feature import get_features
from pytest_bdd.steps import step_function_context_registry

from harness import plugin
from harness.catalogue import (
    BUNDLED_FEATURES,
    SIDES,
    Case,
    ListedScenario,
    Requirement,
    astray,
    fault_ids,
    load_cases,
    load_requirements,
    load_scenarios,
    uncovered,
    unfounded,
)
from simulators.charger_inch.registry import all_quirks

NOT_OF_ENERGY = {
    "F22": "a charging profile that is ignored: what counts is the register, as on any day",
    "F79": "who talks while pending is refused, and charges nothing",
    "F81": "how long an error is shown",
    "F88": "a card that nobody knows charges nothing",
    "F89": "without a card nothing is charged",
    "F92": "a remote start that is refused charges nothing",
}
"""Rows of the catalogue of field faults that no delivered file can show, and why."""
OVER_SOAP = frozenset({"F93", "F94", "F95", "F96", "F97"})
"""Rows that are not yet covered, as nothing speaks SOAP yet."""

FEATURES = Path(__file__).resolve().parents[2] / "features"


def test_requirements_and_scenarios_cover_each_other() -> None:
    """Every requirement has a scenario, and every scenario a requirement that exists."""
    requirements, scenarios = load_requirements(FEATURES), load_scenarios(FEATURES)

    assert [] == uncovered(requirements, scenarios)
    assert [] == unfounded(requirements, scenarios)


def test_the_matrix_can_fail() -> None:
    """An uncovered requirement and an unfounded scenario are found."""
    row = Requirement("ISE-99", "must", "a source", "a text")
    stray = ListedScenario("a feature", "a scenario", ("ISE-98",), "a.feature", 1)

    assert ["ISE-99"] == uncovered([row], [stray])
    assert [stray] == unfounded([row], [stray])


def test_what_is_bundled_is_what_stands_here() -> None:
    """The features that ``isebench`` runs are these."""
    here, bundled = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (FEATURES, BUNDLED_FEATURES)
    )

    assert here == bundled


def test_each_compliance_case_is_one_scenario_under_its_public_name() -> None:
    """The table of cases and the features cover each other, both ways."""
    cases, scenarios = load_cases(), load_scenarios(FEATURES)

    assert [102, 75] == [sum(case.side == side for case in cases) for side in SIDES]
    assert len(cases) == len({case.id for case in cases})
    assert [] == astray(cases, scenarios)


def test_each_field_fault_has_its_scenario() -> None:
    """Every row that the charger can show is delivered, or has a reason why it cannot be."""
    rows = {row for kind in all_quirks().values() if (row := getattr(kind.make, "row", ""))}
    features = get_features([str(FEATURES)])
    shown = {id for one in features for each in one.scenarios.values() for id in fault_ids(each)}

    assert rows | OVER_SOAP == shown | NOT_OF_ENERGY.keys()
    assert set() == shown & NOT_OF_ENERGY.keys()


def test_the_table_of_cases_can_fail() -> None:
    """A case without a scenario, with two, under another name, and a stranger are found."""
    case = Case("TC_001_CS", "charge-point", "Cold Boot")
    sound = ListedScenario("a feature", "TC_001_CS Cold Boot", (), "a.feature", 1, ("TC_001_CS",))
    named = replace(sound, name="TC_001_CS Boot")
    stray = replace(sound, cases=("TC_001_CS", "TC_999_CS"))

    assert [] == astray([case], [sound])
    assert 1 == len(astray([case], []))
    assert 1 == len(astray([case], [sound, sound]))
    assert 1 == len(astray([case], [named]))
    assert 2 == len(astray([case], [stray]))


def test_cases_that_need_security_profiles_say_so_first() -> None:
    """What cannot be shown yet ends in its first Given after the background, not somewhere."""
    needy = {case.id for case in load_cases() if any("security" in need for need in case.needs)}
    first = {
        id: text.partition("Given ")[2].splitlines()[0]
        for path in FEATURES.rglob("*.feature")
        for text in scenarios_of(path)
        for id in needy
        if f": {id} " in text.splitlines()[0]
    }

    assert needy == first.keys()
    assert {id: need for id, need in first.items() if "security profile" not in need} == {}


def test_every_sentence_is_known() -> None:
    """Each sentence of the features has a step, also where the scenario ends before it."""
    for name in plugin.pytest_plugins:
        importlib.import_module(name)
    known = [
        (context.type, context.parser)
        for context in step_function_context_registry.values()
        if context.step_func.__module__ in plugin.pytest_plugins
    ]
    unknown = {
        f"{Path(feature.filename).name}: {step.name}"
        for feature in get_features([str(FEATURES)])
        for scenario in feature.scenarios.values()
        for step in scenario.steps
        if "<" not in step.name
        and not any(step.type == kind and parser.is_matching(step.name) for kind, parser in known)
    }

    assert set() == unknown


def test_features_hold_gherkin_only() -> None:
    """The room of the features holds features and the requirements, and no Python."""
    assert {".feature", ".toml"} == {path.suffix for path in FEATURES.rglob("*") if path.is_file()}


def scenarios_of(path: Path) -> list[str]:
    """Give the text of each scenario of a feature."""
    return re.split(r"\n\s*Scenario", path.read_text(encoding="utf-8"))[1:]


def test_a_scenario_acts_once() -> None:
    """A scenario has one When; what follows it begins with And, or is another scenario."""
    crowded = [
        f"{path.name}: {scenario.splitlines()[0]}"
        for path in sorted(FEATURES.rglob("*.feature"))
        for scenario in scenarios_of(path)
        if len(re.findall(r"^\s*When ", scenario, re.MULTILINE)) != 1
    ]

    assert [] == crowded


def test_backgrounds_are_short() -> None:
    """A background has at most three lines."""
    long = [
        path.name
        for path in sorted(FEATURES.rglob("*.feature"))
        for background in re.findall(r"Background:\n((?:.+\n)+)", path.read_text(encoding="utf-8"))
        if len(background.splitlines()) > 3
    ]

    assert [] == long
