"""What the features and the requirements say, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalogue import (
    BUNDLED_FEATURES,
    Case,
    ListedScenario,
    Requirement,
    load_cases,
    load_requirements,
    load_scenarios,
    uncovered,
    unfounded,
)
from harness.errors import UsageError

ROW = """
[[requirement]]
id = "ABC-01"
level = "must"
source = "a book"
text = "It shines."
"""
FEATURE = """
@lamps @ABC-02
Feature: Lamps

  @ABC-01
  Scenario: On
    Then 0 files arrive at EW Seedorf

  Rule: At night
    @ABC-03
    Scenario: Off
      Then 0 files arrive at EW Seedorf
"""
DAY = "    Then 0 files arrive at EW Seedorf\n"


class TestRequirements:
    """The list of requirements."""

    def test_are_read_in_the_order_of_the_file(self, tmp_path: Path) -> None:
        """Each row of the file becomes a requirement."""
        text = ROW + ROW.replace("ABC-01", "ABC-00")
        (tmp_path / "requirements.toml").write_text(text, encoding="utf-8")

        rows = load_requirements(tmp_path)

        assert Requirement("ABC-01", "must", "a book", "It shines.") == rows[0]
        assert ["ABC-01", "ABC-00"] == [row.id for row in rows]

    def test_of_a_folder_without_its_own_are_the_bundled_ones(self, tmp_path: Path) -> None:
        """A user's own features prove the project's requirements unless they bring a list."""
        assert load_requirements(BUNDLED_FEATURES) == load_requirements(tmp_path)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"requirement",
            b"[[requirement]]\nid = 1\nlamp = 2\n",
            b"requirement = ['ABC-01']\n",
            b"requirement = 7\n",
            ROW.replace("shines", "\xfc").encode("latin-1"),
        ],
    )
    def test_that_are_none_are_refused(self, tmp_path: Path, content: bytes) -> None:
        """Whatever is wrong with the file, the sentence names it."""
        path = tmp_path / "requirements.toml"
        path.write_bytes(content)

        with pytest.raises(UsageError, match="not a list of requirements") as caught:
            load_requirements(tmp_path)

        assert str(caught.value).startswith(f"{path}: ")


class TestScenarios:
    """The scenarios of a folder."""

    def test_bear_the_tags_of_their_feature_and_rule(self, tmp_path: Path) -> None:
        """Requirement tags are inherited; other tags are no requirements."""
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "lamps.feature").write_text(FEATURE, encoding="utf-8")

        assert [
            ListedScenario("Lamps", "On", ("ABC-01", "ABC-02"), "lamps.feature", 6),
            ListedScenario("Lamps", "Off", ("ABC-02", "ABC-03"), "lamps.feature", 11),
        ] == load_scenarios(tmp_path)

    def test_stand_in_the_order_of_the_names_of_their_features(self, tmp_path: Path) -> None:
        """Files are read in the order of their features' names; one without a name by its path."""
        for file, name in (("a", "Zebra"), ("b", "Ape"), ("c", "")):
            text = f"Feature: {name}\n  Scenario: {file}\n{DAY}"
            (tmp_path / f"{file}.feature").write_text(text, encoding="utf-8")

        assert [("", "c"), ("Ape", "b"), ("Zebra", "a")] == [
            (scenario.feature, scenario.name) for scenario in load_scenarios(tmp_path)
        ]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", 'holds no feature; begin it with "Feature:"'),
            (b"Feature: \xe9\n", "is not UTF-8"),
            (b"Feature: A\n  Scenario: B\n    Given x\n    Lamp\n", ":4: "),
            (b"Feature: A\n  Scenario: B\n    And x\n", ":3: First step in a scenario"),
            (
                f"Feature: A\n  Scenario: B\n{DAY}  Rule: C\n  Scenario: B\n{DAY}".encode(),
                '2 scenarios are named "B"; name them apart',
            ),
            (
                f"Feature: A\n  Scenario Outline: B\n{DAY}\n  @ABC-01\n  Examples:\n"
                "  | a |\n  | 1 |\n".encode(),
                '"B" has examples with tags; tag the scenario instead',
            ),
        ],
    )
    def test_that_would_not_run_as_they_stand(
        self, tmp_path: Path, content: bytes, said: str
    ) -> None:
        """A feature that is broken, or of which a part would be left out, is named and refused."""
        path = tmp_path / "a.feature"
        path.write_bytes(content)

        with pytest.raises(UsageError) as caught:
            load_scenarios(tmp_path)

        assert str(caught.value).startswith(str(path))
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_that_are_not_there(self, tmp_path: Path) -> None:
        """A folder without features, and features without scenarios, are refused."""
        with pytest.raises(UsageError, match=r"no file \*\.feature stands there"):
            load_scenarios(tmp_path / "nowhere")
        (tmp_path / "a.feature").write_text("Feature: A\n", encoding="utf-8")
        with pytest.raises(UsageError, match="its features hold no scenario"):
            load_scenarios(tmp_path)


