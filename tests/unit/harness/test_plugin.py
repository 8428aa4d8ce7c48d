"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import pytest
from support.inner_pytest import run_within

from harness import plugin
from harness.outcomes import Outcome
from harness.verdicts import Trials

pytest_plugins = ["pytester"]

OUTCOMES = """
@ABC-01 @must @lamps
Feature: Lamps

  @ABC-02 @slow
  Scenario: A charger stands there
    Given the charger "WB-1" is in service
    When the clock reaches 0:01
    Then "WB-1" has said of itself
      | field                   | value |
      | chargePointSerialNumber | none  |

  Scenario: Nobody knows the sentence
    Given the day is 3 June 2025
    When nobody knows this
    Then "WB-1" has sent no Heartbeat

  Scenario: The sentence is a coroutine
    When a lamp shines later
    Then a lamp shines

  Scenario: It is not done
    Given the lamp is left out
    Then a lamp shines

  @TC_085_CS
  Scenario: TC_085_CS Basic Authentication - Valid username/password combination
    Given the lamp is not built yet
    Then a lamp shines

  Scenario Outline: By example
    Given the day is <day>
    Then a lamp shines

    Examples:
      | day         | sign |
      | 3 June 2025 | a/b  |
      | 4 June 2025 | a:b  |
      | 99 June     | ü    |

  Scenario: It leaves trouble behind
    Given the tidying up fails
    Then no lamp shines
"""
STEPS = """
import pytest
from pytest_bdd import given, scenarios, then, when

@when("a lamp shines later")
async def later():
    pass

@then("a lamp shines")
def now():
    pass

@then("no lamp shines")
def never():
    raise AssertionError("a lamp shines")

@given("the lamp is left out")
def left_out():
    pytest.skip("it isn't bought (yet)")

@given("the lamp is not built yet")
def not_built():
    pytest.skip("not yet covered: nobody has built it")

@pytest.fixture
def untidy():
    yield
    raise RuntimeError("left lying about")

@given("the tidying up fails")
def untidy_given(untidy):
    pass

scenarios("lamps.feature", features_base_dir=".")
"""


CASE = "TC_085_CS Basic Authentication - Valid username/password combination"


class Keeper:
    """Keeps the trials of a session, and the marks of what was selected."""

    trials: Trials
    marks: set[tuple[str, str | None]]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the marks with their first words."""
        self.marks = {
            (mark.name, next(iter(mark.kwargs.values()), None))
            for item in session.items
            for mark in item.iter_markers()
        }

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Take the trials out of the session."""
        self.trials = session.config.stash[plugin._trials]


class Run:
    """A run of the feature above."""

    def __init__(self, pytester: pytest.Pytester, *options: str) -> None:
        self.folder = pytester.path
        (self.folder / "lamps.feature").write_text(OUTCOMES, encoding="utf-8")
        pytester.makepyfile(test_lamps=STEPS)
        pytester.makeini("[pytest]\n")
        keeper = Keeper()
        self.result = run_within(
            pytester,
            *("--strict-markers", "--features", str(self.folder), *options),
            plugins=[keeper],
        )
        self.marks = keeper.marks
        self.trials = {trial.title: trial for trial in keeper.trials._trials}


@pytest.fixture(name="run")
def _run(pytester: pytest.Pytester) -> Run:
    """Run everything, with evidence."""
    return Run(pytester, "--seed", "7", "--evidence", str(pytester.path / "out"))


