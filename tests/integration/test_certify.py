"""`isebench certify` and `isebench verify`, as a person at a terminal has them."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from harness.certify.candidates import bare_charger, certify_as_command, emulated_inch
from harness.cli import main


def test_a_person_says_cannot_and_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The person is told what to do; what cannot be is not shown, and who says stop is obeyed."""
    charger = bare_charger()
    done = asyncio.run(
        certify_as_command(
            charger,
            tmp_path,
            ["TC_041", "TC_048_2", "TC_062"],
            typed="cannot it never breaks\nstop\n",
        )
    )

    assert 4 == done.returncode, done.stdout
    assert "  > Bring the charger into a fault that it tells as InternalError." in done.stdout
    assert "not shown: break down: the person at the charger cannot: it never breaks" in done.stdout
    assert "stopped by the person at the charger" in done.stdout
    told = json.loads((tmp_path / "out" / "statement.json").read_bytes())
    verdicts = {case["id"]: (case["verdict"], case["reason"]) for case in told["cases"]}
    assert "not shown" == verdicts["TC_041_CS"][0]
    assert {"not asked"} == {verdicts[id][0] for id in ("TC_048_2_CS", "TC_062_CS")}
    assert ("Bare", "Nobody") == (told["told"]["model"], told["told"]["vendor"])
    assert (4, 1) == (
        main(["verify", str(tmp_path / "out")]),
        _altered(tmp_path / "out" / "statement.pdf"),
    )
    assert "signed by nobody" in capsys.readouterr().out


def _altered(path: Path) -> int:
    path.write_bytes(path.read_bytes() + b" ")
    return main(["verify", str(path.parent)])


def test_what_is_wrong_is_told_before_anybody_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A profile, a key, a file of answers or a folder that is wrong: exit code 2, and why."""
    profile, out = tmp_path / "p.toml", tmp_path / "out"
    profile.write_text('[charger]\nidentity = "WB-1"\n', encoding="utf-8")
    command = ["certify", str(profile), "--report", str(out)]

    assert 2 == main(["certify", str(tmp_path / "none.toml")])
    assert 2 == main([*command, "--key", str(profile)])
    assert 2 == main([*command, "--answers", str(tmp_path / "none")])
    assert 2 == main(["verify", str(tmp_path)])
    out.mkdir()
    (out / "statement.html").write_text("somebody's own", encoding="utf-8")
    assert 2 == main(command)
    told = capsys.readouterr().err
    assert "is no private key" in told
    assert "is not from an earlier run; move it" in told
    assert "somebody's own" == (out / "statement.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_inch_charges_under_test(tmp_path: Path) -> None:
    """Cards, cables and reservations, before an INCH in a process of its own: all of it passes."""
    charger = emulated_inch()
    charger.profile["limits"].update(settle_s=3, timing_s=3)
    cases = ["TC_005_1", "TC_012", "TC_018_1", "TC_053"]
    done = asyncio.run(certify_as_command(charger, tmp_path, cases, limit_s=500))

    assert 0 == done.returncode, done.stdout
    assert "4 of 4 cases that were asked passed" in done.stdout
    before = (tmp_path / "out" / "journal.jsonl").read_text("ascii")
    again = asyncio.run(certify_as_command(charger, tmp_path, cases))
    assert "all cases have ended; the statement is written anew" in again.stdout
    assert (tmp_path / "out" / "journal.jsonl").read_text("ascii").startswith(before)
    shutil.rmtree(tmp_path / "out")
