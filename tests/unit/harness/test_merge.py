"""Several reports made into one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.catalogue import Requirement
from harness.cli import main
from harness.errors import UsageError
from harness.junit import merge_cucumber, merge_junit, set_groups
from harness.merge import merge
from harness.outcomes import Outcome, Report, Run, Verdict
from harness.report_folder import write_report

ROWS = (Requirement("ABC-01", "must", "", "On."),)


def verdict(number: int, outcome: Outcome = Outcome.PASSED) -> Verdict:
    """Give the verdict of one scenario of a run."""
    return Verdict(
        ("ABC-01",),
        "Lamps",
        f"Lamp {number}",
        outcome,
        files=((f"{number}.csv", f"{number};1\n"),),
        test=f"test_{number}",
        slug=f"test-{number}",
        number=number,
    )


def write_part(folder: Path, numbers: Sequence[int], **run: object) -> Path:
    """Write the report of some scenarios of four, as a process that has judged them does."""
    told: dict[str, object] = {"target": "x", "seed": 1, "asked": 4, **run}
    for number in numbers:
        place = folder / "delivered" / f"test-{number}"
        place.mkdir(parents=True)
        (place / f"{number}.csv").write_text(f"{number};1\n")
    verdicts = tuple(map(verdict, numbers))
    write_report(folder, Report(Run(**told), ROWS, (), verdicts))  # type: ignore[arg-type]
    cases = "".join(
        f'<testcase classname="t" name="test_{n}" time="{n}.5"><properties><property '
        f'name="requirement" value="ABC-01" /></properties></testcase>'
        for n in numbers
    )
    (folder / "junit.xml").write_text(
        f'<testsuites><testsuite name="pytest" errors="0" failures="0" skipped="0" '
        f'tests="{len(numbers)}" time="{sum(numbers)}" timestamp="2026-0{numbers[0]}">{cases}'
        "</testsuite></testsuites>"
    )
    elements = [{"id": f"test_{n}"} for n in numbers]
    features = [{"uri": f"{len(numbers)}", "elements": elements}] if numbers else []
    (folder / "cucumber.json").write_text(json.dumps(features))
    return folder


def pages(folder: Path) -> dict[str, bytes]:
    """Give what stands in a report's folder, but for what tells of real time."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("junit.xml", "cucumber.json")
    }


def test_parts_are_the_whole(tmp_path: Path) -> None:
    """Byte by byte, in whatever order they are named; the parts stay as they are."""
    whole = pages(write_part(tmp_path / "whole", [1, 2, 3, 4]))
    second = write_part(tmp_path / "2", [2, 4])
    first = write_part(tmp_path / "1", [1, 3])
    before = pages(first)

    merge([second, first], tmp_path / "out")

    merged = pages(tmp_path / "out")
    del merged["isebench-report.txt"]
    assert whole == merged
    assert before == pages(first)


def test_junit_is_one_suite_in_the_order_of_the_run(tmp_path: Path) -> None:
    """Its counts are sums, its classes the groups of the requirements."""
    parts = [write_part(tmp_path / str(n), [n, n + 2]) / "junit.xml" for n in (2, 1)]

    merge_junit(parts, tmp_path / "one.xml", {f"test_{n}": n for n in range(5)})

    (suite,) = ElementTree.parse(tmp_path / "one.xml").iter("testsuite")
    assert ["test_1", "test_2", "test_3", "test_4"] == [case.get("name") for case in suite]
    assert {"ABC"} == {case.get("classname") for case in suite}
    assert ("4", "2026-01") == (suite.get("tests"), suite.get("timestamp"))


def test_a_test_without_requirement_keeps_its_class(tmp_path: Path) -> None:
    """A user's own pytest may have others beside the scenarios."""
    path = tmp_path / "junit.xml"
    path.write_text(
        '<testsuites><testsuite><testcase classname="t" name="a" /></testsuite></testsuites>'
    )

    set_groups(path)

    (case,) = ElementTree.parse(path).iter("testcase")
    assert "t" == case.get("classname")


def test_cucumber_has_each_feature_once(tmp_path: Path) -> None:
    """Features and their scenarios in the order of the run."""
    for name, features in (
        ("a", [{"uri": "u", "elements": [{"id": "3"}]}, {"uri": "w", "elements": [{"id": "4"}]}]),
        ("b", [{"uri": "v", "elements": [{"id": "1"}]}, {"uri": "u", "elements": [{"id": "2"}]}]),
    ):
        (tmp_path / name).write_text(json.dumps(features))

    order = {str(n): n for n in range(5)}
    merge_cucumber([tmp_path / "a", tmp_path / "b"], tmp_path / "one", order)

    assert [("v", ["1"]), ("u", ["2", "3"]), ("w", ["4"])] == [
        (feature["uri"], [element["id"] for element in feature["elements"]])
        for feature in json.loads((tmp_path / "one").read_text())
    ]


@pytest.mark.parametrize(
    ("numbers", "run", "told"),
    [
        ([2, 4], {"seed": 2}, r"not parts of one run: their seed differs \(2, 1\)"),
        ([2, 4], {"target": "y"}, "their system under test differs"),
        ([2, 4], {"selection": "ABC"}, r"their selection differs \(ABC, all\)"),
        ([3, 4], {}, 'the reports overlap: "Lamp 3" is in more than one'),
        ([2], {}, "1 of the 4 scenarios of the run are in none of the reports"),
    ],
)
def test_what_is_not_of_one_run_is_refused(
    tmp_path: Path, numbers: list[int], run: dict[str, object], told: str
) -> None:
    """A report that is not whole, or of two things at once, would say what nobody has seen."""
    folders = [write_part(tmp_path / "a", [1, 3]), write_part(tmp_path / "b", numbers, **run)]

    with pytest.raises(UsageError, match=told):
        merge(folders, tmp_path / "out")


def test_other_requirements_are_refused(tmp_path: Path) -> None:
    """The features were others."""
    folders = [write_part(tmp_path / "a", [1, 3]), write_part(tmp_path / "b", [2, 4])]
    text = (tmp_path / "b" / "report.json").read_text()
    (tmp_path / "b" / "report.json").write_text(text.replace('"On."', '"Off."'))

    with pytest.raises(UsageError, match="lists of requirements or cases differ"):
        merge(folders, tmp_path / "out")


def test_the_command_says_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a part is not written over."""
    first, second = write_part(tmp_path / "a", [1, 3]), write_part(tmp_path / "b", [2, 4])
    parts = [str(first), str(second)]
    bad = write_part(tmp_path / "c", [2, 4], interrupted=True)

    assert 1 == main(["merge", str(first), str(bad), "--report", str(tmp_path / "out")])
    assert "Interrupted" in capsys.readouterr().out
    assert 0 == main(["merge", *parts, "--report", str(tmp_path / "out")])
    assert "Passed: 1 requirement shown" in capsys.readouterr().out
    assert 2 == main(["merge", *parts, "--report", str(first)])
    assert "is one of the reports to merge" in capsys.readouterr().err
