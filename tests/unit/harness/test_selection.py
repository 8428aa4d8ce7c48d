"""What `isebench conform` selects."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.outcomes import Outcome, Report, Run, Verdict
from harness.report_json import report_json
from harness.selection import Wish, left_open, list_of, select

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


PLUGIN = "TC_003_CS Regular Charging Session - Plugin First"
PLUGIN_THERE = "TC_003_CSMS Regular Charging Session - Plugin First"
OUTLINE = """
@ABC-02 @sockets
Feature: Sockets
  @slow
  Scenario Outline: Socket <number>
    Then 0 files arrive at EW Seedorf

    Examples:
      | number | colour |
      | 1      | red    |
      | 2      | blue   |
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


def titles(features: Path, wish: Wish) -> list[str]:
    """Give what a wish asks for, by title."""
    return [one.title for one in select(wish, features).asked]


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
        assert expected == list(select(Wish(words), features).requirements)

    @pytest.mark.parametrize(
        ("words", "side", "expected"),
        [
            (["TC_003_CS"], "", [PLUGIN]),
            (["tc_003"], "", [PLUGIN, PLUGIN_THERE]),
            ([], "charge-point", [PLUGIN]),
            (["XYZ", "TC_003_CSMS"], "central-system", [PLUGIN_THERE]),
            ([], "", [PLUGIN, PLUGIN_THERE, "On", "Off"]),
        ],
    )
    def test_knows_compliance_cases(
        self, features: Path, words: list[str], side: str, expected: list[str]
    ) -> None:
        """A whole id is one case, the beginning of some is all of them, and a side is a limit."""
        (features / "cases.feature").write_text(CASES, encoding="utf-8")

        assert expected == titles(features, Wish(words, side))

    def test_names_the_features_that_are_needed(self, features: Path) -> None:
        """Only these are collected, so a case does not wait for the others."""
        (features / "cases.feature").write_text(CASES, encoding="utf-8")

        assert [("cases.feature",), ("lamps.feature",), ("cases.feature", "lamps.feature")] == [
            tuple(Path(file).name for file in select(Wish(words), features).files)
            for words in (["TC_003"], ["ABC-11"], [])
        ]

    @pytest.mark.parametrize(("words", "told"), [([], "no scenario there"), (["ABC"], '"ABC"')])
    def test_refuses_a_side_without_cases(
        self, features: Path, words: list[str], told: str
    ) -> None:
        """Where a side has no scenario of what is asked, that is said."""
        with pytest.raises(UsageError, match=told):
            select(Wish(words, "charge-point"), features)

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
            select(Wish([word], "central-system"), features)

    @pytest.mark.parametrize("word", ["ABC-02", "ABC-3", "lamps", "-01"])
    def test_refuses_what_selects_nothing(self, features: Path, word: str) -> None:
        """A word that no scenario answers to is named, also beside one that is good."""
        with pytest.raises(UsageError, match=f'"{word}" selects no scenario; `isebench list`'):
            select(Wish(["ABC-01", word]), features)


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
            select(Wish(), features)


class TestLimits:
    """Tags, what is left out, and what an earlier run left open."""

    @pytest.fixture(autouse=True)
    def _outline(self, features: Path) -> None:
        """Have an outline beside the lamps."""
        (features / "sockets.feature").write_text(OUTLINE, encoding="utf-8")

    def test_each_example_is_asked_for_by_itself(self, features: Path) -> None:
        """Its title bears its row, as in the reports."""
        assert ["Socket 1 [number = 1, colour = red]", "Socket 2 [number = 2, colour = blue]"] == (
            titles(features, Wish(["ABC-02"]))
        )

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ("@XYZ-01", ["Off"]),
            ("not @slow", ["On", "Off"]),
            ("@ABC-01 and not (@XYZ-01 or @slow)", ["On"]),
            ("@slow and @ABC-01", None),
        ],
    )
    def test_tags_of_feature_and_scenario_count(
        self, features: Path, tags: str, expected: list[str] | None
    ) -> None:
        """An expression of Cucumber; one that nothing fits is refused with what was asked."""
        if expected is not None:
            assert expected == titles(features, Wish(tags=tags))
            return
        with pytest.raises(UsageError, match=r"at once: --tags '@slow and @ABC-01'; leave a part"):
            titles(features, Wish(tags=tags))

    @pytest.mark.parametrize(
        ("tags", "told"),
        [
            ("@slwo", "no scenario bears the tag @slwo$"),
            ("not slow", "no scenario bears the tag slow; write @slow"),
            ("@slow and", "is no tag expression .*; write '@delivery and not @slow'"),
            ("(@slow", "is no tag expression"),
        ],
    )
    def test_a_slip_of_the_pen_is_refused(self, features: Path, tags: str, told: str) -> None:
        """Else "not @slwo" would ask for all."""
        with pytest.raises(UsageError, match=told):
            titles(features, Wish(tags=tags))

    def test_what_is_excluded_is_left_out(self, features: Path) -> None:
        """By id or beginning; a word that names nothing is refused."""
        assert ["Off"] == titles(features, Wish(exclude=["abc-1", "ABC-02"]))
        with pytest.raises(UsageError, match='"LMN" selects no scenario'):
            titles(features, Wish(exclude=["LMN"]))

    def test_a_quick_run_leaves_out_what_is_slow(self, features: Path) -> None:
        """The tag stands at the scenario, its rule or its feature."""
        assert ["On", "Off"] == titles(features, Wish(is_quick=True))

    def test_a_backend_is_judged_by_what_judges_backends(self, features: Path) -> None:
        """Scenarios of devices say nothing of it; of the cases those of its side do."""
        (features / "cases.feature").write_text(CASES, encoding="utf-8")

        assert [PLUGIN_THERE] == titles(features, Wish(of_backend=True))
        with pytest.raises(UsageError, match="at once: ABC-11"):
            titles(features, Wish(["ABC-11"], of_backend=True))

    def test_what_was_left_open_is_asked_for_again(self, features: Path, tmp_path: Path) -> None:
        """Failed, broken or not judged; of an outline the very example."""
        verdicts = [
            Verdict((), "Lamps", "On", Outcome.PASSED),
            Verdict((), "Lamps", "Off", Outcome.NOT_ASKED),
            Verdict((), "Sockets", "Socket 1 [number = 1, colour = red]", Outcome.NOT_APPLICABLE),
            Verdict((), "Sockets", "Socket 2 [number = 2, colour = blue]", Outcome.ERROR),
        ]
        told = report_json(Report(Run("x"), (), (), tuple(verdicts)), tmp_path)
        (tmp_path / "report.json").write_text(told, encoding="utf-8")

        wish = left_open(Wish(), tmp_path)

        assert ["Off", "Socket 2 [number = 2, colour = blue]"] == titles(features, wish)
        assert f"--only-failed {tmp_path}" == wish.told()

    def test_a_list_tells_what_would_be_run(self, features: Path) -> None:
        """A line each with its ids and its place, and the count; of a part only that."""
        selection = select(Wish(), features)

        whole, second = list_of(selection, (1, 1)), list_of(selection, (2, 2))

        assert "ABC-01 ABC-11: On  (lamps.feature:5)" in whole.splitlines()
        assert whole.endswith("4 scenarios of 2 features would be run\n")
        assert second.splitlines()[:2] == whole.splitlines()[1:4:2]
        assert second.endswith("2 scenarios of 2 features would be run\n")
