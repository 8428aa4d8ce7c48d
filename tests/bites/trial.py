"""How a fault is tried: its scenarios run up to the first that fails, and that is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from bites.mutant import Mutant
from pytest_bdd.parser import Feature, Scenario, Step
from pytest_bdd.scenario import make_python_name
from support.inner_pytest import run_within

from harness.catalogue import BUNDLED_FEATURES, load_scenarios

CAUGHT, SURVIVED, ASTRAY = "caught", "survived", "astray"
"""Verdicts: astray is what failed otherwise than at the sentence that is about the fault."""
PROPERTY = "fault"
"""Under which name a test tells what became of its fault."""
SAID_LIMIT = 2_000
"""How much of a failure is told, in signs."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    What became of a fault.

    Attributes:
        verdict: caught, survived or astray.
        scenario, where, example: the one that failed; its feature's name and its line.
        sentence: the one that did not hold.
        said: why it did not, as the harness tells it.
        trouble: why that is not as it should be; empty where it is.
    """

    verdict: str
    scenario: str = ""
    where: str = ""
    example: str = ""
    sentence: str = ""
    said: str = ""
    trouble: str = ""

    def as_json(self) -> dict[str, str]:
        """Give it as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """A sentence that did not hold, and what was raised."""

    scenario: Scenario
    feature: Feature
    example: str
    step: Step
    exception: Exception


class Bite:
    """Selects the scenarios of mutants in a pytest of its own, and keeps what failed."""

    def __init__(self, mutants: Iterable[Mutant]) -> None:
        self._mutants = tuple(mutants)
        self.failed: list[Failure] = []
        self.reports: list[pytest.TestReport] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave in what a mutant is to be seen by."""
        items[:] = [item for item in items if any(one.is_about(item) for one in self._mutants)]

    def pytest_bdd_step_error(
        self,
        request: pytest.FixtureRequest,
        feature: Feature,
        scenario: Scenario,
        step: Step,
        exception: Exception,
    ) -> None:
        """Keep the sentence that did not hold, and what was raised."""
        given = getattr(request.node, "callspec", None)
        example = "" if given is None else ", ".join(given.params["_pytest_bdd_example"].values())
        self.failed.append(Failure(scenario, feature, example, step, exception))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how each phase of each scenario ended."""
        self.reports.append(report)

    def ended(self, *outcomes: str) -> list[str]:
        """Give the phases that ended so."""
        return [
            f"{report.when} of {report.nodeid}: {report.longreprtext}"
            for report in self.reports
            if report.outcome in outcomes
        ]


def judged(mutant: Mutant, bite: Bite) -> Found:
    """Say what a run against a mutant has found."""
    ended = bite.ended("failed")
    count = len({report.nodeid for report in bite.reports})
    if not count:
        return Found(ASTRAY, trouble=f"no scenario of {mutant.requirement} has {mutant.only!r}")
    if not bite.failed:
        trouble = f"it survived {count} scenarios of {mutant.requirement}"
        return Found(ASTRAY if ended else SURVIVED, trouble="\n".join([trouble, *ended]))
    first = bite.failed[0]
    step, exception = first.step, first.exception
    said = f"{type(exception).__name__}: {exception}"
    trouble = ""
    if "then" != step.type or not isinstance(exception, AssertionError):
        trouble = "it failed before a Then could judge"
    elif mutant.sentence not in step.name:
        trouble = f"it failed at another sentence than the one of {mutant.sentence!r}"
    elif mutant.saying not in said:
        trouble = f"it failed, and {mutant.saying!r} is not told"
    elif 1 != len(ended):
        trouble = "\n".join(["more than one phase failed", *ended])
    return Found(
        ASTRAY if trouble else CAUGHT,
        first.scenario.name,
        f"{Path(first.feature.filename).name}:{first.scenario.line_number}",
        first.example,
        step.name,
        said[:SAID_LIMIT],
        trouble and f"{trouble}; {step.keyword} {step.name}\n{said}",
    )


def _features_about(mutant: Mutant) -> list[str]:
    """Give the features that can hold the mutant's scenarios: the fewer, the faster."""
    mine = [
        one for one in load_scenarios(BUNDLED_FEATURES) if mutant.requirement in one.requirements
    ]
    named = [one for one in mine if mutant.only in f"test_{make_python_name(one.name)}_"]
    # Where only an example is named, its scenario is not known by its name.
    return [one.path for one in named or mine]


def module_of(mutants: Iterable[Mutant]) -> str:
    """Give the text of a test module that holds the scenarios about mutants, and some more."""
    files = tuple(dict.fromkeys(file for mutant in mutants for file in _features_about(mutant)))
    folder = str(BUNDLED_FEATURES)
    return (
        f"from pytest_bdd import scenarios\nscenarios(*{files!r}, features_base_dir={folder!r})\n"
    )


INI = "[pytest]\nfilterwarnings =\n    error\n    ignore::pytest.PytestAssertRewriteWarning\n"
"""Other tests may have brought the sentences in already, and then pytest cannot look into them."""
OPTIONS: tuple[str, ...] = ("-x", "--tb=native")
"""A failure is told without a look into its source, which takes long and nobody reads."""


def run(pytester: pytest.Pytester, mutants: Iterable[Mutant]) -> Bite:
    """Run the scenarios that are about some mutants, up to the first that fails."""
    mutants = tuple(mutants)
    pytester.makepyfile(test_features=module_of(mutants))
    pytester.makeini(INI)
    bite = Bite(mutants)
    run_within(pytester, *OPTIONS, plugins=[bite])
    return bite


def tried(pytester: pytest.Pytester, mutant: Mutant, patch: pytest.MonkeyPatch) -> Found:
    """Put a fault in force in this process, and say what found it."""
    mutant.put_in_force(patch)
    return judged(mutant, run(pytester, [mutant]))


def plain(found: Found, mutant: Mutant, seconds: float, *, in_a_copy: bool) -> dict[str, Any]:
    """Give what is written down of a fault."""
    about = {
        "id": mutant.id,
        "words": mutant.bug,
        "side": mutant.side,
        "requirement": mutant.requirement,
    }
    tried = {"tried": "in a copy" if in_a_copy else "in this process"}
    return about | found.as_json() | tried | {"seconds": round(seconds, 2)}
