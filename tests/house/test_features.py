"""The rules of the house that concern features."""

from __future__ import annotations

import re
from pathlib import Path

from harness.catalogue import (
    BUNDLED_FEATURES,
    ListedScenario,
    Requirement,
    load_requirements,
    load_scenarios,
    uncovered,
    unfounded,
)

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
    here = {path.name: path.read_bytes() for path in FEATURES.iterdir()}
    bundled = {
        path.name: path.read_bytes() for path in BUNDLED_FEATURES.iterdir() if path.is_file()
    }

    assert here == bundled


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
        for path in sorted(FEATURES.glob("*.feature"))
        for scenario in scenarios_of(path)
        if len(re.findall(r"^\s*When ", scenario, re.MULTILINE)) != 1
    ]

    assert [] == crowded


def test_backgrounds_are_short() -> None:
    """A background has at most three lines."""
    long = [
        path.name
        for path in sorted(FEATURES.glob("*.feature"))
        for background in re.findall(r"Background:\n((?:.+\n)+)", path.read_text(encoding="utf-8"))
        if len(background.splitlines()) > 3
    ]

    assert [] == long
