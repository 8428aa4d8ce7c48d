"""From trials to verdicts, and what is written of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.bench import Bench
from harness.outcomes import Outcome, Step
from harness.recording import read_recording
from harness.verdicts import SLUG_CHARS_MAX, Trial, Trials, slugs_of
from simulators.wiretap import Crossing

START = datetime(2025, 6, 3, tzinfo=UTC)
FRAME = Crossing(START, "ocpp1.6", "WB-1", "backend", "[2,")


def trial(node: str = "t.py::test_lamp", example: str = "") -> Trial:
    """Give a trial."""
    return Trial(node, "Lamps", "A lamp", example, "lamps.feature:1", ("ABC-01",), 7)


class TestConclusion:
    """Pytest's word on each phase."""

    @pytest.mark.parametrize(
        ("phases", "expected", "message"),
        [
            ([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], "passed", ""),
            ([("setup", "failed")], "error", "E: oh"),
            ([("setup", "passed"), ("call", "failed")], "failed", "E: oh"),
            ([("setup", "passed"), ("call", "skipped")], "not applicable", "a\nE   E: oh"),
            ([("call", "passed"), ("teardown", "failed")], "error", "E: oh"),
            ([("call", "failed"), ("teardown", "failed")], "error", "E: oh\nE: oh"),
            ([("setup", "passed")], "not asked", ""),
        ],
    )
    def test_gives_the_outcome(
        self, phases: list[tuple[str, str]], expected: str, message: str
    ) -> None:
        """The call decides; a setup or a teardown that fails is an error, and each has a reason."""
        one = trial()

        for when, outcome in phases:
            one.conclude(when, outcome, "a\nE   E: oh", 0.5)

        verdict = one.verdict()
        assert (expected, message) == (verdict.outcome.value, verdict.message)
        assert 0.5 * len(phases) == verdict.duration_s

    @pytest.mark.parametrize(
        ("reason", "outcome", "message"),
        [
            ("not yet covered: no profiles", Outcome.NOT_YET_COVERED, "no profiles"),
            ("not applicable: no row", Outcome.NOT_APPLICABLE, "no row"),
            ("it is not bought", Outcome.NOT_APPLICABLE, "it is not bought"),
        ],
    )
    def test_tells_what_was_declared(self, reason: str, outcome: Outcome, message: str) -> None:
        """The words before a reason say which; without any it is not applicable."""
        one = trial()

        one.conclude("call", "skipped", reason, 0)

        assert (outcome, message) == (one.outcome, one.message)

    def test_keeps_what_is_worth_a_remark(self, tmp_path: Path) -> None:
        """A scenario that passed may still say something."""
        one = trial()
        one.bench = bench = Bench(seed=7, folder=tmp_path)
        bench.declare_central()
        bench.go()
        bench.remarks.append("it accepts everything")
        bench.close()

        one.conclude("call", "passed", "", 0)

        assert (Outcome.PASSED, "it accepts everything") == (one.outcome, one.message)

    def test_keeps_the_last_lines_of_what_pytest_does_not_mark(self) -> None:
        """A message without marked lines is shortened to its end."""
        one = trial()

        one.conclude("call", "failed", "\n".join(str(number) for number in range(20)), 0)

        assert [str(number) for number in range(8, 20)] == one.message.splitlines()

    def test_holds_for_each_step(self) -> None:
        """A step is not asked until it has ended."""
        one = trial()
        one.begin("Given", "a lamp")
        one.end(Outcome.PASSED)
        one.begin("Then", "it shines")

        assert (
            Step("Given", "a lamp", Outcome.PASSED),
            Step("Then", "it shines", Outcome.NOT_ASKED),
        ) == one.verdict().steps


class TestGathering:
    """What is taken from the bench when the call has ended."""

    def test_frames_files_and_times(self, tmp_path: Path) -> None:
        """What a bench that went leaves is in the verdict."""
        bench = Bench(7, tmp_path)
        bench.advance_to(bench.at("1:00"))
        bench.tap.note("hand", "Anna", "WB-1", "{}")
        bench.decide(bench.tap.crossings)
        one = trial()
        one.bench = bench
        one.conclude("call", "passed", "", 0)
        bench.close()

        verdict = one.verdict()

        assert (bench.at("0:00"), bench.at("1:00")) == verdict.simulated
        assert tuple(bench.tap.crossings) == verdict.evidence == verdict.deciding
        assert "recordings/test-lamp.jsonl" == verdict.recording

    @pytest.mark.parametrize("layout", [{}, {"lamp": 1}])
    def test_nothing_of_a_bench_that_never_went(
        self, tmp_path: Path, layout: dict[str, object]
    ) -> None:
        """Where nothing happened, or the bench did not come up, there is no evidence."""
        bench = Bench(7, tmp_path)
        bench.layout = layout
        if layout:
            with pytest.raises(ValueError, match="no such knob"):
                bench.go()
        one = trial()
        one.bench = bench
        one.conclude("call", "failed", "", 0)
        bench.close()

        assert (None, (), "") == (one.simulated, one.recording, one.verdict().recording)


class TestNames:
    """Titles, and names of files."""

    def test_bear_the_example(self) -> None:
        """A title ends with its example, where there is one."""
        assert ["A lamp", "A lamp [sign = ;]"] == [
            trial(example=example).title for example in ("", "sign = ;")
        ]

    @pytest.mark.parametrize(
        ("node", "expected"),
        [
            ("t.py::test_lamp", "test-lamp"),
            ("t.py::test_lamp[A/b::ü-1]", "test-lamp-a-b-1"),
            ("t.py::TestLamp::test_it", "testlamp-test-it"),
            ("t.py::test_" + 300 * "x", ("test-" + 300 * "x")[:SLUG_CHARS_MAX]),
        ],
    )
    def test_of_files_are_plain(self, node: str, expected: str) -> None:
        """Letters, digits and hyphens are all that is left of pytest's name."""
        assert expected == trial(node).slug

    def test_of_files_are_each_trials_own(self) -> None:
        """Examples that differ in signs only do not write over each other."""
        nodes = [f"t.py::test_lamp[{sign}]" for sign in (";", "2", "|", ",", "2-")]

        assert [
            "test-lamp",
            "test-lamp-2",
            "test-lamp-3",
            "test-lamp-4",
            "test-lamp-2-2",
        ] == slugs_of(nodes)


class TestWriting:
    """What a run leaves."""

    def test_is_a_report_a_matrix_recordings_and_files(self, tmp_path: Path) -> None:
        """Each trial's recording and delivered files stand under its name."""
        trials = Trials(7, tmp_path)
        full, bare = trial("t.py::test_full"), trial("t.py::test_bare")
        full.simulated, full.recording = (START, START), (FRAME,)
        full.files = (("a.csv", b"\xff1\n"),)
        for one in (full, bare):
            one.conclude("call", "passed", "", 0)
            trials.add(one)
        out = tmp_path / "deep" / "out"

        trials.write(out)

        assert (FRAME,) == read_recording(out / "recordings" / "test-full.jsonl").crossings
        assert b"\xff1\n" == (out / "delivered" / "test-full" / "a.csv").read_bytes()
        assert {
            "recordings",
            "delivered",
            "report.html",
            "report.json",
            "matrix.md",
            "matrix.csv",
        } == {path.name for path in out.iterdir()}
        assert 1 == len(list((out / "recordings").iterdir()))
        assert "the bundled backend" in (out / "report.html").read_text(encoding="utf-8")
        assert full.verdict().files == (("a.csv", "�1\n"),)
