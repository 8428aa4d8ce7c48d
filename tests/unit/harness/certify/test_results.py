"""The journal of a run: what has ended stays, whatever happens then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.certify.results import (
    FrameSeen,
    Journal,
    Result,
    Sentence,
    Verdict,
    counted,
    sha256_of,
)
from harness.errors import UsageError

HEAD = {"profile_sha256": "aa", "isebench": "0.1", "began": "2026-11-28T12:00:00.000000Z"}
LATER = {**HEAD, "began": "2026-11-28T13:00:00.000000Z"}


def result(
    id: str, verdict: Verdict = Verdict.PASSED, recording: str = "", sha: str = ""
) -> Result:
    """Give a result with everything in it."""
    return Result(
        id,
        f"{id} A case – with a dash",
        verdict,
        "a reason",
        "2026-11-28T12:00:01.000000Z",
        "2026-11-28T12:00:02.000000Z",
        (Sentence("When", "a car is plugged in", "passed"),),
        (FrameSeen("2026-11-28T12:00:01.500000Z", "ocpp1.6", "WB-1", "backend", "[3]"),),
        recording,
        sha,
    )


def test_what_has_ended_is_read_back(tmp_path: Path) -> None:
    """A second run has the results of the first, and says when that began."""
    first = Journal(tmp_path, HEAD)
    first.open()
    first.add(result("TC_003_CS"))
    first.add(result("TC_004_1_CS", Verdict.NOT_SHOWN))
    second = Journal(tmp_path, LATER)
    second.open()
    third = Journal(tmp_path, LATER)
    third.open()

    assert {"TC_003_CS": result("TC_003_CS")} == {
        id: one for id, one in second.results.items() if one.verdict is Verdict.PASSED
    }
    assert ["TC_003_CS", "TC_004_1_CS"] == list(third.results)
    assert (HEAD["began"], 2, 3) == (second.began, second.runs, third.runs)


def test_what_the_bench_broke_in_is_tried_again(tmp_path: Path) -> None:
    """An error is no result to go on from."""
    first = Journal(tmp_path, HEAD)
    first.open()
    first.add(result("TC_003_CS", Verdict.ERROR))
    second = Journal(tmp_path, LATER)
    second.open()

    assert {} == second.results


def test_a_line_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    """A power cut in the middle of a line leaves the lines before it, and room for the next."""
    first = Journal(tmp_path, HEAD)
    first.open()
    first.add(result("TC_003_CS"))
    path = tmp_path / "journal.jsonl"
    path.write_text(path.read_text("ascii") + '{"id": "TC_004_1_CS", "tit', encoding="ascii")
    second = Journal(tmp_path, LATER)
    second.open()
    second.add(result("TC_005_1_CS"))
    third = Journal(tmp_path, LATER)
    third.open()

    assert ["TC_003_CS", "TC_005_1_CS"] == list(third.results)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ({**LATER, "profile_sha256": "bb"}, r"another profile \(aa, now bb\); .* --anew"),
        ({**LATER, "isebench": "0.2"}, "another version of isebench"),
    ],
)
def test_another_run_is_not_gone_on_with(tmp_path: Path, head: dict[str, str], told: str) -> None:
    """A profile that was altered, or another version, is refused."""
    Journal(tmp_path, HEAD).open()

    with pytest.raises(UsageError, match=told):
        Journal(tmp_path, head).open()


@pytest.mark.parametrize(
    "text",
    ["", "[]\n", '{"format": "x", "version": 1}\n', "no json\n", json.dumps({"id": "x"}) + "\n"],
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever stands there instead is named, with what to do."""
    (tmp_path / "journal.jsonl").write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match="is no journal that this version reads"):
        Journal(tmp_path, HEAD).open()


def test_a_line_that_is_no_result_is_refused(tmp_path: Path) -> None:
    """A whole line that says something else was not written by a run."""
    journal = Journal(tmp_path, HEAD)
    journal.open()
    path = tmp_path / "journal.jsonl"
    path.write_text(path.read_text("ascii") + '{"id": "TC_003_CS"}\n', encoding="ascii")

    with pytest.raises(UsageError, match="is no journal"):
        Journal(tmp_path, LATER).open()


def test_a_recording_that_was_altered_is_found(tmp_path: Path) -> None:
    """A run does not go on from evidence that is another."""
    recording = tmp_path / "a.jsonl"
    recording.write_text("frames", encoding="ascii")
    journal = Journal(tmp_path, HEAD)
    journal.open()
    journal.add(result("TC_003_CS", recording="a.jsonl", sha=sha256_of(recording)))
    Journal(tmp_path, LATER).open()
    recording.write_text("others", encoding="ascii")

    with pytest.raises(UsageError, match=r"a\.jsonl: is not what TC_003_CS has recorded"):
        Journal(tmp_path, LATER).open()


def test_verdicts_are_counted() -> None:
    """Each verdict has its count, those that did not come as well."""
    counts = counted([result("A"), result("B"), result("C", Verdict.FAILED)])

    assert (2, 1, 0) == (counts[Verdict.PASSED], counts[Verdict.FAILED], counts[Verdict.NOT_ASKED])
    assert "" == sha256_of(Path("/no/such/file"))