class TestOutcomes:
    """What became of each scenario."""

    def test_of_the_run(self, run: Run) -> None:
        """Each scenario ends as pytest says; what is left out is not applicable."""
        assert {
            "A charger stands there": Outcome.FAILED,
            "Nobody knows the sentence": Outcome.FAILED,
            "The sentence is a coroutine": Outcome.FAILED,
            "It is not done": Outcome.NOT_APPLICABLE,
            CASE: Outcome.NOT_YET_COVERED,
            "By example [day = 3 June 2025, sign = a/b]": Outcome.PASSED,
            "By example [day = 4 June 2025, sign = a:b]": Outcome.PASSED,
            "By example [day = 99 June, sign = ü]": Outcome.FAILED,
            "It leaves trouble behind": Outcome.ERROR,
        } == {title: trial.outcome for title, trial in run.trials.items()}
        assert pytest.ExitCode.TESTS_FAILED == run.result.ret

    def test_a_failure_has_its_sentence_and_its_reason(self, run: Run) -> None:
        """The sentence that did not hold is the last that was tried, and the reason is told."""
        for title, sentence, said in (
            ("Nobody knows the sentence", "nobody knows this", "Step definition is not found"),
            ("The sentence is a coroutine", "a lamp shines later", "is a coroutine and would"),
            ("By example [day = 99 June, sign = ü]", "the day is 99 June", "is no day"),
            ("A charger stands there", '"WB-1" has said of itself', "WB-1 says chargePoint"),
            ("It leaves trouble behind", "no lamp shines", "a lamp shines"),
            ("It leaves trouble behind", "no lamp shines", "RuntimeError: left lying about"),
        ):
            trial = run.trials[title]

            assert (sentence, Outcome.FAILED) == (trial.steps[-1].text, trial.steps[-1].outcome)
            assert {Outcome.PASSED} >= {step.outcome for step in trial.steps[:-1]}
            assert said in trial.message

    def test_what_is_left_out_has_its_reason(self, run: Run) -> None:
        """The reason stands as it was given, with its brackets and quotes."""
        assert "it isn't bought (yet)" == run.trials["It is not done"].message
        assert "nobody has built it" == run.trials[CASE].message

    def test_is_counted_in_the_last_lines(
        self, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The cases of a side by verdict, and what was declared by reason, below pytest's own."""
        Run(pytester)

        told = capsys.readouterr().out.splitlines()
        first = next(i for i, line in enumerate(told) if line.startswith("charge-point: "))
        assert [
            "charge-point: 102 cases: 1 not yet covered, 101 not asked",
            "1 not applicable: it isn't bought (yet)",
            "1 not yet covered: nobody has built it",
        ] == told[first : first + 3]
        assert not any("short test summary" in line for line in told[first:])

    def test_of_a_case_is_the_trials(self, run: Run) -> None:
        """The id stands in the verdict, and in the marks with its side."""
        assert ("TC_085_CS",) == run.trials[CASE].verdict().cases
        assert ("case", "TC_085_CS") in run.marks

    def test_a_trial_bears_what_the_report_needs(self, run: Run) -> None:
        """Feature, place, seed and requirements come from the scenario and its feature."""
        trial = run.trials["A charger stands there"]

        assert ("Lamps", "lamps.feature:6", 7) == (trial.feature, trial.where, trial.seed)
        assert ("ABC-01", "ABC-02") == trial.requirements


class TestEvidence:
    """What is written where it was asked for."""

    def test_is_the_report_and_what_was_recorded(self, run: Run) -> None:
        """Who had a bench that went has a recording; the report and the matrix name them all."""
        out = run.folder / "out"

        assert ["test-a-charger-stands-there.jsonl"] == [
            path.name for path in (out / "recordings").iterdir()
        ]
        page = (out / "report.html").read_text(encoding="utf-8")
        assert all(trial.scenario in page for trial in run.trials.values())
        assert "ISE-01" in (out / "matrix.md").read_text(encoding="utf-8")

    def test_is_not_written_where_nothing_is_run(self, pytester: pytest.Pytester) -> None:
        """A list of the scenarios leaves no report."""
        Run(pytester, "--evidence", "out", "--collect-only")

        assert not (pytester.path / "out").exists()


class TestTags:
    """Tags and marks."""

    def test_become_marks(self, pytester: pytest.Pytester) -> None:
        """A requirement, a level, slow and an area each are a mark that can be selected by."""
        run = Run(pytester, "-m", "slow and must and requirement(id='ABC-02')")

        assert ["A charger stands there"] == list(run.trials)
        assert {
            ("requirement", "ABC-01"),
            ("requirement", "ABC-02"),
            ("must", None),
            ("slow", None),
            ("area", "lamps"),
        } == run.marks


def test_options_have_defaults(pytester: pytest.Pytester) -> None:
    """Without a seed it is 1, and without features the bundled ones are listed."""
    pytester.makepyfile(
        test_options="""
        from harness.catalogue import BUNDLED_FEATURES
        from harness.plugin import features_folder

        def test_options(pytestconfig, bench):
            assert 1 == bench.seed == pytestconfig.getoption("seed")
            assert BUNDLED_FEATURES == features_folder(pytestconfig)
        """
    )
    pytester.makeini("[pytest]\n")

    result = pytester.inline_run("-p", "harness.plugin", "-p", "no:hypothesispytest")

    result.assertoutcome(passed=1)
