"""`isebench certify` and `isebench verify`, as a person at a terminal has them."""

from __future__ import annotations

import asyncio
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from harness.certify.candidates import bare_charger, certify_as_command, emulated_inch
from harness.certify.results import Journal, Result, Verdict, sha256_of
from harness.cli import main


def test_a_person_says_cannot_and_stop(tmp_path: Path) -> None:
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


def _altered(path: Path) -> int:
    path.write_bytes(path.read_bytes() + b" ")
    return main(["verify", str(path.parent)])


def ended(folder: Path, verdict: Verdict) -> list[str]:
    """Leave a journal in which the only case has ended; give the command that goes on from it."""
    path = folder / "p.toml"
    path.write_text('[charger]\nidentity = "WB-1"\n[cases]\nrun = ["TC_062"]\n', encoding="utf-8")
    out = folder / str(verdict)
    (out / "recordings").mkdir(parents=True)
    (out / "isebench-certification.txt").touch()
    head = {"profile_sha256": sha256_of(path), "isebench": version("isebench"), "began": "x"}
    journal = Journal(out, head)
    journal.open()
    journal.add(Result("TC_062_CS", "TC_062_CS Data Transfer to a Charge Point", verdict))
    return ["certify", str(path), "--report", str(out)]


def test_a_run_whose_cases_have_all_ended(tmp_path: Path) -> None:
    """Nobody is waited for; the statement is written anew, and ends as its cases did."""
    assert 0 == main(ended(tmp_path, Verdict.PASSED))
    assert 1 == main(ended(tmp_path, Verdict.FAILED))
    assert 4 == main(ended(tmp_path, Verdict.NOT_SHOWN))


def test_a_statement_is_signed_later_and_verified(tmp_path: Path) -> None:
    """The same command with a key signs what has ended; what is altered then is found."""
    command, out = ended(tmp_path, Verdict.PASSED), tmp_path / "passed"
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )

    main(command)
    assert 4 == main(["verify", str(out)])
    main([*command, "--key", str(tmp_path / "key.pem")])
    assert 0 == main(["verify", str(out)])
    assert 1 == _altered(out / "statement.pdf")


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
