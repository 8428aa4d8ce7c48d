"""What the exit code of `isebench conform` says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness import conform
from harness.catalogue import BUNDLED_FEATURES
from harness.conform import BROKEN, FAILED, NOTHING_RUN, PASSED, USAGE, How
from harness.errors import UsageError
from harness.selection import Wish


def test_a_target_that_stands_once_is_not_shared(tmp_path: Path) -> None:
    """Two processes would be two scenarios at a time for one backend."""
    path = tmp_path / "target.toml"
    path.write_text(
        'name = "Theirs"\nreset = ["true"]\n[addresses]\nocpp = "ws://127.0.0.1:9000"\n',
        encoding="utf-8",
    )
    how = How(BUNDLED_FEATURES, 1, tmp_path / "out", jobs=2, target=path)

    with pytest.raises(UsageError, match="the target stands there once, and 2 processes would"):
        conform.conform(Wish(["ISE-03"]), how)
    assert not (tmp_path / "out").exists()


class TestExitCodes:
    """What pytest's end means."""

    @pytest.mark.parametrize(
        ("code", "expected"),
        [(0, PASSED), (1, FAILED), (2, BROKEN), (3, BROKEN), (4, USAGE), (5, NOTHING_RUN)],
    )
    def test_of_pytest(self, tmp_path: Path, code: int, expected: int) -> None:
        """Each of pytest's codes has its meaning; its "interrupted" without Ctrl-C is none."""
        command = [sys.executable, "-S", "-c", f"raise SystemExit({code})"]

        assert expected == conform._run(command, tmp_path)

    def test_of_what_dies(self, tmp_path: Path) -> None:
        """A pytest that a signal ended is a bench that broke."""
        command = [sys.executable, "-S", "-c", "import os; os.kill(os.getpid(), 9)"]

        assert BROKEN == conform._run(command, tmp_path)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ('[not_applicable]\n"" = "x"', "an empty name is no requirement and no case"),
        ('[not_applicable]\nT = "x"', "T is no requirement and no case"),
        ('[expected_to_fail]\ntc_003 = "x"', "with two capitals at least"),
        ('[expected_to_fail]\nNO-1 = "x"', "NO-1 is no requirement and no case"),
        (
            '[not_applicable]\nTC_003 = "no"\n[expected_to_fail]\nTC_003_CSMS = "x"',
            r'TC_003_CSMS is expected to fail, and not applicable \("no"\)',
        ),
    ],
)
def test_a_scope_that_says_nothing_is_refused(tmp_path: Path, tables: str, words: str) -> None:
    """A name that fits everything, or nothing, would excuse what nobody has declared."""
    path = tmp_path / "target.toml"
    path.write_text(f'name = "x"\nstart = ["false"]\n{tables}\n', encoding="utf-8")

    with pytest.raises(UsageError, match=words):
        conform._check_target(path, How(BUNDLED_FEATURES, 1, tmp_path / "out", target=path))
