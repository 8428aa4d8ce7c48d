"""Sentences about a charger that is not ours, and the statement that comes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.certify.candidates import (
    Candidate,
    bare_charger,
    certify_as_command,
    emulated_inch,
)
from harness.certify.command import PAGE, PAPER, issue
from harness.certify.profile import load
from harness.certify.results import Journal, Result, Verdict, sha256_of
from harness.certify.signature import NAME as SIGNATURE
from harness.certify.statement import NAME as STATEMENT
from harness.certify.verify import verify
from harness.errors import Disagreement
from harness.recording import read_recording, write_recording
from harness.steps import records
from simulators.clock import stopwatch
from simulators.wiretap import Crossing

Table = list[list[str]]

OUT = "out"
RECORDING = "recordings/tc_062_cs.jsonl"
ALTERED = {
    "statement.json": STATEMENT,
    "statement.html": PAGE,
    "statement.pdf": PAPER,
    "a recording": RECORDING,
    "the signature": SIGNATURE,
}
"""What can be altered, by its name in scenarios, and its file."""


# ---------------------------------------------------------------------- what there is


@given(
    "an emulated INCH in a process of its own, at which a program has its hands",
    target_fixture="candidate",
)
def inch_elsewhere() -> Candidate:
    """Take an INCH whose page is used by what the profile names as hands."""
    return emulated_inch()


@given("a charger that boots, sends heartbeats and does nothing else", target_fixture="candidate")
def bare_elsewhere() -> Candidate:
    """Take a charger of the public `ocpp` package."""
    return bare_charger()


@given("the person at it can do nothing")
def person_can_nothing(bench: Bench, candidate: Candidate) -> None:
    """Answer whatever is asked of the person with "cannot"."""
    answers = bench.folder / "answers.toml"
    answers.write_text('"plug in" = "cannot there is no car"\n', encoding="utf-8")
    candidate.options += ["--answers", answers.name]


@given(
    parsers.parse(
        "its certification by {first} and {other} was interrupted after the first of them"
    )
)
def was_interrupted(bench: Bench, candidate: Candidate, first: str, other: str) -> None:
    """Interrupt it in the second case, in which the person at it is asked for something."""
    _certify(bench, candidate, (first, other), stop_at="case 2 of 2")
    assert bench.finished is not None
    assert bench.finished.returncode == 130, bench.finished.stdout


@given("a signed statement of a charger that failed")
def signed_statement(bench: Bench) -> None:
    """Issue a statement of one case, with a recording, signed by a key that is made here."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    profile = bench.folder / "profile.toml"
    profile.write_text('[charger]\nidentity = "WB-1"\n', encoding="utf-8")
    out, now = bench.folder / OUT, datetime(2026, 11, 28, 12, tzinfo=UTC)
    (out / RECORDING).parent.mkdir(parents=True)
    crossing = Crossing(now, "ocpp1.6", "WB-1", "backend", '[3,"c1",{"status":"Accepted"}]')
    write_recording(out / RECORDING, [crossing], seed=None, start=now)
    read = load(profile)
    journal = Journal(
        out, {"profile_sha256": read.sha256, "isebench": "0", "began": now.isoformat()}
    )
    journal.open()
    journal.add(
        Result(
            "TC_062_CS",
            "TC_062_CS Data Transfer to a Charge Point",
            Verdict.FAILED,
            "nothing came",
            began=now.isoformat(),
            ended=now.isoformat(),
            recording=RECORDING,
            recording_sha256=sha256_of(out / RECORDING),
        )
    )
    issue(read, journal, out, now, Ed25519PrivateKey.generate())
    assert _verified(bench)[0] == 0


# ---------------------------------------------------------------------- what happens


@when(parsers.re(r"it is certified by (?P<cases>TC_\w+(?:(?:, | and )TC_\w+)*)"))
def is_certified(bench: Bench, candidate: Candidate, cases: str) -> None:
    """Run the command beside the charger, until it ends."""
    _certify(bench, candidate, cases.replace(" and ", ", ").split(", "))


