"""Requirements and scenarios, and how they cover each other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

BUNDLED_FEATURES = Path(__file__).resolve().parent.parent / "features"
"""The features of this project; they stand beside the rooms, in a checkout and in a wheel."""

REQUIREMENT_TAG = re.compile(r"[A-Z]{3}-\d\d")


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
class ListedScenario:
    """A scenario as it stands in a feature file."""

    feature: str
    name: str
    requirements: tuple[str, ...]
    file: str
    line: int


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
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: not a list of requirements ({error})") from error


def load_scenarios(folder: Path) -> list[ListedScenario]:
    """
    Read the scenarios of a folder of features.

    Raises:
        UsageError: If there is no feature, or one that cannot be read.
    """
    # Reading Gherkin is pytest-bdd's work; it is imported here, as it is slow to import.
    from pytest_bdd.exceptions import GherkinParseError
    from pytest_bdd.feature import get_features

    paths = sorted(folder.rglob("*.feature"))
    if not paths:
        raise UsageError(f"{folder}: no file *.feature stands there")
    try:
        features = get_features([str(path) for path in paths])
    except GherkinParseError as error:
        raise UsageError(f"{folder}: {error}") from error
    return [
        ListedScenario(
            feature=feature.name or "",
            name=scenario.name,
            requirements=tuple(
                sorted(t for t in scenario.tags | feature.tags if REQUIREMENT_TAG.fullmatch(t))
            ),
            file=Path(feature.filename).name,
            line=scenario.line_number,
        )
        for feature in features
        for scenario in feature.scenarios.values()
    ]


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
