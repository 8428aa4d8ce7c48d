"""
Does the harness bite? Faults that real systems have had, put into what is under test one by one.

Each fault is a few signs of code of the backend, of the emulated charger or of the gateway
(`bites.faults`), exchanged in this process; the bundled scenarios of a requirement must fail
because of it, in a Then, at the sentence that is about it. `python tests/bites/bite.py` tries them
all and writes down what caught them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from bites import trial
from bites.copies import IN_COPIES, tried_in_a_copy
from bites.faults import MUTANTS, SUBJECTS
from bites.gateway import SAYS
from bites.mutant import BACKEND, CHARGER, IN_ORDER, Mutant, case
from bites.trial import CAUGHT

from harness.catalogue import BUNDLED_FEATURES, load_scenarios
from harness.errors import Disagreement
from harness.target import CENTRAL_SYSTEM, NOT_YET_COVERED

pytest_plugins = ["pytester"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "verdicts.md"
JUDGED = ("ISE", "AEX", "FMT", "DLV", "COL", "INC", "SGW")
"""Areas whose requirements judge a part; FTP judges the drop, HAR the harness."""
WITHOUT_A_FAULT: dict[str, str] = {}
"""Requirements that no fault can fail, and why."""
LIMIT_S = 600
"""What hangs is ended; a machine that is busy takes long for what runs many scenarios."""
LEAST = {BACKEND: 40, CHARGER: 40}
"""How many faults there have to be."""


def _table() -> str:
    """Give the table of the page: each fault, the requirement that finds it, and the sentence."""
    rows = "".join(
        f"| {one.side} | {one.bug} | {one.requirement} | … {one.sentence} … |\n" for one in MUTANTS
    )
    return "| of | the fault | found by | at the sentence |\n| --- | --- | --- | --- |\n" + rows


def _first_of_each() -> Iterable[Any]:
    """
    Give all faults; CI has time for a few, `tox -e bite` for all of them.

    The few are one of each requirement of the backend, and one of each subject of the devices.
    """
    seen: set[str] = set()
    for subject, mutants in SUBJECTS.items():
        for mutant in mutants:
            kind = mutant.requirement if mutant.side == BACKEND else subject
            marks = [pytest.mark.slow] if mutant.alone or kind in seen else []
            if not mutant.alone:
                seen.add(kind)
            yield pytest.param(mutant, id=mutant.bug, marks=marks)


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("mutant", [*_first_of_each()])
def test_a_bug_fails_the_scenarios_of_its_requirement(
    mutant: Mutant,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """A scenario fails, at the sentence that is about the fault, and the bench stays whole."""
    begin, in_a_copy = time.monotonic(), mutant.alone or IN_COPIES in os.environ

    if in_a_copy:
        found = tried_in_a_copy(mutant, tmp_path)
    else:
        found = trial.tried(pytester, mutant, monkeypatch)

    told = trial.plain(found, mutant, time.monotonic() - begin, in_a_copy=in_a_copy)
    record_property(trial.PROPERTY, told)
    assert CAUGHT == found.verdict, found.trouble


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("mutant", [mutants[0] for mutants in SUBJECTS.values()], ids=[*SUBJECTS])
def test_a_patched_copy_gives_the_same_verdict(
    mutant: Mutant,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Code exchanged in this process and files changed in a copy fail at the same sentence."""
    in_a_copy = tried_in_a_copy(mutant, tmp_path)

    here = trial.tried(pytester, mutant, monkeypatch)

    same = [(one.verdict, one.where, one.example, one.sentence) for one in (here, in_a_copy)]
    assert same[0] == same[1], in_a_copy.trouble
    assert CAUGHT == here.verdict


@pytest.mark.parametrize("id", ["TC_073_CSMS", "TC_085_CSMS", "TC_086_CSMS", "TC_087_CSMS"])
def test_a_case_of_security_fails_where_anybody_is_let_in(
    id: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it covered, a backend that asks for no password and speaks in the clear would fail."""
    monkeypatch.setitem(cast("dict[str, object]", NOT_YET_COVERED), CENTRAL_SYSTEM, {})

    bite = trial.run(pytester, [case("it lets anybody in", id)])

    first = bite.failed[0]
    assert "no line came up that was dialled so" == first.step.name
    assert isinstance(first.exception, Disagreement), repr(first.exception)
    assert 1 == len(bite.ended("failed")), bite.ended("failed")


@pytest.mark.slow
@pytest.mark.timeout(2 * LIMIT_S)
def test_without_a_bug_the_same_scenarios_pass(pytester: pytest.Pytester) -> None:
    """What fails above fails because of the fault: each of these scenarios passes without."""
    bite = trial.run(pytester, MUTANTS)

    assert [] == bite.ended("failed")
    assert len(bite.ended("passed")) > 3 * 40


def test_a_fault_that_does_nothing_survives(pytester: pytest.Pytester) -> None:
    """What no scenario notices is not told as caught."""
    first = MUTANTS[0]
    harmless = Mutant("nothing", first.requirement, first.sentence, (), first.only)

    found = trial.judged(harmless, trial.run(pytester, [harmless]))

    assert (trial.SURVIVED, "") == (found.verdict, found.sentence)


def test_the_page_of_the_bugs_is_up_to_date() -> None:
    """The table of docs/explanation/verdicts.md is the list of faults."""
    page = PAGE.read_text(encoding="utf-8")

    assert _table() in page, f"put this into {PAGE.name}:\n{_table()}"


def test_there_are_enough_faults_and_none_twice() -> None:
    """Each side has its share, and no two faults are the same in words or in code."""
    sides = [one.side for one in MUTANTS]
    codes = [one.edits for one in MUTANTS]

    assert all(sides.count(side) >= least for side, least in LEAST.items())
    assert len(MUTANTS) == len({one.id for one in MUTANTS})
    assert [] == [one.bug for one in MUTANTS if codes.count(one.edits) > 1]


def test_every_fault_is_code_that_can_be_put_in() -> None:
    """What a fault exchanges stands there once, and is Python when it is exchanged."""
    broken = {}
    for one in MUTANTS:
        try:
            for edit in one.edits:
                edit.code()
        except (AssertionError, SyntaxError) as error:
            broken[one.bug] = error

    assert {} == broken


def test_a_sentence_about_much_is_not_enough() -> None:
    """What fails at a table of messages must tell the message, or the rule, that it is about."""
    much = (IN_ORDER, SAYS)
    vague = [one.bug for one in MUTANTS if one.sentence.endswith(much) and not one.saying]

    assert [] == vague


def test_every_requirement_that_judges_a_part_has_a_bug() -> None:
    """What judges backend and devices is known to bite, each requirement by a fault of its own."""
    ids = {id for scenario in load_scenarios(BUNDLED_FEATURES) for id in scenario.requirements}
    judged = {id for id in ids if id.startswith(JUDGED)}

    assert judged - {one.requirement for one in MUTANTS} == WITHOUT_A_FAULT.keys()
