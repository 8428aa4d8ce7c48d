"""Tests of the description of a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.targets.target_file import Scope, Target, read_target

STARTED = 'name = "Theirs"\nstart = ["theirs", "{settings}"]\n'
STANDS = 'name = "Theirs"\n[addresses]\nocpp = "ws://127.0.0.1:9000"\n'


def read(folder: Path, text: str) -> Target:
    """Read a target from a text."""
    path = folder / "target.toml"
    path.write_text(text, encoding="utf-8")
    return read_target(path)


def test_one_that_is_started(tmp_path: Path) -> None:
    """What is not said has its usual value."""
    target = read(tmp_path, STARTED)

    assert ("Theirs", ("theirs", "{settings}"), "machine", 1) == (
        target.name,
        target.start,
        target.time,
        target.factor,
    )
    assert (30, 20, 10) == (
        target.starts_within_s,
        target.answers_within_s,
        target.delivers_within_s,
    )
    assert tmp_path == target.folder
    assert ("Time of the target", "machine") in target.facts()


def test_one_that_stands(tmp_path: Path) -> None:
    """It has addresses, and no command."""
    target = read(tmp_path, STANDS)

    assert {"ocpp": "ws://127.0.0.1:9000"} == target.addresses
    assert () == target.start


def test_whose_time_is_hurried(tmp_path: Path) -> None:
    """The factor is told in the report."""
    target = read(tmp_path, STARTED + '[time]\nkind = "scaled"\nfactor = 60\nstarts_within_s = 5\n')

    assert (60, 5) == (target.factor, target.starts_within_s)
    assert ("Time of the target", "scaled, 60 times") in target.facts()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "cannot be read as TOML"),
        ('start = ["theirs"]', "name: write a text"),
        ('name = "Theirs"', "start: write either the command"),
        (STARTED + '[addresses]\nocpp = "ws://x"', "start: write either the command"),
        ('name = "Theirs"\nstart = "theirs"', "start: write a list of texts"),
        ('name = "Theirs"\nstart = ["{port}"]', "there is no {port}; there are {settings}"),
        ('name = "Theirs"\n[addresses]\nweb = "http://x"', "addresses.ocpp: write where"),
        (STANDS + 'ftp = "x"', "addresses: there is no ftp"),
        (STANDS + '[time]\nkind = "stepped"', 'time.kind: is "stepped", and a target that stands'),
        (STARTED + '[time]\nkind = "slow"', "time.kind: is 'slow'; write one of stepped"),
        (STARTED + "[time]\nfactor = 60", 'time.factor: is for kind = "scaled"'),
        (STARTED + '[time]\nkind = "scaled"\nfactor = 0', "time.factor: write a whole number"),
        (STARTED + "[time]\nanswers_within_s = -1", "time.answers_within_s: write seconds"),
        (STARTED + "[time]\nspeed = 2", "time.speed: there is no such key"),
        (STARTED + 'reset = ["again"]', "reset: is for a target that stands"),
        (STARTED + "colour = 1", "colour: there is no such key"),
        (STARTED + '[not_applicable]\nFMT = ""', "not_applicable.FMT: write the reason"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    """The file, the key, and what to write."""
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)

    assert str(tmp_path / "target.toml") in str(raised.value)
    assert words in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_target(tmp_path / "none.toml")


class TestScope:
    """What a target declares, by the ids of scenarios."""

    scope = Scope({"FMT": "one format", "FMT-04": "no registers"}, {"TC_003": "issue 12"})

    def test_the_longest_name_says_most(self) -> None:
        """An id of its own is before the beginning of many."""
        assert "no registers" == self.scope.left_out(["FMT-04"])
        assert "one format" == self.scope.left_out(["ISE-01", "FMT-05"])

    def test_who_is_not_named(self) -> None:
        """It applies."""
        assert self.scope.left_out(["ISE-01", "TC_003_CSMS"]) is None

    def test_a_beginning_of_a_case(self) -> None:
        """Both sides of a case have it."""
        assert "issue 12" == self.scope.known_to_fail(["COL-01", "TC_003_CSMS"])
        assert self.scope.known_to_fail(["TC_004_1_CSMS"]) is None
