"""The documentation says what is true: its commands run, its pages match the code."""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
import venv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend import Settings
from harness.certify.acts import ACTS, load_answers
from harness.certify.profile import load
from harness.cli import build_parser
from harness.targets.target_file import read_target
from simulators import ftp_server
from simulators.clock import VirtualClock
from simulators.ftp_server import faults as ftp_server_faults
from simulators.wiretap import Wiretap

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("simulators/*/*.md"),
    )
)
LOG_LINE = (
    "2025-06-03 14:15:01.000 INFO (MainThread) [ocpp] WB-7: receive message "
    '[2,"6","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2025-06-03T12:15:00Z",'
    '"sampledValue":[{"value":"1200"}]}]}]\n'
)


UNTIL_STOPPED = ("up", "charger", "gateway", "record")
"""They run until they are stopped; test_up.py and test_…_alone.py do that."""
CERTIFY = ROOT / "docs/how-to/certify-a-charger.md"
JUDGE = ROOT / "docs/how-to/judge-a-backend.md"
OTHER_TOML = (CERTIFY, JUDGE)
"""Their TOML is no settings."""
ALL_FEATURES = "isebench conform --quiet --report"
"""With a folder behind it; it takes minutes, and `tox -e conformance` runs it."""


def blocks(page: Path, language: str) -> list[str]:
    """Give the code blocks of a page in a language; "" for blocks without one."""
    text = page.read_text(encoding="utf-8")
    # All are found in turn, so that the end of one is never taken for the begin of another.
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


