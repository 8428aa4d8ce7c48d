"""What is otherwise than in an earlier run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.catalogue import Requirement
from harness.cli import main
from harness.compare import CellChange, Change, Comparison, compare, json_of, text_of
from harness.compare_page import compare_page
from harness.outcomes import Outcome, Report, Run, Verdict
from harness.report_folder import write_report

ROWS = (Requirement("ABC-01", "must", "", "On."), Requirement("ABC-02", "must", "", "Off."))
PASSED, FAILED, ERROR = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR
LEFT_OUT, NOT_ASKED = Outcome.NOT_APPLICABLE, Outcome.NOT_ASKED


def written(
    folder: Path,
    outcomes: dict[str, Outcome],
    *,
    text: str | None = None,
    seed: int = 1,
    interrupted: bool = False,
    requirement: str = "ABC-01",
) -> Path:
    """Write a report of some scenarios, each with a file of this text where there is one."""
    verdicts = [
        Verdict(
            (requirement,),
            "Lamps",
            title,
            outcome,
            message="why <not>",
            slug=f"s{number}",
            files=() if text is None else (("a", text),),
        )
        for number, (title, outcome) in enumerate(outcomes.items())
    ]
    for verdict in verdicts if text is not None else ():
        (folder / "delivered" / verdict.slug).mkdir(parents=True)
        (folder / "delivered" / verdict.slug / "a").write_bytes((text or "").encode())
    folder.mkdir(exist_ok=True)
    run = Run("x", seed=seed, interrupted=interrupted, selection="ABC" if seed == 3 else "")
    write_report(folder, Report(run, ROWS, (), tuple(verdicts)), pages=False)
    return folder


def compared(
    tmp_path: Path, before: dict[str, Outcome], now: dict[str, Outcome], **more: object
) -> Comparison:
    """Compare two runs of some scenarios."""
    return compare(
        written(tmp_path / "before", before),
        written(tmp_path / "now", now, **more),  # type: ignore[arg-type]
    )


class TestScenarios:
    """What became of each."""

    @pytest.mark.parametrize(
        ("before", "now", "change", "worse"),
        [
            (PASSED, FAILED, Change.NEWLY_FAILED, True),
            (PASSED, ERROR, Change.NEWLY_FAILED, True),
            (LEFT_OUT, FAILED, Change.NEWLY_FAILED, True),
            (None, FAILED, Change.FAILS_ANEW, True),
            (NOT_ASKED, ERROR, Change.FAILS_ANEW, True),
            (PASSED, LEFT_OUT, Change.DECLARED, True),
            (PASSED, Outcome.EXPECTED_FAILURE, Change.DECLARED, True),
            (FAILED, FAILED, Change.STILL_FAILED, False),
            (FAILED, ERROR, Change.STILL_FAILED, False),
            (FAILED, PASSED, Change.NEWLY_PASSED, False),
            (LEFT_OUT, PASSED, Change.NEWLY_PASSED, False),
            (None, PASSED, Change.NEW, False),
            (NOT_ASKED, PASSED, Change.NEW, False),
            (PASSED, NOT_ASKED, Change.NOT_ASKED, False),
            (NOT_ASKED, NOT_ASKED, Change.SAME, False),
            (PASSED, None, Change.GONE, False),
            (PASSED, PASSED, Change.SAME, False),
            (FAILED, LEFT_OUT, Change.OTHER, False),
        ],
    )
    def test_since_an_earlier_run(
        self,
        tmp_path: Path,
        before: Outcome | None,
        now: Outcome | None,
        change: Change,
        worse: bool,
    ) -> None:
        """Only what fails, or is declared, and did not before makes a run worse."""
        found = compared(
            tmp_path,
            {} if before is None else {"On": before},
            {} if now is None else {"On": now},
        )

        assert ([change], worse) == ([one.change for one in found.scenarios], found.is_worse)

    def test_of_one_title_are_told_apart_by_their_order(self, tmp_path: Path) -> None:
        """Two rows of examples may read the same."""
        for name, outcomes in (("before", (PASSED, PASSED)), ("now", (PASSED, FAILED))):
            verdicts = tuple(Verdict((), "f", "twice", outcome) for outcome in outcomes)
            (tmp_path / name).mkdir()
            write_report(tmp_path / name, Report(Run("x"), (), (), verdicts), pages=False)

        found = compare(tmp_path / "before", tmp_path / "now")

        assert [Change.SAME, Change.NEWLY_FAILED] == [one.change for one in found.scenarios]

    def test_an_interrupted_run_is_not_known_to_be_no_worse(self, tmp_path: Path) -> None:
        """What it left out might have failed."""
        found = compared(tmp_path, {"On": PASSED}, {"On": PASSED}, interrupted=True)

        assert found.is_worse
        assert "this run was interrupted, so it cannot be said to be no worse" in found.notes

    def test_other_circumstances_are_told(self, tmp_path: Path) -> None:
        """Seeds, selections; with another seed files say nothing."""
        written(tmp_path / "a", {"On": PASSED}, text="x\n")
        written(tmp_path / "b", {"On": PASSED}, text="y\n", seed=3)

        found = compare(tmp_path / "a", tmp_path / "b")

        assert (
            "the seeds differ (1, now 3), so delivered files are not compared",
            "the selections differ (all; now ABC)",
        ) == found.notes
        assert () == found.files


class TestFiles:
    """Delivered files, cell by cell."""

    @pytest.mark.parametrize(
        ("before", "now", "cells"),
        [
            ("a;1\nb;2\n", "a;1\nb;3\n", [CellChange(2, 2, "2", "3")]),
            ("a;1\n", "a;1\nb;3\n", [CellChange(2, 0, None, "b;3")]),
            ("a;1\nb;2\nc;3\n", "a;1\nc;3\n", [CellChange(2, 0, "b;2", None)]),
            ("a;1\n", "a;1;W\n", [CellChange(1, 0, "a;1", "a;1;W")]),
            ("UNB+1'QTY+1'\n", "UNB+1'QTY+2'\n", [CellChange(2, 1, "QTY+1'", "QTY+2'")]),
            ('<A>\n<B c="1"/>', '<A>\n<B c="2"/>', [CellChange(2, 1, '<B c="1"/>', '<B c="2"/>')]),
            ("a\n", "a\r\n", [CellChange(0, 0, "other line ends or signs that are not seen", "")]),
        ],
    )
    def test_that_differ(
        self, tmp_path: Path, before: str, now: str, cells: list[CellChange]
    ) -> None:
        """Of MSCONS segment by segment, of XML element by element; lines put in are found."""
        written(tmp_path / "before", {"On": PASSED}, text=before)
        written(tmp_path / "now", {"On": PASSED}, text=now)

        (file,) = compare(tmp_path / "before", tmp_path / "now").files

        assert (len(cells), tuple(cells)) == (file.count, file.cells)

    def test_that_are_there_once_are_told(self, tmp_path: Path) -> None:
        """Before, or now; the same file is none."""
        written(tmp_path / "with", {"On": PASSED}, text="x\n")
        written(tmp_path / "without", {"On": PASSED})

        for before, now, only in (
            ("with", "without", ["before"]),
            ("without", "with", ["now"]),
            ("with", "with", []),
        ):
            found = compare(tmp_path / before, tmp_path / now)

            assert only == [file.only for file in found.files]

    def test_of_what_was_not_judged_are_not_compared(self, tmp_path: Path) -> None:
        """A scenario that a run did not come to has delivered nothing there."""
        written(tmp_path / "before", {"On": PASSED}, text="x\n")
        written(tmp_path / "now", {"On": NOT_ASKED})

        assert () == compare(tmp_path / "before", tmp_path / "now").files


class TestTelling:
    """Text, JSON and a page tell the same."""

    @pytest.fixture(name="found")
    def _found(self, tmp_path: Path) -> Comparison:
        """Compare two runs of which the later is worse."""
        before, now = {"On": PASSED, "Off": PASSED, "Old": PASSED}, {"On": FAILED, "Off": PASSED}
        written(tmp_path / "before", before, text="".join(f"{i}\n" for i in range(300)))
        written(tmp_path / "now", now, text="".join(f"x{i}\n" for i in range(300)))
        return compare(tmp_path / "before", tmp_path / "now")

    def test_as_text(self, found: Comparison) -> None:
        """What is worst stands first; cells have a limit and are counted."""
        text = text_of(found)

        assert text.startswith(
            "Worse than before: 1 newly failed, 1 gone, 1 scenario as before, 2 delivered files "
            "otherwise.\n"
        )
        assert "newly failed (1)\n  ABC-01: On [passed, now failed]: why <not>\n" in text
        assert "  ABC-01: passed, now failed\n" in text
        assert "a, of On: 300 cells otherwise\n  line 1, cell 1: 0, now x0\n" in text
        assert "  and 100 cells more" in text

    def test_as_json(self, found: Comparison) -> None:
        """A program reads the same words."""
        told = json.loads(json_of(found))

        assert (True, "isebench-comparison", 1) == (
            told["is_worse"],
            told["format"],
            told["version"],
        )
        assert [("newly failed", "On"), ("gone", "Old")] == [
            (one["change"], one["scenario"]) for one in told["scenarios"]
        ]
        assert {"line": 1, "cell": 1, "before": "0", "now": "x0"} == told["files"][0]["cells"][0]

    def test_as_a_page(self, found: Comparison) -> None:
        """Escaped, with marks, and with nothing from elsewhere."""
        page = compare_page(found)

        assert "Newly failed (1)" in page
        assert "passed, now failed: why &lt;not&gt;" in page
        assert "line 1, cell 1" in page
        assert "100 cells more, not shown" in page
        assert "http" not in page.replace("http-equiv", "")


def test_the_command_says_worse_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 no worse, 1 worse, 2 wrong usage."""
    good, bad = (
        str(written(tmp_path / name, {"On": outcome}, text=text))
        for name, outcome, text in (("good", PASSED, None), ("bad", FAILED, "x\n"))
    )
    page = tmp_path / "page.html"

    assert 0 == main(["compare", bad, good])
    assert 1 == main(["compare", good, bad, "--html", str(page)])
    assert "there only now" in capsys.readouterr().out
    assert "There only now." in page.read_text(encoding="utf-8")
    assert 1 == main(["compare", good, bad, "--json"])
    assert json.loads(capsys.readouterr().out)["is_worse"]
    assert 2 == main(["compare", good, str(tmp_path)])
    assert "name the folder of a report" in capsys.readouterr().err
