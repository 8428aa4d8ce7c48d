"""Each command ends with the codes that its page says, and with no other."""

from __future__ import annotations

import argparse
import ast
import logging
import re
from pathlib import Path

import pytest

from backend import __main__ as backend_main
from harness import cli
from harness.exit_codes import COMMANDS, MEANINGS
from simulators import __main__ as simulators_main

TESTS = Path(__file__).resolve().parents[1]
SETTINGS = """
[backend]
port = 0
[[account]]
name = "Stadtwerke"
ise = true
[[destination]]
account = "Stadtwerke"
name = "Drop"
host = "127.0.0.1"
port = 1
user = "isebench"
secret = "of no use"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2hJ4s0Qb0V2rZQZ3k1v7Yk9s0oZl2c1w9Xq8m3T5dE"
"""

ENDS: list[tuple[str, int]] = [
    ("demo --seed x", 2),
    ("demo --out settings.toml", 2),
    ("up --card x/x/x/x/x/x/x/x/x/x/x/x/x", 2),
    ("up --host 192.0.2.1", 2),
    ("charger --backend http://127.0.0.1 --identity WB-1", 2),
    ("gateway --fault lamp", 2),
    ("drop --user nobody", 2),
    ("seal --settings none.toml", 2),
    ("conform LAMP-01", 2),
    ("conform --features empty", 2),
    ("conform --part 3/2", 2),
    ("conform --report kept TC_003_CS", 2),
    ("conform TC_003_CS --part 2/2 --quiet", 4),
    ("conform --tags @lamp --list", 2),
    ("conform --only-failed none", 2),
    ("conform --jobs 0", 2),
    ("conform ISE-02 --exclude ISE --list", 4),
    ("conform ISE-02 --tags @delivery", 4),
    ("conform ISE-02 --list", 0),
    ("compare none none", 2),
    ("merge none", 2),
    ("sequence none.log", 2),
    ("sequence charger.log", 0),
    ("certify none.toml", 2),
    ("verify none", 2),
    ("record --listen ws://127.0.0.1:0 --to http://x --out r.jsonl", 2),
    ("replay none.log", 2),
    ("replay charger.log", 0),
    ("minimise none.log --keeps x", 2),
    ("scenario none.log", 2),
    ("scenario charger.log", 0),
    ("explain CH1 yesterday --settings none.toml", 2),
    ("read settings.toml", 2),
    ("read none.csv", 2),
    ("test-connection --settings settings.toml", 1),
    ("test-connection --settings settings.toml Nowhere", 2),
    ("questionnaire lamp", 2),
    ("questionnaire", 0),
    ("list LAMP-01", 2),
    ("list ISE-02", 0),
    ("--version", 0),
]
"""Command lines that end by themselves at once, and with which code."""

SHOWN_BY = {
    ("isebench record", 0): ("integration/test_recorder.py", "test_command_until_ctrl_c"),
    ("isebench minimise", 0): (
        "unit/harness/test_minimise.py",
        "test_what_is_not_needed_is_left_out",
    ),
    ("isebench minimise", 1): (
        "unit/harness/test_minimise.py",
        "test_what_is_not_so_and_what_nobody_can_tell",
    ),
    ("isebench minimise", 4): (
        "unit/harness/test_minimise.py",
        "test_what_is_not_so_and_what_nobody_can_tell",
    ),
    ("isebench demo", 0): ("integration/test_demo.py", "_lived"),
    ("isebench demo", 1): ("integration/test_demo.py", "test_a_file_that_never_arrives"),
    ("isebench conform", 0): (
        "integration/test_conform.py",
        "test_a_requirement_selects_its_scenarios",
    ),
    ("isebench conform", 1): (
        "integration/test_conform.py",
        "test_a_run_of_all_goes_on_after_failures",
    ),
    ("isebench conform", 3): (
        "integration/test_conform.py",
        "test_a_report_that_cannot_be_written_is_a_broken_bench",
    ),
    ("isebench conform", 130): ("integration/test_conform.py", "test_an_interrupt_ends_it"),
    ("isebench compare", 0): (
        "unit/harness/test_compare.py",
        "test_the_command_says_worse_by_its_exit_code",
    ),
    ("isebench compare", 1): (
        "unit/harness/test_compare.py",
        "test_the_command_says_worse_by_its_exit_code",
    ),
    ("isebench merge", 0): (
        "unit/harness/test_merge.py",
        "test_the_command_says_what_came_of_it",
    ),
    ("isebench merge", 1): (
        "unit/harness/test_merge.py",
        "test_the_command_says_what_came_of_it",
    ),
    **{
        ("isebench certify", code): (
            "integration/test_certify.py",
            "test_a_run_whose_cases_have_all_ended",
        )
        for code in (0, 1, 4)
    },
    **{
        ("isebench verify", code): (
            "integration/test_certify.py",
            "test_a_statement_is_signed_later_and_verified",
        )
        for code in (0, 1, 4)
    },
    ("isebench up", 0): ("integration/test_up.py", "test_a_charger_of_ones_own_may_connect"),
    ("isebench charger", 0): (
        "integration/test_charger_alone.py",
        "test_it_charges_and_leaves_nothing_open",
    ),
    ("isebench gateway", 0): (
        "integration/test_gateway_alone.py",
        "test_a_site_is_served_until_it_is_stopped",
    ),
    ("isebench drop", 0): (
        "integration/test_drop_alone.py",
        "test_a_sender_is_tried_against_a_fault",
    ),
    ("isebench seal", 0): ("integration/test_seal.py", "test_the_first_time"),
    ("isebench explain", 0): ("integration/test_explain.py", "test_on_the_command_line"),
    ("isebench read", 0): ("unit/harness/test_read_files.py", "lines_of"),
    ("isebench test-connection", 0): (
        "integration/test_connection_test.py",
        "test_a_server_that_works",
    ),
    ("python -m backend", 0): ("integration/test_backend_process.py", "test_it_stops_cleanly"),
    ("python -m backend", 1): (
        "integration/test_backend_process.py",
        "test_a_file_that_cannot_be_delivered_waits",
    ),
    ("python -m backend", 2): ("integration/test_backend_process.py", "test_wrong_settings_end_it"),
    ("python -m simulators", 0): (
        "integration/test_charger_alone.py",
        "test_with_a_memory_it_goes_on",
    ),
    ("python -m simulators", 2): (
        "integration/test_gateway_alone.py",
        "test_what_is_refused_is_one_sentence",
    ),
}
"""What takes longer is shown by a test of its own, which compares with the code."""

