"""Sentences about reports: how they are made, what they show, and how they are compared."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.catalogue import BUNDLED_FEATURES, load_cases, load_requirements
from harness.errors import Disagreement
from harness.outcomes import JudgedCell, Outcome, Place, Report, Run, Verdict
from harness.report_files import files_of
from harness.report_folder import write_report
from harness.report_json import load_report
from harness.sequence import Arrow, said_of, sequence_svg
from harness.steps.export import every_value_is
from harness.steps.harness import command_is_run

OWN = {
    "bright.feature": """
@bright
Feature: Bright
  @ISE-02
  Scenario: Nothing is told of who is in no file
    Given the charger "Dorfplatz" is in service without IS-E
    When the clock reaches 0:01
    Then 0 files arrive at EW Seedorf
  @ISE-03
  Scenario: A file of a charger that is in none
    Given the charger "Dorfplatz" is in service without IS-E
    When the clock reaches 0:01
    Then 7 files arrive at EW Seedorf
""",
    "dark.feature": """
Feature: Dark
  @ISE-03
  Scenario Outline: At <time>
    Given the charger "Bahnhof" is in service without IS-E
    When the clock reaches <time>
    Then 0 files arrive at EW Seedorf

    Examples:
      | time |
      | 0:01 |
      | 0:02 |
""",
}
_REAL_TIME = (
    r'"duration(?:_s)?": [\d.e-]+',
    r' time(?:stamp)?="[^"]*"',
    r"<li>[\d.]+ s</li>",
    r"simulated in [\d.]+ s",
)
"""How the reports tell of the machine's time."""


# ---------------------------------------------------------------------- what is declared


@given("features of a user's own, of which one fails")
def own_features(bench: Bench) -> None:
    """Write four small scenarios in two features into the folder "mine"."""
    folder = bench.folder / "mine"
    folder.mkdir()
    for name, text in OWN.items():
        (folder / name).write_text(text, encoding="utf-8")


@given(parsers.parse('the command "{command}" was run'))
def command_was_run(bench: Bench, command: str) -> None:
    """Run a command before what the scenario is about."""
    command_is_run(bench, command)


@given(parsers.parse('the report "{folder}" of a run of them, in which {count:d} failed'))
def report_of_a_run(bench: Bench, folder: str, count: int) -> None:
    """Write a report of two scenarios; where one failed, 9.533 kWh arrived in place of 1."""
    shown = "9.533" if count else "1.000"
    verdicts = (
        _verdict("Nothing is told of who is in no file", Outcome.PASSED, "1.000"),
        _verdict(
            "A file of a charger that is in none",
            Outcome.FAILED if count else Outcome.PASSED,
            shown,
        ),
    )
    out = bench.folder / folder
    for verdict in verdicts:
        place = out / "delivered" / verdict.slug
        place.mkdir(parents=True)
        for name, text in verdict.files:
            (place / name).write_text(text, encoding="utf-8")
    requirements, cases = load_requirements(BUNDLED_FEATURES), load_cases()
    run = Run("a system", seed=1, asked=len(verdicts))
    write_report(out, Report(run, tuple(requirements), tuple(cases), verdicts))


def _verdict(title: str, outcome: Outcome, shown: str) -> Verdict:
    return Verdict(
        requirements=("ISE-02",) if outcome is Outcome.PASSED else ("ISE-03",),
        feature="Bright",
        scenario=title,
        outcome=outcome,
        files=(("a.csv", f"code;kWh\nCH1;{shown}\n"),),
        judged=(JudgedCell("a.csv", Place(2, 2), shown, "1.000"),),
        slug=re.sub(r"\W+", "-", title.lower()),
    )


@given(parsers.parse('a delivered file of "{folder}" was altered'))
def file_was_altered(bench: Bench, folder: str) -> None:
    """Write one more line into each delivered file of a report, behind its back."""
    files = list((bench.folder / folder / "delivered").glob("*/*.csv"))
    assert files
    for path in files:
        path.write_text(path.read_text(encoding="utf-8") + "CH1;7\n", encoding="utf-8")


# ---------------------------------------------------------------------- what happens


@when(parsers.parse('the reports in "{folder}" are read'))
def reports_are_read(bench: Bench, folder: str) -> None:
    """Remember where they lie; the next sentence reads them."""
    bench.told = folder


# ---------------------------------------------------------------------- what is seen


@then(parsers.parse('"{one}" and "{other}" hold the same, but for the real time that it took'))
def hold_the_same(bench: Bench, one: str, other: str) -> None:
    """Compare all files of two reports, byte by byte, and order by order."""
    first, second = (_without_real_time(bench.folder / name) for name in (one, other))
    assert {"report.html", "report.json", "junit.xml", "cucumber.json", "matrix.csv"} <= set(first)
    assert any(name.startswith("recordings/") for name in first)
    if first.keys() != second.keys():
        raise Disagreement(f"only in one of them: {sorted(first.keys() ^ second.keys())}")
    different = [name for name in first if first[name] != second[name]]
    if different:
        raise Disagreement(f"{one} and {other} differ in {', '.join(different)}")