def _certify(
    bench: Bench, candidate: Candidate, cases: Sequence[str], *, stop_at: str = ""
) -> None:
    bench.in_real_time = True
    watch = stopwatch()
    bench.finished = bench.run(certify_as_command(candidate, bench.folder, cases, stop_at=stop_at))
    bench.lived_s = watch()


@when(parsers.re(r"(?P<what>statement\.\w+|a recording|the signature) is altered"))
def is_altered(bench: Bench, what: str) -> None:
    """Change one sign; of what tells a failure, so that it tells that all passed."""
    path = bench.folder / OUT / ALTERED[what]
    content = path.read_bytes()
    forged = content.replace(b"failed", b"passed")
    if forged == content:
        middle = len(content) // 2
        forged = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.write_bytes(forged)


# ---------------------------------------------------------------------- what is seen


@then("the statement says")
def statement_says(bench: Bench, datatable: Table) -> None:
    """Compare verdicts of cases."""
    found = {case["id"]: case["verdict"] for case in _statement(bench)["cases"]}
    for row in records(datatable, "case", "verdict"):
        if found[row["case"]] != row["verdict"]:
            raise Disagreement(f"{row['case']} is {found[row['case']]}, not {row['verdict']}")


@then("it says that this is not a whole certification")
def says_not_whole(bench: Bench) -> None:
    """Look for it in the data and at the head of the page."""
    page = (bench.folder / OUT / PAGE).read_text(encoding="utf-8")
    assert _statement(bench)["is_whole"] is False
    assert "This is not a whole certification: " in page.partition("<h2")[0]


@then("it bears the frames that decided each passed case, as they were recorded")
def bears_frames(bench: Bench) -> None:
    """Look for each frame in the recording, whose hash the statement bears."""
    out, statement = bench.folder / OUT, _statement(bench)
    passed = [case for case in statement["cases"] if case["verdict"] == "passed"]
    assert passed
    for case in passed:
        recorded = {one.text for one in read_recording(out / case["recording"]).crossings}
        assert case["frames"], case["id"]
        assert {frame["text"] for frame in case["frames"]} <= recorded, case["id"]
        assert statement["files"][case["recording"]] == sha256_of(out / case["recording"])


@then("it can be read as a page and as PDF")
def can_be_read(bench: Bench) -> None:
    """Compare the hashes of both, and see that the one is a page and the other PDF."""
    out, statement = bench.folder / OUT, _statement(bench)
    assert (out / PAGE).read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert (out / PAPER).read_bytes().startswith(b"%PDF-")
    for name in (PAGE, PAPER):
        assert statement["files"][name] == sha256_of(out / name)


@then("it names as declared and not shown")
def names_not_shown(bench: Bench, datatable: Table) -> None:
    """Look for what was declared among what was not shown, or was refused."""
    missing = {
        row["name"]
        for row in _statement(bench)["declared"]
        if row["finding"] in ("not shown", "refused though declared")
    }
    for row in records(datatable, "what"):
        if row["what"] not in missing:
            raise Disagreement(f"{row['what']} is not among what was declared and not shown")


@then("each of its cases was run once")
def run_once(bench: Bench) -> None:
    """Count the lines of the journal, and what the statement says of its runs."""
    lines = [
        json.loads(line)
        for line in (bench.folder / OUT / "journal.jsonl").read_text("ascii").splitlines()
    ]
    ids = [line["id"] for line in lines if "id" in line]
    assert len(ids) == len(set(ids))
    assert _statement(bench)["runs"] == 2


@then(
    parsers.re(
        r"its verification ends with exit code (?P<code>\d) and names"
        r" (?P<what>statement\.\w+|a recording|the signature)"
    )
)
def verification_ends_with(bench: Bench, code: str, what: str) -> None:
    """Verify it, and look for the file in what is said."""
    found, told = _verified(bench)
    assert found == int(code), told
    if what == "statement.json":
        assert "the statement is not what was signed" in told
    else:
        assert Path(ALTERED[what]).name in told


def _verified(bench: Bench) -> tuple[int, str]:
    lines: list[str] = []
    code = verify(bench.folder / OUT, None, lines.append)
    return code, "\n".join(lines)


def _statement(bench: Bench) -> dict[str, Any]:
    return dict(json.loads((bench.folder / OUT / STATEMENT).read_bytes()))