def commands(page: Path) -> list[str]:
    """Give the commands of a page that are run here, as a user would type them."""
    return [
        line
        for block in blocks(page, "")
        for line in block.splitlines()
        if line.startswith("isebench ")
        and line.split()[1] not in UNTIL_STOPPED
        and line.rpartition(" ")[0] != ALL_FEATURES
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page leads to a file."""
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_generated_pages_are_up_to_date() -> None:
    """What docs/generate.py would write is what stands there."""
    generator = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    written = {
        name: (ROOT / "docs/reference" / name).read_text("utf-8") for name in generator["PAGES"]
    }

    assert written == {name: page() for name, page in generator["PAGES"].items()}


def test_every_command_is_documented() -> None:
    """The reference and the README name each command."""
    reference = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = re.findall(r"^    ([\w-]+)(?: |$)", build_parser().format_help(), re.MULTILINE)

    assert {
        "demo",
        "up",
        "drop",
        "seal",
        "charger",
        "gateway",
        "conform",
        "compare",
        "merge",
        "certify",
        "verify",
        "record",
        "replay",
        "sequence",
        "minimise",
        "scenario",
        "explain",
        "read",
        "test-connection",
        "questionnaire",
        "list",
    } == set(names)
    assert [] == [name for name in names if f"## isebench {name}" not in reference]
    assert [] == [name for name in names if f"isebench {name}" not in readme]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if blocks(page, "toml") and page not in OTHER_TOML],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_settings_of_the_docs_are_accepted(page: Path) -> None:
    """Each TOML block is a file of settings that the backend takes."""
    for block in blocks(page, "toml"):
        settings = Settings.from_toml(block, {})

        assert settings.accounts
        assert settings.stations


def test_profile_of_the_docs_is_accepted(tmp_path: Path) -> None:
    """The page's profile is taken, with the hands and the answers that it shows besides."""
    (profile,) = blocks(CERTIFY, "toml")
    hands, answers = (one for one in blocks(CERTIFY, "text") if one.startswith(("[hands]", '"')))
    path = tmp_path / "inch.toml"
    path.write_text(profile + hands, encoding="utf-8")
    (tmp_path / "answers.toml").write_text(answers, encoding="utf-8")

    read = load(path)
    assert read.charger.identity == "WB-1"
    assert read.declared.title == "Etrel INCH"
    assert {*read.hands, *load_answers(tmp_path / "answers.toml")} <= set(ACTS)


def test_targets_of_the_docs_are_accepted(tmp_path: Path) -> None:
    """The target files of the page and of the examples are taken."""
    texts = blocks(JUDGE, "toml")
    texts += [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "docs" / "examples" / "targets").glob("*/target.toml")
    ]
    assert len(texts) == 4
    for text in texts:
        (tmp_path / "target.toml").write_text(text, encoding="utf-8")
        assert read_target(tmp_path / "target.toml").name


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if commands(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_commands_of_the_docs_run(page: Path, tmp_path: Path) -> None:
    """Each ``isebench`` command of a page runs, one after the other in one folder."""
    (tmp_path / "charger.log").write_text(LOG_LINE, encoding="utf-8")
    for number, block in enumerate(blocks(page, "gherkin")):
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / f"{number}.feature").write_text(block, encoding="utf-8")
    for command in commands(page):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )
        assert 0 == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("ssh-keygen") is None,
    reason="the page's commands are openssl and ssh-keygen, which are not there",
)
def test_the_key_of_the_docs_is_taken(tmp_path: Path) -> None:
    """The page's commands make a key, and its settings take it with the passphrase."""
    page = ROOT / "docs/how-to/log-in-with-a-key.md"
    asked = tmp_path / "asked"
    asked.write_text("#!/bin/sh\necho 'Zählerstand 7'\n", encoding="utf-8")
    asked.chmod(0o755)
    said = ""
    for block in blocks(page, "sh"):
        done = subprocess.run(
            ["bash", "-ec", block],
            cwd=tmp_path,
            input="Zählerstand 7\n" * 2,
            env={**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force"},
            capture_output=True,
            text=True,
            check=True,
            # Without a terminal openssl reads what a person would type from its input.
            start_new_session=True,
        )
        said = done.stdout
    (destination,) = blocks(page, "text")
    text = f'[[account]]\nname = "EW Seedorf"\n{destination}'
    settings = Settings.from_toml(text, {"DROP_PASSPHRASE": "Zählerstand 7"}, folder=tmp_path)

    key = settings.destinations[0].destination.key
    assert key is not None
    assert key.export_public_key("openssh").decode().split() == said.split()[:2]


OF_AN_EXAMPLE = "use-from-another-project.md"
"""Its blocks are taken from the example project, which test_own_project.py runs."""
PYTHON_PAGES = [page for page in PAGES if blocks(page, "python") and page.name != OF_AN_EXAMPLE]


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_of_the_docs_runs(page: Path, tmp_path: Path) -> None:
    """Each Python block runs, where a scenario's clock, wiretap and folder are at hand."""
    start = datetime(2025, 6, 3, tzinfo=UTC)
    clock = VirtualClock(start)
    at_hand = {
        **{name: getattr(ftp_server, name) for name in ftp_server.__all__},
        **vars(ftp_server_faults),
        "clock": clock,
        "tap": Wiretap(clock),
        "folder": tmp_path,
        "start": start,
        "until": start + timedelta(hours=1),
    }
    for block in blocks(page, "python"):
        exec("async def run():\n" + textwrap.indent(block, "    "), at_hand)
        asyncio.run(at_hand["run"]())


@pytest.mark.timeout(300)
def test_readme_set_up_in_an_empty_environment(tmp_path: Path) -> None:
    """The README's first command installs and shows the demo, in an environment that is empty."""
    (set_up,) = (block for block in blocks(ROOT / "README.md", "") if "pip install ." in block)
    assert "pip install . && isebench demo" == set_up.strip()
    venv.create(tmp_path / "venv", with_pip=True)
    copy = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
    done = subprocess.run(
        ["bash", "-c", f". {tmp_path}/venv/bin/activate && {set_up}"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "equal" in done.stdout


def test_ci_runs_the_readmes_tests() -> None:
    """`.ci/run` ends with the README's test command."""
    (test,) = (block for block in blocks(ROOT / "README.md", "") if "pip install tox" in block)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert test.strip() == script.strip().splitlines()[-1]


def test_tox_runs_all_features_as_the_docs_do() -> None:
    """What is not run here is the command of another environment, word for word."""
    page = (ROOT / "docs/how-to/run-in-ci.md").read_text(encoding="utf-8")
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")

    assert f"\n{ALL_FEATURES} reports\n" in page
    assert f"\ncommands = {ALL_FEATURES} " in tox