def _without_real_time(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for form in _REAL_TIME:
                text = re.sub(form, "", text)
            found[path.relative_to(folder).as_posix()] = text
    return found


@then("each tells for every requirement the same verdict and the same scenarios")
def each_tells_the_same(bench: Bench) -> None:
    """Compare the page, the CSV and report.json, requirement by requirement."""
    out = bench.folder / bench.told
    told = load_report(out)
    wanted = {row["id"]: (row["outcome"], len(row["scenarios"])) for row in told["requirements"]}
    assert len(wanted) == len(load_requirements(BUNDLED_FEATURES))
    assert {"passed", "failed", "not asked"} == {outcome for outcome, _ in wanted.values()}
    in_table: dict[str, tuple[str, int]] = {}
    with (out / "matrix.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            _, count = in_table.get(row["requirement"], ("", 0))
            in_table[row["requirement"]] = (
                row["requirement verdict"],
                count + bool(row["scenario"]),
            )
    assert wanted == in_table
    page = _Matrix((out / "report.html").read_text(encoding="utf-8"))
    assert wanted == {id: (row["verdict"], row["marks"]) for id, row in page.rows.items()}


class _Matrix(HTMLParser):
    """Reads the rows of the matrix on a page: the verdict of each, and its marks of scenarios."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Any]] = {}
        self._row: dict[str, Any] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a row, the first mark in it, and the links to scenarios."""
        told = dict(attrs)
        if tag == "tr":
            id = told.get("id") or ""
            self._row = {"verdict": "", "marks": 0} if id.startswith("r-") else None
            if self._row is not None:
                self.rows[id.removeprefix("r-")] = self._row
        elif self._row is not None and tag == "svg" and not self._row["verdict"]:
            self._row["verdict"] = told.get("aria-label") or ""
        elif self._row is not None and tag == "a":
            self._row["marks"] += 1

    def handle_endtag(self, tag: str) -> None:
        """Leave a row."""
        if tag == "tr":
            self._row = None


@then(parsers.parse("'every value of \"{name}\" is {energy} kWh with status {status}' fails"))
def every_value_fails(bench: Bench, name: str, energy: str, status: str) -> None:
    """Run the sentence, and expect that it is not content."""
    with pytest.raises(Disagreement, match=r"kWh . was expected \(and 95 more values differ\)"):
        every_value_is(bench, name, energy, status)


@then(
    parsers.re(
        r"the file shows that (?P<expected>\S+) was expected where (?P<seen>\S+) stands?, "
        r"in (?P<count>\d+) cells"
    )
)
def file_shows_expected(bench: Bench, expected: str, seen: str, count: str) -> None:
    """Look at the page of the file that arrived; "it" stands for what was expected."""
    file = bench.utility.first()
    judged = tuple(bench.judged)
    verdict = Verdict((), "", "", Outcome.FAILED, files=((file.name, file.text()),), judged=judged)
    shown = files_of(verdict).rpartition("The whole file")[2]
    right, wrong = (len(re.findall(rf'<td class="(?:n )?j{kind}"', shown)) for kind in (1, 0))
    assert int(count) == (right if seen == "it" else wrong)
    cells = {one for one in judged if one.seen == (expected if seen == "it" else seen)}
    assert {expected} == {one.expected for one in cells}
    if seen == "it":
        # It was made to fail: in the report of this scenario it would look as if it had.
        bench.judged.clear()
    else:
        assert shown.count(f"✗ expected {expected}") == int(count)


@then(parsers.parse("the drawing of it has the lines {parties}"))
def drawing_has_lines(bench: Bench, parties: str) -> None:
    """Draw all that crossed the wires, and compare the lines from left to right."""
    svg = _drawing(bench)
    heads = [one.text for one in svg.iter() if one.get("class") == "qh"]
    assert parties.split(", ") == heads


@then(parsers.parse('the drawing of it marks what was done at the drop, and no frame of "{name}"'))
def drawing_marks(bench: Bench, name: str) -> None:
    """Compare the arrows that are marked with what decided."""
    marked = [one for one in _drawing(bench).iter() if (one.get("class") or "").endswith(" d")]
    told = ["".join(one.itertext()) for one in marked]
    assert len(bench.deciding) == len(told) > 0
    assert any(words.startswith("rename ISE_") for words in told)
    assert not any(one.sender == name for one in bench.deciding)


def _drawing(bench: Bench) -> ElementTree.Element:
    frames = bench.tap.crossings
    deciding = set(bench.deciding)
    arrows = [
        Arrow(i, frame, said, frame in deciding)
        for i, (frame, said) in enumerate(zip(frames, said_of(frames), strict=True))
    ]
    return ElementTree.fromstring(sequence_svg(arrows, len(frames), name="q"))
