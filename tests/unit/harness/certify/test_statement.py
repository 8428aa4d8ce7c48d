"""The statement as data, as a page, on paper, signed and verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from pypdf import PdfReader

from harness.certify import signature, statement
from harness.certify.command import issue
from harness.certify.document import document_of
from harness.certify.page import page_of
from harness.certify.paper import pdf_of
from harness.certify.profile import Profile, cases_of_charge_points, load
from harness.certify.results import FrameSeen, Journal, Result, Sentence, Verdict, sha256_of
from harness.certify.statement import canonical, outcome_of, statement_of
from harness.certify.verify import ALTERED, SOUND, UNSIGNED, verify
from harness.errors import UsageError
from harness.recording import write_recording
from simulators.wiretap import Crossing

NOW = datetime(2026, 11, 28, 13, tzinfo=UTC)
WHO = '[charger]\nidentity = "WB-1"\nvendor = "Etrel"\nfirmware = "1.12"\n'
BOOT = (
    '[2,"1","BootNotification",{"chargePointVendor":"ETREL","chargePointModel":"INCH",'
    '"firmwareVersion":"1.13"}]'
)
LONG = '[2,"9","DataTransfer",{"vendorId":"x","data":"' + "long " * 4000 + '"}]'


class Run:
    """A profile and a journal in a folder, as a run leaves them."""

    def __init__(self, folder: Path, text: str = WHO) -> None:
        path = folder / "wb.toml"
        path.write_text(text, encoding="utf-8")
        self.folder = folder / "out"
        (self.folder / "recordings").mkdir(parents=True)
        self.profile: Profile = load(path)
        began = "2026-11-28T12:00:00.000000Z"
        self.journal = Journal(
            self.folder, {"profile_sha256": self.profile.sha256, "isebench": "0", "began": began}
        )
        self.journal.open()

    def record(self, name: str, *texts: str) -> str:
        """Write a recording in which the charger says some frames; give its name."""
        crossings = [Crossing(NOW, "ocpp1.6", "WB-1", "backend", text) for text in texts]
        path = self.folder / "recordings" / name
        write_recording(path, crossings, seed=None, start=NOW)
        return f"recordings/{name}"

    def end(self, id: str, verdict: Verdict, reason: str = "", text: str = "[3]") -> None:
        """Let a case end."""
        name = self.record(f"{id.lower()}.jsonl", text)
        self.journal.add(
            Result(
                id,
                f"{id} A case",
                verdict,
                reason,
                "2026-11-28T12:00:01.000000Z",
                "2026-11-28T12:00:02.000000Z",
                (Sentence("When", "a car <is> plugged in", "passed"),),
                (FrameSeen("2026-11-28T12:00:01.500000Z", "ocpp1.6", "WB-1", "backend", text),),
                name,
                sha256_of(self.folder / name),
            )
        )

    def end_all(self, verdict: Verdict = Verdict.PASSED) -> None:
        """Let all cases end that apply."""
        for case in cases_of_charge_points():
            if self.profile.left_out(case) is None:
                self.end(case.id, verdict)

    def told(self) -> dict[str, Any]:
        """Give the statement."""
        return statement_of(self.profile, self.journal, "0.1", self.folder, NOW)


def test_a_whole_run_that_passes(tmp_path: Path) -> None:
    """With all that applies passed, and nothing left out, it is a whole certification."""
    (tmp_path / "fw.zip").write_bytes(b"fw")
    run = Run(tmp_path, WHO + '[firmware]\nfile = "fw.zip"\nversion = "2"\n')
    run.end_all()
    told = run.told()

    assert ("passed", True, []) == (told["outcome"], told["is_whole"], told["left_out"])
    assert told[
        "headline"
    ] == f"{told['counts']['passed']} of {told['counts']['passed']} cases " + (
        "that were asked passed"
    )
    assert 102 == len(told["cases"]) == sum(told["counts"].values())


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    """Not asked for, not reached, left out, not shown, beyond the bench: each is told."""
    text = (
        WHO + "security_profile = 2\n[cases]\n"
        'run = ["TC_003", "TC_010", "TC_012", "TC_073", "TC_045"]\n[scope]\nTC_045_1 = "no"\n'
    )
    run = Run(tmp_path, text)
    run.end("TC_003_CS", Verdict.PASSED)
    run.end("TC_010_CS", Verdict.NOT_SHOWN, "no car")
    told = run.told()

    assert ("incomplete", False) == (told["outcome"], told["is_whole"])
    assert "1 of 2 cases that were asked passed; 1 could not be shown" == told["headline"]
    left = "; ".join(told["left_out"])
    assert "cases not asked for" in left
    assert "2 cases not reached, as the run ended before" in left
    assert "1 case not to be shown by this bench yet" in left
    assert "1 case left out by the profile's scope" in left
    assert "1 case not shown, as something could not be done" in left


def test_the_charger_is_compared_with_its_profile(tmp_path: Path) -> None:
    """What it says of itself when it boots is told, and where its profile says otherwise."""
    run = Run(tmp_path)
    arrival = run.record("arrival-1.jsonl", "no json", BOOT, '[2,"2","BootNotification"]')
    told = run.told()

    assert {"vendor": "ETREL", "model": "INCH", "firmware": "1.13"} == told["told"]
    assert ["the profile names the firmware '1.12', the charger says '1.13'"] == told["differences"]
    assert {arrival: sha256_of(run.folder / arrival)} == told["files"]
    assert {"BootNotification"} == {
        row["name"] for row in told["declared"] if row["finding"] == "shown though not declared"
    }


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([Verdict.PASSED, Verdict.NOT_APPLICABLE], "passed"),
        ([Verdict.PASSED, Verdict.FAILED, Verdict.NOT_SHOWN], "failed"),
        ([Verdict.ERROR, Verdict.FAILED], "error"),
        ([Verdict.PASSED, Verdict.NOT_SHOWN], "incomplete"),
        ([Verdict.NOT_APPLICABLE], "incomplete"),
    ],
)
def test_outcomes(verdicts: list[Verdict], outcome: str) -> None:
    """The worst decides; nothing shown is nothing passed."""
    assert outcome == outcome_of([Result("A", "A", one) for one in verdicts])


def test_the_page_says_what_the_statement_says(tmp_path: Path) -> None:
    """Everything is there, what comes from outside is escaped, and nothing is loaded."""
    run = Run(tmp_path)
    run.end("TC_003_CS", Verdict.FAILED, "<script>alert(1)</script>\u202e", BOOT)
    run.end("TC_010_CS", Verdict.PASSED)
    page = page_of(document_of(run.told()))

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;U+202E&gt;" in page
    assert '<a href="#TC_003_CS">TC_003_CS A case</a>' in page
    assert '<h3 id="TC_003_CS" class="bad">TC_003_CS A case: failed</h3>' in page
    assert "This is not a whole certification: " in page.partition("<h2")[0]
    assert "a car &lt;is&gt; plugged in" in page
    assert "What was declared and not shown" in page
    assert "src=" not in page
    assert run.profile.sha256 in page


def test_the_paper_says_what_the_statement_says(tmp_path: Path) -> None:
    """Text that another reader finds, on numbered pages with a head; long frames go on."""
    run = Run(tmp_path)
    run.end("TC_003_CS", Verdict.FAILED, "a reason with → and \u0416 and \u202e", LONG)
    told = run.told()
    paper = pdf_of(document_of(told))
    assert paper == pdf_of(document_of(told))
    (tmp_path / "a.pdf").write_bytes(paper)

    pages = [one.extract_text() for one in PdfReader(tmp_path / "a.pdf").pages]
    text = "\n".join(pages)
    assert all(f"page {n} of {len(pages)}" in one for n, one in enumerate(pages, 1))
    assert all("Etrel · WB-1 · 2026-11-28" in one for one in pages)
    assert "Failed: 0 of 1 case" in text
    assert "a reason with to and <U+0416> and <U+202E>" in " ".join(text.split())
    assert 4000 == text.count("long")


def test_nothing_at_all_can_be_stated(tmp_path: Path) -> None:
    """A run that was stopped before its first case has a page and a paper, too."""
    document = document_of(Run(tmp_path).told())

    assert "No case was run." in page_of(document)
    assert pdf_of(document).startswith(b"%PDF-")


KEYS: dict[str, Callable[[], signature.Private]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa-pss-sha256": lambda: rsa.generate_private_key(65537, 2048),
}


def pem(key: Any, *, openssh: bool = False, passphrase: bytes = b"") -> bytes:
    """Write a private key."""
    shape = serialization.PrivateFormat.OpenSSH if openssh else serialization.PrivateFormat.PKCS8
    lock: Any = serialization.NoEncryption()
    if passphrase:
        lock = serialization.BestAvailableEncryption(passphrase)
    return bytes(key.private_bytes(serialization.Encoding.PEM, shape, lock))


def public(key: Any, *, openssh: bool = False) -> bytes:
    """Write a public key."""
    if openssh:
        return bytes(
            key.public_key().public_bytes(
                serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
            )
        )
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_key().public_bytes(serialization.Encoding.PEM, shape))


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_a_statement_is_signed_and_verified(tmp_path: Path, algorithm: str) -> None:
    """Each kind of key signs; its public half, in PEM or of OpenSSH, is recognised."""
    run, key = Run(tmp_path), KEYS[algorithm]()
    issue(run.profile, run.journal, run.folder, NOW, key)
    (tmp_path / "a.pub").write_bytes(public(key))
    (tmp_path / "b.pub").write_bytes(public(key, openssh=True))
    lines: list[str] = []

    assert SOUND == verify(run.folder, tmp_path / "a.pub", lines.append)
    assert SOUND == verify(run.folder / "statement.json", tmp_path / "b.pub", lines.append)
    assert SOUND == verify(run.folder, None, lines.append)
    assert "signed by the given key, SHA256:" in lines[3]
    assert "compare it with one that you trust" in lines[-1]
    assert algorithm == json.loads((run.folder / "statement.sig").read_bytes())["algorithm"]


def test_what_nobody_signed_is_no_more_than_consistent(tmp_path: Path) -> None:
    """An exit code of its own says so; where a key is asked for, it is altered."""
    run, lines = Run(tmp_path), list[str]()
    issue(run.profile, run.journal, run.folder, NOW, None)
    (tmp_path / "a.pub").write_bytes(public(KEYS["ed25519"]()))

    assert UNSIGNED == verify(run.folder, None, lines.append)
    assert "signed by nobody" in lines[-1]
    assert ALTERED == verify(run.folder, tmp_path / "a.pub", lines.append)
    assert "so the key has signed nothing" in lines[-1]


def test_another_key_is_found(tmp_path: Path) -> None:
    """Who signs a forged statement anew signs with another key."""
    run, lines = Run(tmp_path), list[str]()
    issue(run.profile, run.journal, run.folder, NOW, KEYS["ed25519"]())
    (tmp_path / "mine.pub").write_bytes(public(KEYS["ed25519"]()))

    assert ALTERED == verify(run.folder, tmp_path / "mine.pub", lines.append)
    assert "is by another key, SHA256:" in lines[-1]


def forged(told: dict[str, Any], **changes: Any) -> bytes:
    """Write a signature otherwise."""
    return json.dumps({**told, **changes}).encode()


def test_signatures_that_are_none_are_found() -> None:
    """Whatever was done to it, it is not taken."""
    key = ed25519.Ed25519PrivateKey.generate()
    told = json.loads(signature.sign(b"what was said", key))

    assert isinstance(signature.check(b"what was said", forged(told)), signature.Signed)
    for content, made, why in (
        (b"what was sad", forged(told), "not what was signed"),
        (b"what was said", forged(told, format="x"), "not of a form"),
        (b"what was said", forged(told, algorithm="rsa-pss-sha256"), "of another kind"),
        (b"what was said", forged(told, key="x"), "cannot be read"),
        (b"what was said", forged(told, key=None), "cannot be read"),
        (b"what was said", forged(told, signature="*"), "cannot be read"),
        (b"what was said", b"[]", "cannot be read"),
        (b"what was said", b"\xff", "cannot be read"),
    ):
        assert why in str(signature.check(content, made))


def test_files_of_a_statement_are_looked_at(tmp_path: Path) -> None:
    """One that is missing, one elsewhere, and a statement that is written otherwise are found."""
    run, lines = Run(tmp_path), list[str]()
    issue(run.profile, run.journal, run.folder, NOW, None)
    path = run.folder / "statement.json"
    told = json.loads(path.read_bytes())
    (run.folder / "statement.pdf").unlink()
    path.write_text(json.dumps({**told, "files": {**told["files"], "../x": "0", "/etc/x": "0"}}))

    assert ALTERED == verify(path, None, lines.append)
    text = "\n".join(lines)
    assert "is not written as it was issued" in text
    assert "statement.pdf: is not there" in text
    assert 2 == text.count("no file of a statement lies there")


def test_where_no_statement_is_that_is_told(tmp_path: Path) -> None:
    """A folder without one, and a file that is none, are wrong use."""
    with pytest.raises(UsageError, match=r"name a statement\.json, or its folder"):
        verify(tmp_path, None, print)
    bare = {"format": statement.FORMAT, "version": statement.VERSION, "files": {}}
    others = ({"format": statement.FORMAT, "version": 9}, bare, {**bare, "left_out": [5]})
    for text in ("{}", "[]", "x", *map(json.dumps, others)):
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match="is no statement that this version reads"):
            verify(tmp_path / "a.json", None, print)


def test_the_bytes_are_canonical() -> None:
    """The order in which things were said does not matter."""
    assert b'{"a":"\\u00fc","b":1}\n' == canonical({"b": 1, "a": "ü"})


def test_private_keys_are_read(tmp_path: Path) -> None:
    """PEM and OpenSSH, with and without a passphrase, which stands in the environment."""
    key, path = ed25519.Ed25519PrivateKey.generate(), tmp_path / "key"
    wanted = signature.fingerprint_of(key.public_key())
    has = {signature.PASSPHRASE: "geheim"}
    for openssh in (False, True):
        path.write_bytes(pem(key, openssh=openssh))
        for environment in ({}, has):
            read = signature.load_private(path, environment)
            assert wanted == signature.fingerprint_of(read.public_key())
        path.write_bytes(pem(key, openssh=openssh, passphrase=b"geheim"))
        assert wanted == signature.fingerprint_of(signature.load_private(path, has).public_key())
        with pytest.raises(UsageError, match="has a passphrase; write it into the environment"):
            signature.load_private(path, {})
        with pytest.raises(UsageError, match="is not opened by the passphrase"):
            signature.load_private(path, {signature.PASSPHRASE: "falsch"})


def test_keys_that_cannot_sign_are_refused(tmp_path: Path) -> None:
    """No key, a key of another kind, a short one, and a public one that is none."""
    path = tmp_path / "key"
    for content, told in (
        (b"x", "is no private key in PEM"),
        (pem(x25519.X25519PrivateKey.generate()), "is a key of another kind"),
        (pem(rsa.generate_private_key(65537, 1024)), "is a key of another kind"),
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=told):
            signature.load_private(path, {})
        with pytest.raises(UsageError, match="is no public key"):
            signature.load_public(path)
    with pytest.raises(UsageError, match="cannot be read"):
        signature.load_private(tmp_path / "none", {})
