"""
The snippets for CI servers are what the page shows, are well formed, and their commands run.

What cannot be had here is the servers themselves. The schemas that are published for them say
whether the files are well formed; commands are run as a server would, with the variables that it
would set.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from harness.conform import FAILED, PASSED

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "docs/examples/ci"
PAGE = ROOT / "docs/how-to/run-in-ci.md"
SCHEMAS = {
    "github-actions.yml": ("vendor.github-workflows",),
    "gitlab-ci.yml": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}
ASK = "TC_003_CS TC_003_CSMS TC_004_1_CS"
"""What the jobs are asked for here; all of it takes minutes."""
PARTS = 3
OWN_TEST = """
def test_it_is_metered(smart_gateway):
    smart_gateway.feed("Charger", 6_000)
    smart_gateway.let_pass(minutes=10)
    assert {least} <= smart_gateway.energy_wh("I0006494")
"""


@dataclass
class Job:
    """
    What a server does for one job.

    Attributes:
        commands: what it runs in a shell, one after the other, until one fails.
        always: what it runs in the end in any case.
        variables: of the environment.
        kept: which files it takes as results of tests, and what else it keeps.
    """

    commands: list[str]
    always: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)


def read_yaml(name: str) -> Any:
    """Read a snippet; YAML 1.2, in which ``on`` is a word."""
    return YAML(typ="safe").load((CI / name).read_text(encoding="utf-8"))


def filled(text: str, known: Mapping[str, str]) -> str:
    """Put values for GitHub's expressions; one that is not known here is an error."""
    return re.sub(r"\$\{\{ *(.+?) *\}\}", lambda found: known[found[1]], text)


def github(name: str, part: int) -> Job:
    """Give what GitHub would do for a job of its workflow."""
    workflow = read_yaml("github-actions.yml")
    job = workflow["jobs"][name]
    parts = job.get("strategy", {}).get("matrix", {}).get("part", [1])
    known = {"matrix.part": str(parts[part - 1]), "strategy.job-total": str(len(parts))}
    made = Job([], variables={**workflow["env"], "GITHUB_STEP_SUMMARY": "summary.md"})
    for step in job["steps"]:
        is_last_word = "cancelled()" in step.get("if", "")
        if "run" in step:
            (made.always if is_last_word else made.commands).append(filled(step["run"], known))
        elif step["uses"].startswith("actions/upload-artifact"):
            assert is_last_word, "what a failed run left is wanted most"
            made.kept.append(step["with"]["path"])
    return made


def gitlab(name: str, part: int) -> Job:
    """Give what GitLab would do for a job of its pipeline."""
    pipeline = read_yaml("gitlab-ci.yml")
    job = {**pipeline[pipeline[name]["extends"]], **pipeline[name]}
    count = str(job.get("parallel", 1))
    variables = {**pipeline["variables"], "CI_NODE_INDEX": str(part), "CI_NODE_TOTAL": count}
    artifacts = job["artifacts"]
    assert artifacts["when"] == "always"
    kept = [*artifacts["paths"], artifacts["reports"]["junit"]]
    return Job([*job["before_script"], *job["script"]], [], variables, kept)


Block = dict[str, Any]


