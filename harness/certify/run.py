"""
The run: pytest in this process, one scenario a case, each before the charger that is there.

What a case ends in is read from how its scenario ended: a sentence that did not hold is *failed*;
an act that nobody could do, or a beginning that could not be had, is *not shown*; what the profile
declares is *not applicable*; anything else is the bench's own trouble, unless the charger has sent
what OCPP does not allow, which would explain it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from harness.bench import Bench
from harness.catalogue import BUNDLED_FEATURES, Case, load_scenarios
from harness.certify.acts import CannotBeDone, Stopped
from harness.certify.field_bench import FieldBench
from harness.certify.known_state import KnownState
from harness.certify.results import FrameSeen, Journal, Result, Sentence, Verdict, sha256_of
from harness.certify.site import Site
from harness.certify.statement import ARRIVALS, RECORDINGS
from harness.errors import Disagreement, UsageError
from harness.plugin import new_bench, trial_of
from harness.recording import instant_text, recorded
from harness.report import Outcome
from harness.verdicts import Trial
from simulators.wiretap import Crossing


class Run:
    """
    A pytest plugin that runs cases and keeps what came of them.

    Parameters:
        site: where the charger is.
        cases: those that are still to be run, in order.
        journal: where results go.
        folder: of the reports.
        done: how many cases of the run have ended before.

    Attributes:
        is_stopped, is_interrupted: whether the person, or a signal, has ended it early.
    """

    def __init__(
        self, site: Site, cases: Sequence[Case], journal: Journal, folder: Path, done: int
    ) -> None:
        self.is_stopped = False
        self.is_interrupted = False
        self._site = site
        self._cases = {case.id: case for case in cases}
        self._journal = journal
        self._folder = folder
        self._done = done
        self._state = KnownState(site)
        self._errors: dict[str, BaseException] = {}
        self._never_came: UsageError | None = None
        self._arrival = contextlib.ExitStack()

    def run(self) -> None:
        """
        Run all cases.

        Raises:
            UsageError: If nobody can listen, the charger does not come, or the features do not hold
                the cases.
        """
        if not self._cases:
            return
        scenarios = load_scenarios(BUNDLED_FEATURES)
        files = dict.fromkeys(one.path for one in scenarios if self._cases.keys() & one.cases)
        with tempfile.TemporaryDirectory(prefix="isebench-") as scratch, _environment(scratch):
            root = Path(scratch)
            module = root / "test_features.py"
            module.write_text(
                "from pytest_bdd import scenarios\n\n"
                f"scenarios(*{tuple(files)!r}, features_base_dir={str(BUNDLED_FEATURES)!r})\n",
                encoding="utf-8",
            )
            (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
            code = pytest.main(
                [
                    *(str(module), "-c", str(root / "pytest.ini"), "--rootdir", str(root)),
                    *("-p", "harness.plugin", "-p", "pytest_bdd.plugin"),
                    *("-p", "no:cacheprovider", "-p", "no:terminal", "-s"),
                    *("--import-mode=importlib", "--strict-markers"),
                    *("--basetemp", str(root / "benches")),
                ],
                plugins=[self],
            )
        self._arrival.close()
        if self._never_came is not None:
            raise self._never_came
        self.is_interrupted = code == pytest.ExitCode.INTERRUPTED and not self.is_stopped
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise UsageError(f"{BUNDLED_FEATURES}: the cases cannot be read there; install it anew")

    # ------------------------------------------------------------------ pytest's hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let each scenario have a bench before the charger that is there."""
        make: Callable[..., Bench] = partial(FieldBench, site=self._site, state=self._state)
        config.stash[new_bench] = make

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave the cases that are to be run, in their order."""
        found = {_case_of(item): item for item in items}
        items[:] = [found[id] for id in self._cases if id in found]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool | None:
        """Listen, and wait for the charger; everything that takes time has been read by now."""
        site = self._site
        where = ""
        self._arrival.enter_context(recorded(_free(self._folder), site.tap, site.clock.now()))
        try:
            site.run(site.start())
            where = f"{site.central.address}/{site.identity}"
            site.terminal.say(f"the charger connects to {where}")
            site.run(site.come())
        except UsageError as error:
            self._never_came = error
        except CannotBeDone as error:
            self._never_came = UsageError(
                f"{error}; let {site.identity} connect to {where}, or give it more time with "
                "come_s in [limits]"
            )
        return None if self._never_came is None else True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Say which case begins, record it, and keep what came of it."""
        self._arrival.close()
        case = self._cases[_case_of(item)]
        count = self._done + len(self._cases)
        self._site.terminal.say(f"case {self._number(case)} of {count}: {case.title}")
        began = self._site.clock.now()
        name = f"{RECORDINGS}/{case.id.lower()}.jsonl"
        path = self._folder / name
        path.unlink(missing_ok=True)  # of a run that was interrupted in the middle of it
        with recorded(path, self._site.tap, began):
            result = yield
        trial = trial_of(item)
        error = self._errors.pop(item.nodeid, None)
        if isinstance(error, Stopped):
            self.is_stopped = True
            item.session.shouldstop = str(error)
            self._site.terminal.say(f"  {error}")
            return result
        verdict, reason = _verdict_of(trial, error)
        ended = Result(
            id=case.id,
            title=case.title,
            verdict=verdict,
            reason=reason,
            began=instant_text(began),
            ended=instant_text(self._site.clock.now()),
            sentences=_sentences_of(trial, verdict),
            frames=tuple(map(_seen, trial.deciding if trial else ())),
            recording=name if path.exists() else "",
            recording_sha256=sha256_of(path),
        )
        self._journal.add(ended)
        told = f": {reason}" if reason else ""
        self._site.terminal.say(f"  {verdict}{told}")
        return result

    def _number(self, case: Case) -> int:
        return self._done + 1 + list(self._cases).index(case.id)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Keep what a scenario ended with, before it becomes a text."""
        bench = trial.bench if (trial := trial_of(item)) is not None else None
        error = call.excinfo.value if call.excinfo is not None else None
        if error is not None and item.nodeid not in self._errors:
            self._errors[item.nodeid] = _explained(error, bench)
        return (yield)


def _free(folder: Path) -> Path:
    """Give a name for the recording of an arrival that none has yet."""
    return folder / ARRIVALS.replace("*", str(1 + len(list(folder.glob(ARRIVALS)))))


def _case_of(item: pytest.Item) -> str:
    mark = item.get_closest_marker("case")
    return str(mark.kwargs["id"]) if mark is not None else ""


def _explained(error: BaseException, bench: object) -> BaseException:
    """Give what the charger broke where the bench has stumbled over it, else the error itself."""
    is_known = isinstance(error, AssertionError | CannotBeDone | Stopped | pytest.skip.Exception)
    if is_known or not isinstance(bench, FieldBench) or not bench.going or bench.tool is None:
        return error
    try:
        bench.tool.must_obey()
    except Disagreement as broken:
        return broken
    except Exception:
        return error
    return error


def _verdict_of(trial: Trial | None, error: BaseException | None) -> tuple[Verdict, str]:
    if isinstance(error, CannotBeDone):
        return Verdict.NOT_SHOWN, str(error)
    if isinstance(error, pytest.skip.Exception):
        return Verdict.NOT_APPLICABLE, str(error).removeprefix(f"{Outcome.NOT_APPLICABLE}: ")
    if isinstance(error, AssertionError):
        return Verdict.FAILED, str(error) or "a sentence of the case did not hold"
    if error is not None:
        return Verdict.ERROR, f"{type(error).__name__}: {error}"
    if trial is None or trial.outcome is not Outcome.PASSED:
        return Verdict.ERROR, trial.message if trial else "the scenario did not begin"
    return Verdict.PASSED, trial.message


def _sentences_of(trial: Trial | None, verdict: Verdict) -> tuple[Sentence, ...]:
    """Give the sentences; one that could not be done has not failed."""
    steps = trial.steps if trial is not None else ()
    is_shown = verdict is not Verdict.NOT_SHOWN
    return tuple(
        Sentence(
            step.keyword,
            step.text,
            str(step.outcome if is_shown or step.outcome is Outcome.PASSED else verdict),
        )
        for step in steps
    )


def _seen(one: Crossing) -> FrameSeen:
    return FrameSeen(instant_text(one.at), one.wire, one.sender, one.receiver, one.text)


@contextlib.contextmanager
def _environment(scratch: str) -> Iterator[None]:
    """Let pytest see neither options nor plugins that happen to lie about, and keep nothing."""
    wanted: Mapping[str, str] = {
        "PYTEST_ADDOPTS": "",
        "PYTEST_PLUGINS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": f"{scratch}/hypothesis",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