class TestCases:
    """The table of compliance cases."""

    ROW = '{ id = "TC_001_CS", side = "charge-point", name = "Cold Boot", needs = ["socket"] }'

    def test_are_read_in_the_order_of_the_file(self, tmp_path: Path) -> None:
        """A case bears its side, its public name and what it needs; its title has id and name."""
        path = tmp_path / "cases.toml"
        other = self.ROW.replace("_CS", "_CSMS").replace("charge-point", "central-system")
        path.write_text(f"case = [{self.ROW}, {other}]", encoding="utf-8")

        cases = load_cases(path)

        assert Case("TC_001_CS", "charge-point", "Cold Boot", ("socket",)) == cases[0]
        assert "TC_001_CSMS Cold Boot" == cases[1].title

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("case", "not a list of compliance cases"),
            ("case = [7]", "not a list of compliance cases"),
            ('case = [{ id = "TC_001_CS" }]', "not a list of compliance cases"),
            (f"case = [{ROW.replace('TC_001', 'TC_1')}]", "TC_1_CS is no id of a case"),
            (f"case = [{ROW.replace('charge-point', 'tool')}]", "is no id of a case of the tool"),
        ],
    )
    def test_that_are_none_are_refused(self, tmp_path: Path, text: str, told: str) -> None:
        """Whatever is wrong with the file, the sentence names it."""
        path = tmp_path / "cases.toml"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(UsageError, match=told) as caught:
            load_cases(path)

        assert str(caught.value).startswith(f"{path}: ")

    def test_are_tags_of_scenarios(self, tmp_path: Path) -> None:
        """A scenario knows its case and where it stands."""
        path = tmp_path / "lamps.feature"
        path.write_text(FEATURE.replace("@ABC-01\n", "@ABC-01 @TC_001_CS\n"), encoding="utf-8")

        on, off = load_scenarios(tmp_path)

        assert (("TC_001_CS",), str(path)) == (on.cases, on.path)
        assert () == off.cases


class TestMatrix:
    """How requirements and scenarios cover each other."""

    ROWS = (Requirement("ABC-01", "must", "", ""), Requirement("ABC-02", "should", "", ""))
    PROVING = ListedScenario("A", "proves", ("ABC-01",), "a.feature", 1)
    STRAY = ListedScenario("A", "proves more than there is", ("ABC-01", "ABC-09"), "a.feature", 2)
    BARE = ListedScenario("A", "proves nothing", (), "a.feature", 3)

    def test_requirements_without_a_scenario(self) -> None:
        """A requirement that no scenario names is uncovered."""
        assert ["ABC-02"] == uncovered(self.ROWS, [self.PROVING, self.BARE])

    def test_scenarios_without_a_requirement(self) -> None:
        """A scenario that names nothing, or something that does not exist, is unfounded."""
        scenarios = [self.PROVING, self.STRAY, self.BARE]

        assert [self.STRAY, self.BARE] == unfounded(self.ROWS, scenarios)