def read_jenkinsfile() -> Block:
    """Read the blocks of the declarative pipeline by their heads; other lines are text."""
    stack: list[Block] = [{"lines": []}]
    for number, raw in enumerate((CI / "Jenkinsfile").read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("//"):
            continue
        if line == "}":
            assert len(stack) > 1, f"line {number} closes what is not open"
            stack.pop()
        elif line.endswith("{"):
            block: Block = {"lines": []}
            head = line.removesuffix("{").strip()
            assert head not in stack[-1], f"line {number}: there are two {head!r}"
            stack[-1][head] = block
            stack.append(block)
        else:
            assert line.count("{") == line.count("}"), f"line {number}"
            stack[-1]["lines"].append(line)
    assert len(stack) == 1, "a block is not closed"
    return stack[0]["pipeline"]


def quoted(line: str, word: str) -> str:
    """Give what stands in quotes behind a word."""
    match = re.fullmatch(rf"{word} (['\"])(.*)\1", line)
    assert match is not None, line
    return match[2]


def jenkins(name: str, part: int) -> Job:
    """Give what Jenkins would do for a stage of its pipeline."""
    pipeline = read_jenkinsfile()
    pairs = (line.partition(" = ") for line in pipeline["environment"]["lines"])
    variables = {key: value.strip("'") for key, _, value in pairs}
    stage = pipeline["stages"][f"stage('{name}')"]
    assert "agent" in " ".join(stage.get("lines", [])) or "matrix" in stage
    if "matrix" in stage:
        axis = stage["matrix"]["axes"]["axis"]["lines"]
        values = re.findall(r"'(\d+)'", axis[1])
        assert (quoted(axis[0], "name"), len(values)) == ("PART", PARTS)
        variables["PART"] = values[part - 1]
        stage = stage["matrix"]["stages"]["stage('Run')"]
    kept = [
        line.replace("${PART}", variables.get("PART", "")).split()[-1].strip("'\"")
        for line in stage["post"]["always"]["lines"]
    ]
    commands = [quoted(line, "sh") for line in stage["steps"]["lines"]]
    return Job(commands, [], variables, kept)


OWN = {
    "GitHub": ("own-tests", github),
    "GitLab": ("own-tests", gitlab),
    "Jenkins": ("Own tests", jenkins),
}
CONFORM = {
    "GitHub": ("conform", github),
    "GitLab": ("conform", gitlab),
    "Jenkins": ("Conform", jenkins),
}


def is_installing(command: str) -> bool:
    """Tell whether a command makes the environment, which stands there already in most tests."""
    return "-m pip install" in command or "-m venv" in command


def run(job: Job, folder: Path, environment: Path, *, installs: str = "") -> list[int]:
    """
    Run the commands of a job as a server would.

    Parameters:
        environment: the folder of the programs of an environment.
        installs: what pip installs; nothing where that is there already.

    Returns:
        The exit code of each command that was run.
    """
    # As in an environment of its own, of all that is installed here nothing comes along.
    variables = {**job.variables, "ASK": ASK, **({"ISEBENCH": installs} if installs else {})}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    path = f"{environment}:{os.environ['PATH']}"
    codes = []
    for command in (*job.commands, *job.always):
        if is_installing(command) and not installs:
            continue
        if any(codes) and command in job.commands:
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=folder,
            env={**kept, **variables, "PATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        codes.append(done.returncode)
        print(command, done.stdout, done.stderr, sep="\n")  # noqa: T201  shown where a test fails
    return codes


def own_project(folder: Path, *, least: int = 1_000) -> Path:
    """Write a project with one test of a charger, which passes if `least` is not too much."""
    folder.mkdir()
    (folder / "conftest.py").write_text('pytest_plugins = ["harness.fixtures"]\n', encoding="utf-8")
    test = OWN_TEST.replace("{least}", str(least))
    (folder / "test_own.py").write_text(test, encoding="utf-8")
    environment = folder / ".venv"
    environment.mkdir()
    (environment / "bin").symlink_to(Path(sys.executable).parent)
    return folder


def results(folder: Path, job: Job) -> list[str]:
    """Give the names of the test cases in what a server keeps; all that it keeps must be there."""
    kept = [folder / one.removesuffix("/**") for one in job.kept]
    assert [] == [str(path) for path in kept if not path.exists()]
    reports = {path / "junit.xml" if path.is_dir() else path for path in kept}
    return [
        case.attrib["name"]
        for report in reports
        for case in ElementTree.parse(report).iter("testcase")
    ]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml", "Jenkinsfile"])
def test_the_page_shows_the_file(name: str) -> None:
    """What the how-to shows of a server is its file, sign by sign."""
    text = (CI / name).read_text(encoding="utf-8")
    language = "yaml" if name.endswith(".yml") else "groovy"

    assert f"```{language}\n{text}```\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_well_formed(name: str, tmp_path: Path) -> None:
    """The schema that its vendor publishes accepts it, and not what is misspelt."""
    text = (CI / name).read_text(encoding="utf-8")
    (tmp_path / "sound.yml").write_text(text, encoding="utf-8")
    broken = text.replace("    steps:", "    stepps:").replace(
        "    - python -m pytest", "    - 5: x"
    )
    (tmp_path / "broken.yml").write_text(broken, encoding="utf-8")
    codes = [
        subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *SCHEMAS[name], file],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode
        for file in ("sound.yml", "broken.yml")
    ]

    assert [0, 1] == codes


def words_of(job: Job, folder: Path) -> list[str]:
    """Give what the programs of a job are told, after the shell has put in its variables."""
    shown = 'shown() { printf "%s " "$@"; }\n'
    commands = [one for one in job.commands if not is_installing(one)]
    script = shown + "\n".join(f"shown {one.removeprefix('.venv/bin/')}" for one in commands)
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**job.variables, "ASK": ASK},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_the_three_do_the_same(part: int, tmp_path: Path) -> None:
    """Of each part the servers run the same, on a folder that Jenkins alone names by it."""
    wanted = ["isebench", "conform", *ASK.split(), "--quick", "--quiet", "--part", f"{part}/3"]

    for name, read in CONFORM.values():
        words = words_of(read(name, part), tmp_path)
        assert [*wanted, "--report"] == words[:-1]
        assert words[-1] in ("reports", f"reports-{part}")
    assert [["python", "-m", "pytest", "--junitxml=reports/junit.xml"]] * 3 == [
        words_of(read(name, 1), tmp_path) for name, read in OWN.values()
    ]


def test_own_tests_are_run_and_their_results_kept(tmp_path: Path) -> None:
    """A project whose test passes passes, and one whose test fails fails, with its results."""
    job = github("own-tests", 1)
    environment = Path(sys.executable).parent

    passing = own_project(tmp_path / "passing")
    assert {PASSED} == set(run(job, passing, environment))
    assert ["test_it_is_metered"] == results(passing, job)
    failing = own_project(tmp_path / "failing", least=1_001)
    assert FAILED == run(job, failing, environment)[0]
    assert ["test_it_is_metered"] == results(failing, job)


@pytest.mark.slow
def test_a_part_is_run_and_its_reports_kept(tmp_path: Path) -> None:
    """The second of three scenarios is run, and stands in the results and on the summary page."""
    job, folder = github("conform", 2), own_project(tmp_path / "own")

    assert {PASSED} == set(run(job, folder, Path(sys.executable).parent))
    (name,) = results(folder, job)
    assert name.startswith("test_tc_00")
    assert "Conformance report" in (folder / "summary.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("server", CONFORM)
def test_with_pip_in_an_empty_environment(server: str, tmp_path: Path) -> None:
    """All commands run, also those that install, where nothing is installed yet."""
    venv.create(tmp_path / "python", with_pip=True)
    for jobs in (OWN, CONFORM):
        name, read = jobs[server]
        folder = own_project(tmp_path / shlex.quote(name).strip("'"))
        (folder / ".venv" / "bin").unlink()
        (folder / ".venv").rmdir()

        codes = run(read(name, 1), folder, tmp_path / "python" / "bin", installs=str(ROOT))

        assert {PASSED} == set(codes)
