"""`isebench certify`: lead a charger that is there through its cases, and state what was shown."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.certify import signature, statement
from harness.certify.acts import load_answers
from harness.certify.document import document_of
from harness.certify.page import page_of
from harness.certify.paper import pdf_of
from harness.certify.profile import Profile, cases_of_charge_points, load
from harness.certify.results import JOURNAL, Journal, sha256_of
from harness.certify.run import Run
from harness.certify.site import Site
from harness.certify.terminal import Terminal
from harness.errors import UsageError
from harness.folders import make_folder
from harness.recording import instant_text
from simulators.clock import RealClock

PASSED, FAILED, BROKEN, INCOMPLETE, INTERRUPTED = 0, 1, 3, 4, 130
"""
Exit codes: all that was asked passed, something failed, the bench broke, something could not be
shown or the run was stopped, and somebody pressed Ctrl-C. Wrong use, and a charger that never came,
are 2.
"""
_CODES = {
    statement.PASSED: PASSED,
    statement.FAILED: FAILED,
    statement.ERROR: BROKEN,
    statement.INCOMPLETE: INCOMPLETE,
}
STDIN = 0
PAGE, PAPER = "statement.html", "statement.pdf"
MARKER = "isebench-certification.txt"
WRITTEN = (JOURNAL, statement.RECORDINGS, PAGE, PAPER, statement.NAME, signature.NAME)


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        profile: of the charger.
        report: the folder for the statement.
        answers: a file of what is answered instead of a person, or None.
        key: what the statement is signed with, or None.
        anew: whether to begin anew where an earlier run has stopped.
    """

    profile: Path
    report: Path
    answers: Path | None = None
    key: Path | None = None
    anew: bool = False


def certify(wishes: Wishes, environment: Mapping[str, str] = os.environ) -> int:
    """
    Run the cases of a profile, or those that are left, and write the statement.

    Returns:
        The exit code, see the constants of this module.

    Raises:
        UsageError: If something is wrong with the profile, the folder, the key or the answers, or
            the charger does not come.
    """
    profile = load(wishes.profile)
    answers = load_answers(wishes.answers) if wishes.answers is not None else {}
    key = signature.load_private(wishes.key, environment) if wishes.key is not None else None
    clock = RealClock()
    terminal = Terminal(
        clock,
        sys.stdout,
        STDIN,
        is_terminal=os.isatty(STDIN) and sys.stdout.isatty(),
    )
    _prepare(wishes.report, anew=wishes.anew)
    journal = Journal(
        wishes.report,
        {
            "profile_sha256": profile.sha256,
            "isebench": version("isebench"),
            "began": instant_text(clock.now()),
        },
    )
    journal.open()
    with _interrupted_by_sigterm(), closing(Site(profile, answers, terminal, clock)) as site:
        run = _run(site, profile, journal, wishes.report)
    told = issue(profile, journal, wishes.report, clock.now(), key)
    _tell(terminal, wishes.report, told)
    if run.is_interrupted:
        return INTERRUPTED
    return _CODES[told["outcome"]]


def _prepare(folder: Path, *, anew: bool) -> None:
    """Make the folder; what an earlier run has left is kept, unless it shall begin anew."""
    make_folder(folder, "--report")
    standing = [folder / name for name in WRITTEN if (folder / name).exists()]
    marker = folder / MARKER
    if standing and not marker.exists():
        raise UsageError(
            f"{standing[0]}: is not from an earlier run; move it, or choose another with --report"
        )
    for path in standing if anew else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    marker.write_text(f"Written by isebench, which may replace: {', '.join(WRITTEN)}\n")
    (folder / statement.RECORDINGS).mkdir(exist_ok=True)


def _run(site: Site, profile: Profile, journal: Journal, folder: Path) -> Run:
    wanted = [
        case
        for case in cases_of_charge_points()
        if profile.is_selected(case) and profile.left_out(case) is None
    ]
    left = [case for case in wanted if case.id not in journal.results]
    run = Run(site, left, journal, folder, len(wanted) - len(left))
    if not left:
        site.terminal.say("all cases have ended; the statement is written anew")
        return run
    if journal.results:
        site.terminal.say(f"goes on: {len(journal.results)} of {len(wanted)} cases have ended")
    run.run()
    return run


def issue(
    profile: Profile, journal: Journal, folder: Path, now: datetime, key: signature.Private | None
) -> dict[str, Any]:
    """
    Write the page and the paper, then the statement with their hashes, then its signature.

    Returns:
        The statement.
    """
    told = statement.statement_of(profile, journal, version("isebench"), folder, now)
    document = document_of(told)
    contents = {PAGE: page_of(document).encode("utf-8"), PAPER: pdf_of(document)}
    for name, content in contents.items():
        _put(folder / name, content)
        told["files"][name] = sha256_of(folder / name)
    content = statement.canonical(told)
    # A signature over an earlier statement must not stand beside this one.
    (folder / signature.NAME).unlink(missing_ok=True)
    _put(folder / statement.NAME, content)
    if key is not None:
        _put(folder / signature.NAME, signature.sign(content, key))
    return told


def _put(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whenever the power goes."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _tell(terminal: Terminal, folder: Path, told: Mapping[str, Any]) -> None:
    terminal.say(f"{told['outcome']}: {told['headline']}")
    if not told["is_whole"]:
        terminal.say(f"this is not a whole certification: {'; '.join(told['left_out'])}")
    terminal.say(f"statement: {folder / PAGE}, {PAPER}, {statement.NAME}")


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
