"""What `isebench conform` selects, and what its exit code says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness import conform
from harness.conform import BROKEN, FAILED, NOTHING_RUN, PASSED, USAGE, select
from harness.errors import UsageError

FEATURE = """
@ABC-01
Feature: Lamps
  @ABC-11
  Scenario: On
    Then 0 files arrive at EW Seedorf
  @XYZ-01
  Scenario: Off
    Then 0 files arrive at EW Seedorf
"""
CASES = """
@XYZ-01
Feature: Cases
  @TC_003_CS
  Scenario: TC_003_CS Regular Charging Session - Plugin First
    Then 0 files arrive at EW Seedorf
  @TC_003_CSMS @ABC-02
  Scenario: TC_003_CSMS Regular Charging Session - Plugin First
    Then 0 files arrive at EW Seedorf
"""


@pytest.fixture(name="features")
def _features(tmp_path: Path) -> Path:
    """Give a folder of features with requirements, of which one has no scenario."""
    rows = [
        f'[[requirement]]\nid = "{id}"\nlevel = "must"\nsource = ""\ntext = ""\n'
        for id in ("ABC-11", "ABC-01", "ABC-02", "XYZ-01")
    ]
    (tmp_path / "requirements.toml").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "lamps.feature").write_text(FEATURE, encoding="utf-8")
    return tmp_path


class TestSelect:
    """Ids and their beginnings."""

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ([], []),
            (["ABC-01"], ["ABC-01"]),
            (["abc-1"], ["ABC-11"]),
            (["ABC"], ["ABC-11", "ABC-01"]),
            (["XYZ", "ABC-0", "ABC"], ["XYZ-01", "ABC-01", "ABC-11"]),
        ],
    )
    def test_gives_each_requirement_once(
        self, features: Path, words: list[str], expected: list[str]
    ) -> None:
        """In the order of the words, then of the requirements; case makes no difference."""
        assert expected == list(select(words, features).requirements)

    @pytest.mark.parametrize(
        ("words", "side", "expected"),
        [
            (["TC_003_CS"], "", "(case(id='TC_003_CS'))"),
            (["tc_003"], "", "(case(id='TC_003_CS') or case(id='TC_003_CSMS'))"),
            ([], "charge-point", "case(side='charge-point')"),
            (
                ["XYZ", "TC_003_CSMS"],
                "central-system",
                "(requirement(id='XYZ-01') or case(id='TC_003_CSMS')) and "
                "case(side='central-system')",
            ),
            ([], "", ""),
        ],
    )
    def test_knows_compliance_cases(
        self, features: Path, words: list[str], side: str, expected: str
    ) -> None:
        """A whole id is one case, the beginning of some is all of them, and a side is a limit."""
        (features / "cases.feature").write_text(CASES, encoding="utf-8")

        assert expected == select(words, features, side).marks

    def test_names_the_features_that_are_needed(self, features: Path) -> None:
        """Only these are collected, so a case does not wait for the others."""
        (features / "cases.feature").write_text(CASES, encoding="utf-8")

        assert [("cases.feature",), ("lamps.feature",), ("cases.feature", "lamps.feature")] == [
            tuple(Path(file).name for file in select(words, features).files)
            for words in (["TC_003"], ["ABC-11"], [])
        ]

    @pytest.mark.parametrize(("words", "told"), [([], "no scenario there"), (["ABC"], '"ABC"')])
    def test_refuses_a_side_without_cases(
        self, features: Path, words: list[str], told: str
    ) -> None:
        """Where a side has no scenario of what is asked, that is said."""
        with pytest.raises(UsageError, match=told):
            select(words, features, "charge-point")

    @pytest.mark.parametrize(
        ("word", "told"),
        [
            ("TC_003_CS", "TC_003_CS is a case of the charge-point side, not of the central"),
            ("abc-01", "ABC-01 has no compliance case of the central-system side; leave --side"),
        ],
    )
    def test_refuses_what_is_not_of_the_side(self, features: Path, word: str, told: str) -> None:
        """A whole id is that one alone, never another that begins so."""
        (features / "cases.feature").write_text(CASES, encoding="utf-8")

        with pytest.raises(UsageError, match=told):
            select([word], features, "central-system")

    @pytest.mark.parametrize("word", ["ABC-02", "ABC-3", "lamps", "-01"])
    def test_refuses_what_selects_nothing(self, features: Path, word: str) -> None:
        """A word that no scenario answers to is named, also beside one that is good."""
        with pytest.raises(UsageError, match=f'"{word}" selects no scenario; `isebench list`'):
            select(["ABC-01", word], features)


class TestExitCodes:
    """What pytest's end means."""

    @pytest.mark.parametrize(
        ("code", "expected"),
        [(0, PASSED), (1, FAILED), (2, BROKEN), (3, BROKEN), (4, USAGE), (5, NOTHING_RUN)],
    )
    def test_of_pytest(self, tmp_path: Path, code: int, expected: int) -> None:
        """Each of pytest's codes has its meaning; its "interrupted" without Ctrl-C is none."""
        command = [sys.executable, "-S", "-c", f"raise SystemExit({code})"]

        assert expected == conform._run(command, tmp_path)

    def test_of_what_dies(self, tmp_path: Path) -> None:
        """A pytest that a signal ended is a bench that broke."""
        command = [sys.executable, "-S", "-c", "import os; os.kill(os.getpid(), 9)"]

        assert BROKEN == conform._run(command, tmp_path)


class TestWhatProvesNothing:
    """A scenario that cannot fail, or belongs to nothing, is refused before anything runs."""

    @pytest.mark.parametrize(
        ("scenario", "told"),
        [
            ("@ABC-11\n  Scenario: A\n    Given the day is 3 June 2025", '"A" has no Then'),
            ("@ABC-11\n  Scenario: A\n    Give the day is 3 June 2025", '"A" has no Then'),
            ("Scenario: A\n    Then x", r"must name requirements that exist \(it names none\)"),
            ("@ABC-77\n  Scenario: A\n    Then x", r"\(it names ABC-77\)"),
        ],
    )
    def test_it_is_refused_with_its_place(self, features: Path, scenario: str, told: str) -> None:
        """The file and the line are named."""
        (features / "more.feature").write_text(f"Feature: F\n  {scenario}\n", encoding="utf-8")

        with pytest.raises(UsageError, match=rf"more\.feature:\d+: .*{told}"):
            select([], features)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ('[not_applicable]\n"" = "x"', "an empty name is no requirement and no case"),
        ('[not_applicable]\nT = "x"', "T is no requirement and no case"),
        ('[expected_to_fail]\ntc_003 = "x"', "with two capitals at least"),
        ('[expected_to_fail]\nNO-1 = "x"', "NO-1 is no requirement and no case"),
        (
            '[not_applicable]\nTC_003 = "no"\n[expected_to_fail]\nTC_003_CSMS = "x"',
            r'TC_003_CSMS is expected to fail, and not applicable \("no"\)',
        ),
    ],
)
def test_a_scope_that_says_nothing_is_refused(
    features: Path, tmp_path: Path, tables: str, words: str
) -> None:
    """A name that fits everything, or nothing, would excuse what nobody has declared."""
    path = tmp_path / "target.toml"
    path.write_text(f'name = "x"\nstart = ["false"]\n{tables}\n', encoding="utf-8")

    with pytest.raises(UsageError, match=words):
        conform._check_target(path, features)