LOG_LINE = (
    "2025-06-03 14:15:01.000 INFO (MainThread) [ocpp] WB-7: receive message "
    '[2,"6","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z",'
    '"sampledValue":[{"value":"1200"}]}]}]\n'
)


def command_of(line: str) -> str:
    """Give the command of a command line, as the table names it."""
    return f"isebench {line.split()[0]}"


@pytest.mark.parametrize(("line", "code"), ENDS)
def test_a_command_line_ends_with_its_code(
    line: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed ends with the code of the table, in a folder with a few files."""
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "charger.log").write_text(LOG_LINE, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "report.html").write_text("somebody else's", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    try:
        ended = cli.main(line.split())
    except SystemExit as usage:  # argparse ends the process itself
        ended = int(usage.code or 0)

    assert code == ended
    assert line == "--version" or code in COMMANDS[command_of(line)]


ISEBENCH = [name for name in COMMANDS if name.startswith("isebench ")]


def raising(error: BaseException) -> object:
    """Give a command that ends so."""

    def run(_: argparse.Namespace) -> int:
        raise error

    return run


@pytest.mark.parametrize("command", ISEBENCH)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (OSError(28, "No space left on device"), 3),
        (ZeroDivisionError("nobody foresaw it"), 3),
    ],
    ids=["Ctrl-C", "full disk", "mistake"],
)
def test_any_command_that_is_ended_otherwise(
    command: str,
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An interrupt is 130; what breaks is 3 and never 1, which would say that something failed."""
    name = command.removeprefix("isebench ")
    monkeypatch.setitem(cli._COMMANDS, name, raising(error))

    assert code == cli._run([name, *NEEDED.get(name, [])])
    assert f"isebench {name}: " in capsys.readouterr().err
    assert code in COMMANDS[command]


NEEDED = {
    "certify": ["x"],
    "verify": ["x"],
    "charger": ["--backend", "ws://127.0.0.1:9", "--identity", "WB-1"],
    "explain": ["CH1", "14:15", "--settings", "x"],
    "read": ["x"],
    "compare": ["x", "x"],
    "merge": ["x"],
    "replay": ["x"],
    "sequence": ["x"],
    "record": ["--listen", "x", "--to", "x", "--out", "x"],
    "scenario": ["x"],
    "seal": ["--settings", "x"],
    "test-connection": ["--settings", "x"],
}
"""What a command must be given to be begun at all."""


def test_a_backend_that_breaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake of the backend ends it with 3, as 1 says that a file waits."""
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setattr(backend_main, "_serve", lambda settings: 1 / 0)

    with caplog.at_level(logging.ERROR):
        assert 3 == backend_main.main([str(tmp_path / "settings.toml")])

    assert "a mistake of the backend" in caplog.text
    assert 3 in COMMANDS["python -m backend"]


def test_a_device_that_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake of a simulator ends it with 3."""
    monkeypatch.setitem(simulators_main._RUN, "iskra_sg", lambda options: 1 / 0)

    assert 3 == simulators_main.main(["iskra_sg"])
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert 3 in COMMANDS["python -m simulators"]


def compares_with(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    """Give the codes that a test compares something with: ``assert 1 == …``, ``(1, "") == …``."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            left = node.left.elts[0] if isinstance(node.left, ast.Tuple) else node.left
            if isinstance(left, ast.Constant) and type(left.value) is int:
                found.add(left.value)
    return found


@pytest.mark.parametrize(("ending", "place"), SHOWN_BY.items(), ids=str)
def test_what_takes_longer_is_shown_elsewhere(
    ending: tuple[str, int], place: tuple[str, str]
) -> None:
    """The named test is there, and compares with the code."""
    file, name = place
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    named = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]

    assert 1 == len(named), place
    assert ending[1] in compares_with(named[0]), place


def test_every_code_of_the_table_is_shown() -> None:
    """Each command of the command line is in the table, and each of its codes in a test here."""
    commands = next(
        action.choices
        for action in cli.build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    shown = {(command_of(line), code) for line, code in ENDS} | SHOWN_BY.keys()
    shown |= {(command, code) for command in ISEBENCH for code in (3, 130)}
    shown |= {("python -m backend", 3), ("python -m simulators", 3)}
    told = {(name, code) for name, codes in COMMANDS.items() for code in codes}

    assert {f"isebench {name}" for name in commands} == set(ISEBENCH)
    assert set() == told - shown
    assert MEANINGS.keys() == {code for _, code in told}


def test_the_page_about_ci_has_the_same_codes() -> None:
    """Its short table names each code of conform, and no other."""
    page = (TESTS.parent / "docs/how-to/run-in-ci.md").read_text(encoding="utf-8")

    codes = re.findall(r"^\| (\d+) \| ", page, re.MULTILINE)
    assert COMMANDS["isebench conform"].keys() == {int(code) for code in codes}
