"""
The pytest plugin: tags become requirements and cases, scenarios become verdicts.

Load it with ``-p harness.plugin``. It brings the sentences (`harness.steps`), the ``bench``
fixture and the options ``--seed``, ``--features`` and ``--evidence``. Who wants the sentences in a
project of his own, and none of the options and reports, takes `harness.sentences`.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from pytest_bdd.exceptions import StepDefinitionNotFoundError
from pytest_bdd.parser import Feature, Scenario, Step

from backend.errors import BackendError
from harness.bench import Bench
from harness.catalogue import (
    BUNDLED_FEATURES,
    CASE_TAG,
    REQUIREMENT_TAG,
    case_ids,
    fault_ids,
    load_cases,
    requirement_ids,
    side_of,
)
from harness.errors import HarnessError
from harness.report import Outcome, reasons, tally
from harness.target import CENTRAL_SYSTEM
from harness.targets.errors import NotOffered
from harness.targets.scope import judge_by_scope
from harness.targets.target_file import Target, read_target
from harness.verdicts import Trial, Trials
from simulators.errors import SimulatorError

pytest_plugins = [
    "harness.steps.central_system",
    "harness.steps.charging",
    "harness.steps.compliance",
    "harness.steps.delivery",
    "harness.steps.drops",
    "harness.steps.elsewhere",
    "harness.steps.explain",
    "harness.steps.export",
    "harness.steps.fault_matrix",
    "harness.steps.faults",
    "harness.steps.gateway",
    "harness.steps.gateway_automation",
    "harness.steps.gateway_links",
    "harness.steps.gateway_modbus",
    "harness.steps.gateway_web",
    "harness.steps.formats",
    "harness.steps.habits",
    "harness.steps.hands",
    "harness.steps.harness",
    "harness.steps.inch",
    "harness.steps.key_files",
    "harness.steps.keys",
    "harness.steps.kills",
    "harness.steps.metering",
    "harness.steps.meters",
    "harness.steps.operating",
    "harness.steps.page",
    "harness.steps.reading_files",
    "harness.steps.saying",
    "harness.steps.secrets",
    "harness.steps.sources",
    "harness.steps.targets",
    "harness.steps.tasks",
    "harness.steps.time",
]

LEVELS = ("must", "should")
JUDGED = ("ISE", "AEX", "FMT", "DLV", "COL")
"""Areas whose requirements judge a backend."""

SENTENCES = (
    AssertionError,
    BackendError,
    HarnessError,
    SimulatorError,
    StepDefinitionNotFoundError,
)
"""What carries a sentence for a person; anything else is the bench's own trouble, and traced."""

_trial = pytest.StashKey[Trial]()
_trials = pytest.StashKey[Trials]()
_target = pytest.StashKey[Target | None]()


