"""
The pytest plugin: tags become requirements and cases, scenarios become verdicts.

Load it with ``-p harness.plugin``. It brings the sentences (`harness.steps`), the ``bench``
fixture and the options ``--seed``, ``--features`` and ``--evidence``. Who wants the sentences in a
project of his own, and none of the options and reports, takes `harness.sentences`.
"""

from __future__ import annotations

import inspect
import json
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from pytest_bdd.exceptions import StepDefinitionNotFoundError
from pytest_bdd.parser import Feature, Scenario, ScenarioTemplate, Step
from pytest_bdd.scenario import scenario_wrapper_template_registry
from pytest_bdd.utils import registry_get_safe

from backend.errors import BackendError
from harness.bench import Bench
from harness.catalogue import (
    BUNDLED_FEATURES,
    CASE_TAG,
    REQUIREMENT_TAG,
    case_ids,
    example_of,
    fault_ids,
    load_cases,
    requirement_ids,
    side_of,
    title_of,
)
from harness.errors import HarnessError
from harness.outcomes import Outcome
from harness.summary import reasons, tally
from harness.targets.errors import NotOffered
from harness.targets.scope import judge_by_scope
from harness.targets.target_file import Target, read_target
from harness.verdicts import Trial, Trials, properties_of, slugs_of
from simulators.errors import SimulatorError

pytest_plugins = [
    "harness.steps.central_system",
    "harness.steps.certify",
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
    "harness.steps.recordings",
    "harness.steps.reports",
    "harness.steps.saying",
    "harness.steps.secrets",
    "harness.steps.sources",
    "harness.steps.targets",
    "harness.steps.tasks",
    "harness.steps.time",
]

LEVELS = ("must", "should")

SENTENCES = (
    AssertionError,
    BackendError,
    HarnessError,
    SimulatorError,
    StepDefinitionNotFoundError,
)
"""What carries a sentence for a person; anything else is the bench's own trouble, and traced."""

new_bench = pytest.StashKey[Callable[..., Bench]]()
"""What makes the benches, where a run has another kind of them."""

_trial = pytest.StashKey[Trial]()
_trials = pytest.StashKey[Trials]()
_target = pytest.StashKey[Target | None]()
_place = pytest.StashKey[tuple[int, str]]()
_EXAMPLE = "_pytest_bdd_example"
"""What pytest-bdd calls a row of the examples."""


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
    group.addoption("--asked", default=None, help="a file that names the scenarios to run (JSON)")
    group.addoption("--selection", default="", help="what was asked for, in words, for the report")
    group.addoption("--no-pages", action="store_true", help="leave out what people read")
    group.addoption("--tell", type=int, default=None, help="a file descriptor, for the progress")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Leave what is asked for, and of it a part, each n-th, so that what takes long is spread.

    Numbers and names for files are given before it is parted: they are the same in each part.
    """
    asked = _asked(config, items)
    for number, (one, slug) in enumerate(
        zip(asked, slugs_of(one.nodeid for one in asked), strict=True), start=1
    ):
        one.stash[_place] = (number, slug)
    config.stash[_trials].asked = len(asked)
    first, count = map(int, config.getoption("part").split("/"))
    left = asked[first - 1 :: count]
    if len(left) < len(items):
        there = set(left)
        config.hook.pytest_deselected(items=[one for one in items if one not in there])
        items[:] = left
    _tell(config, {"count": len(left)})


def _asked(config: pytest.Config, items: list[pytest.Item]) -> list[pytest.Item]:
    path = config.getoption("asked")
    if path is None:
        return list(items)
    keys = {tuple(key) for key in json.loads(Path(path).read_text(encoding="utf-8"))}
    return [one for one in items if _key(one) in keys]


def _key(item: pytest.Item) -> tuple[str, int, str] | None:
    """Tell a scenario, or one of its examples, apart as `harness.selection` does."""
    template = _template_of(item)
    if template is None:
        return None
    return template.feature.filename, template.line_number, title_of(template, _example(item))


def _template_of(item: pytest.Item) -> ScenarioTemplate | None:
    function = getattr(item, "obj", None)
    return registry_get_safe(scenario_wrapper_template_registry, function)


def _example(item: pytest.Item) -> dict[str, str]:
    callspec = getattr(item, "callspec", None)
    example: dict[str, str] = {} if callspec is None else callspec.params.get(_EXAMPLE, {})
    return example


def _tell(config: pytest.Config, event: dict[str, object]) -> None:
    """Tell whoever has started several of these how far this one is."""
    if (descriptor := config.getoption("tell")) is not None:
        os.write(descriptor, (json.dumps(event) + "\n").encode("ascii"))


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
    make = request.config.stash.get(new_bench, Bench)
    bench = make(seed=request.config.getoption("seed", 1), folder=folder, target=target)
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
    trial = _trial_of(request.node, scenario)
    request.node.stash[_trial] = trial
    request.config.stash[_trials].add(trial)


def _trial_of(item: pytest.Item, scenario: Scenario | ScenarioTemplate) -> Trial:
    number, slug = item.stash.get(_place, (0, ""))
    trial = Trial(
        node=item.nodeid,
        feature=scenario.feature.name or "",
        scenario=scenario.name,
        example=example_of(_example(item)),
        where=f"{Path(scenario.feature.filename).name}:{scenario.line_number}",
        requirements=requirement_ids(scenario),
        cases=case_ids(scenario),
        faults=fault_ids(scenario),
        seed=item.config.getoption("seed"),
        slug=slug,
        number=number,
    )
    item.user_properties += properties_of(trial, item.config.stash[_trials].target)
    return trial


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


def trial_of(item: pytest.Item) -> Trial | None:
    """Give the trial of a scenario; None before it has begun."""
    return item.stash.get(_trial, None)


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
        if report.when == "teardown":
            _tell(
                item.config, {"number": trial.number, "outcome": trial.outcome, "told": trial.title}
            )
    return report  # type: ignore[return-value]


def _add_what_did_not_begin(session: pytest.Session) -> None:
    for item in session.items:
        template = _template_of(item)
        if _trial not in item.stash and template is not None:
            session.config.stash[_trials].add(_trial_of(item, template.render(_example(item))))


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
            session.config.stash[_trials].write(
                Path(folder),
                interrupted=interrupted,
                selection=session.config.getoption("selection"),
                pages=not session.config.getoption("no_pages"),
            )
    except Exception:
        # Python would end with 1, which says that a scenario has failed.
        traceback.print_exc()
        pytest.exit("a report could not be written", pytest.ExitCode.INTERNAL_ERROR)