def features_folder(config: pytest.Config) -> Path:
    """Give the folder whose scenarios are to be run."""
    return Path(config.getoption("features")).resolve()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the bench's options."""
    group = parser.getgroup("isebench")
    group.addoption("--seed", type=int, default=1, help="the seed of every scenario (1)")
    group.addoption(
        "--features", default=str(BUNDLED_FEATURES), help="the folder of the features to run"
    )
    group.addoption(
        "--evidence", default=None, help="a folder for the report, recordings and files"
    )
    group.addoption("--part", default="1/1", help="which of how many parts of the scenarios")
    group.addoption(
        "--target",
        default=None,
        help="the file of a backend that is not ours, to be put under test",
    )
    group.addoption("--quick", action="store_true", help="leave out what is tagged as slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a part of what is selected, each n-th, so that what takes long is spread."""
    first, count = map(int, config.getoption("part").split("/"))
    is_quick = config.getoption("quick")
    asked = [one for one in items if not (is_quick and one.get_closest_marker("slow"))]
    if config.stash[_target] is not None:
        asked = [one for one in asked if _judges_a_backend(one)]
    left = asked[first - 1 :: count]
    if len(left) < len(items):
        config.hook.pytest_deselected(items=[one for one in items if one not in left])
        items[:] = left


def _judges_a_backend(item: pytest.Item) -> bool:
    """Tell whether a scenario judges a backend; others judge devices, or the harness itself."""
    ids = [mark.kwargs["id"] for mark in item.iter_markers("requirement")]
    sides = [mark.kwargs["side"] for mark in item.iter_markers("case")]
    return CENTRAL_SYSTEM in sides or (not sides and any(id.startswith(JUDGED) for id in ids))


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks that tags turn into, and open the list of trials."""
    config.addinivalue_line("markers", "requirement(id): the requirement that a scenario proves")
    config.addinivalue_line("markers", "case(id, side): the compliance case that a scenario is")
    for level in LEVELS:
        config.addinivalue_line("markers", f"{level}: how binding the requirement is")
    config.addinivalue_line("markers", "area(name): what a feature is about")
    config.addinivalue_line("markers", "slow: takes longer than a run of all may last")
    file = config.getoption("target")
    target = config.stash[_target] = None if file is None else read_target(Path(file))
    config.stash[_trials] = Trials(
        seed=config.getoption("seed"), features=features_folder(config), target=target
    )


@pytest.hookimpl(tryfirst=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool:
    """Turn ``@ISE-02`` into ``requirement(id="ISE-02")``; pytest-bdd's own would come later."""
    if REQUIREMENT_TAG.fullmatch(tag):
        pytest.mark.requirement(id=tag)(function)
    elif CASE_TAG.fullmatch(tag):
        pytest.mark.case(id=tag, side=side_of(tag))(function)
    elif tag in LEVELS or tag == "slow":
        getattr(pytest.mark, tag)(function)
    else:
        pytest.mark.area(name=tag)(function)
    return True


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Set up a bench of its own for each scenario, and take it down again."""
    yield from bench_of(request, tmp_path)


def bench_of(request: pytest.FixtureRequest, folder: Path) -> Iterator[Bench]:
    """Set up a bench, for its trial and its target where there are any, and take it down again."""
    target = request.config.stash.get(_target, None)
    bench = Bench(seed=request.config.getoption("seed", 1), folder=folder, target=target)
    trial = request.node.stash.get(_trial, None)
    if trial is not None:
        trial.bench = bench
        if target is not None and (reason := target.scope.left_out(trial.ids)) is not None:
            raise NotOffered(reason)
    yield bench
    bench.close()


def pytest_bdd_before_scenario(
    request: pytest.FixtureRequest, feature: Feature, scenario: Scenario
) -> None:
    """Open the trial of a scenario."""
    trial = Trial(
        node=request.node.nodeid,
        feature=feature.name or "",
        scenario=scenario.name,
        example=_example(request),
        where=f"{Path(feature.filename).name}:{scenario.line_number}",
        requirements=requirement_ids(scenario),
        cases=case_ids(scenario),
        faults=fault_ids(scenario),
        seed=request.config.getoption("seed"),
    )
    request.node.stash[_trial] = trial
    request.config.stash[_trials].add(trial)


def _example(request: pytest.FixtureRequest) -> str:
    callspec = getattr(request.node, "callspec", None)
    if callspec is None:
        return ""
    example = callspec.params.get("_pytest_bdd_example", {})
    return ", ".join(f"{name} = {value}" for name, value in example.items())


def pytest_bdd_before_step(
    request: pytest.FixtureRequest, step: Step, step_func: Callable[..., object]
) -> None:
    """Refuse coroutine steps: pytest-bdd never awaits them, so they would always pass."""
    trial = request.node.stash[_trial]
    trial.begin(step.keyword, step.name)
    if step.type == "when" and trial.bench is not None and trial.bench.tool is not None:
        trial.bench.tool.is_happening = True
    if inspect.iscoroutinefunction(step_func):
        trial.end(Outcome.FAILED)
        refuse_coroutine(step)


def refuse_coroutine(step: Step) -> NoReturn:
    """Fail a scenario whose step is a coroutine."""
    pytest.fail(f"the step '{step.name}' is a coroutine and would never run")


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Note that a step held."""
    request.node.stash[_trial].end(Outcome.PASSED)


def pytest_bdd_step_error(request: pytest.FixtureRequest, exception: Exception) -> None:
    """Note that a step did not hold, or does not apply."""
    applies = not isinstance(exception, NotOffered)
    request.node.stash[_trial].end(Outcome.FAILED if applies else Outcome.NOT_APPLICABLE)


def pytest_bdd_step_func_lookup_error(
    request: pytest.FixtureRequest, step: Step, exception: Exception
) -> None:
    """Note that a sentence has no step."""
    trial = request.node.stash[_trial]
    trial.begin(step.keyword, step.name)
    trial.end(Outcome.FAILED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Take pytest's word for how the scenario ended."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    trial = item.stash.get(_trial, None)
    if (target := item.config.stash[_target]) is not None:
        judge_by_scope(report, call.excinfo, target.scope, () if trial is None else trial.ids)
    if trial is not None:
        message = report.longreprtext
        if isinstance(report.longrepr, tuple):  # skipped: file, line and reason
            message = report.longrepr[2].removeprefix("Skipped: ")
        trial.conclude(report.when or "", report.outcome, message, report.duration)
        if report.failed and call.excinfo is not None and call.excinfo.errisinstance(SENTENCES):
            report.longrepr = trial.told()
    return report  # type: ignore[return-value]


def _add_what_did_not_begin(session: pytest.Session) -> None:
    trials = session.config.stash[_trials]
    for item in session.items:
        if _trial not in item.stash:
            trials.add(
                Trial(
                    node=item.nodeid,
                    feature="",
                    scenario=item.name,
                    example="",
                    where="",
                    requirements=tuple(
                        sorted(mark.kwargs["id"] for mark in item.iter_markers("requirement"))
                    ),
                    seed=trials.seed,
                )
            )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """Count the compliance cases by verdict, and what was declared by reason, below all else."""
    yield
    verdicts = config.stash[_trials].verdicts()
    for side in tally(load_cases(), verdicts):
        terminalreporter.write_line(side.told())
    for (outcome, reason), count in reasons(verdicts).items():
        terminalreporter.write_line(f"{count} {outcome}: {reason}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Write the evidence and the report where they were asked for, after the others' reports."""
    try:
        yield
        folder = session.config.getoption("evidence")
        if folder is not None and not session.config.getoption("collectonly"):
            interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
            if interrupted:
                _add_what_did_not_begin(session)
            session.config.stash[_trials].write(Path(folder), interrupted=interrupted)
    except Exception:
        # Python would end with 1, which says that a scenario has failed.
        traceback.print_exc()
        pytest.exit("a report could not be written", pytest.ExitCode.INTERNAL_ERROR)
