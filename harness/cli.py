"""
The command line of ``isebench``: ``demo``, ``up``, ``charger``, ``gateway``, ``conform`` and more.

Only what a command needs is imported, and only when it runs.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simulators.command_line import add_charger_options, add_gateway_options

if TYPE_CHECKING:
    from harness.catalogue import ListedScenario
    from harness.replay_away import Away
    from harness.selection import Wish

    # argparse has no public name for it.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


class _Version(argparse.Action):
    """Shows the version; to look it up takes time that other commands must not lose."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"isebench {version('isebench')}")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Give the parser of the command line; docs/reference/commands.md shows its help."""
    parser = argparse.ArgumentParser(
        prog="isebench",
        description="Test bench for the road from a charger's meter to a Swiss utility's "
        "billing system (IS-E).",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        _add_demo,
        _add_up,
        _add_charger,
        _add_gateway,
        _add_drop,
        _add_seal,
        _add_conform,
        _add_compare,
        _add_merge,
        _add_certify,
        _add_verify,
        _add_record,
        _add_replay,
        _add_sequence,
        _add_minimise,
        _add_scenario,
        _add_explain,
        _add_read,
        _add_test_connection,
        _add_questionnaire,
        _add_list,
    ):
        add(commands)
    return parser


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="live a simulated day and show what the utility would bill",
        description="Live a day of two chargers, one of them offline for three hours, deliver "
        "it over SFTP, and compare what arrived with the meters. Exit code 0 only if each "
        "delivered energy equals its meter's register exactly.",
    )
    _add_seed(demo)
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("isebench-demo"),
        metavar="DIR",
        help="where files, recording and report go (isebench-demo)",
    )


def _add_up(commands: Commands) -> None:
    up = commands.add_parser(
        "up",
        help="run the same parts in real time until stopped",
        description="Run the backend, two chargers and the utility's SFTP server in real time, "
        "print their addresses and go on until Ctrl-C. A real charger may connect.",
    )
    up.add_argument(
        "--out",
        type=Path,
        default=Path("isebench-up"),
        metavar="DIR",
        help="where the database, the drop and the recording lie (isebench-up)",
    )
    up.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where the central system listens (127.0.0.1)",
    )
    up.add_argument(
        "--port", type=int, default=0, metavar="N", help="its port for chargers (0: a free one)"
    )
    up.add_argument(
        "--sftp-port",
        type=int,
        default=0,
        metavar="N",
        help="the port of the utility's SFTP server on 127.0.0.1 (0: a free one)",
    )
    up.add_argument(
        "--station",
        action="append",
        default=[],
        metavar="IDENTITY",
        help="admit a charger of your own under this identity; may be repeated",
    )
    up.add_argument(
        "--card",
        action="append",
        default=[],
        metavar="IDTAG",
        help="accept this card, as your charger sends it, besides FA2AFD77; may be repeated",
    )


def _add_charger(commands: Commands) -> None:
    charger = commands.add_parser(
        "charger",
        help="run one emulated charger at a backend of your own",
        description="Run an emulated Etrel INCH in real time at any OCPP 1.6 JSON backend, with "
        "its own web page, until Ctrl-C. Where the backend does not answer it goes on trying.",
    )
    add_charger_options(charger)
    charger.add_argument(
        "--record", type=Path, metavar="FILE", help="write down every frame and what people do"
    )


def _add_gateway(commands: Commands) -> None:
    gateway = commands.add_parser(
        "gateway",
        help="run one emulated smart gateway with its site",
        description="Run an emulated Iskra smart gateway in real time, with meters, switches and "
        "loads around it: its web page, REST, Modbus TCP and discovery, until Ctrl-C.",
    )
    add_gateway_options(gateway)
    gateway.add_argument(
        "--record", type=Path, metavar="FILE", help="write down what crosses its wires"
    )


def _add_drop(commands: Commands) -> None:
    drop = commands.add_parser(
        "drop",
        help="run the utility's servers alone, with faults",
        description="Run the utility's SFTP, FTP and FTPS servers in real time, in front of one "
        "folder, until Ctrl-C. What senders do is shown line by line. Faults are switched on and "
        "off by typing 'on FAULT' and 'off FAULT'; 'faults' lists them.",
    )
    drop.add_argument(
        "--out",
        type=Path,
        default=Path("isebench-drop"),
        metavar="DIR",
        help="where the files lie (isebench-drop)",
    )
    drop.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="NAME:PASSWORD",
        help="who may log in, NAME:PASSWORD:HOME for a folder of its own; may be repeated "
        "(isebench, with a password that is drawn)",
    )
    for wire, what in (
        ("sftp", "SFTP"),
        ("ftp", "FTP"),
        ("ftps", "FTPS, explicit"),
        ("implicit-ftps", "FTPS, implicit"),
    ):
        drop.add_argument(
            f"--{wire}",
            type=int,
            default=None,
            metavar="PORT",
            help=f"serve {what}, on this port of 127.0.0.1 (0: a free one); all four where none is "
            "named",
        )
    drop.add_argument(
        "--folder",
        action="append",
        default=[],
        metavar="NAME",
        help="a folder in the home of each user; may be repeated",
    )
    drop.add_argument(
        "--quota", type=int, default=None, metavar="BYTES", help="how much each user may keep"
    )
    drop.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="what is wrong from the start, full-disk:free_bytes=2000 say; may be repeated",
    )
    drop.add_argument(
        "--record", type=Path, default=None, metavar="FILE", help="write down all that is done"
    )


def _add_seal(commands: Commands) -> None:
    seal = commands.add_parser(
        "seal",
        help="seal a password, so that it may lie in the settings",
        description="Ask for a password of a destination or a gateway, or read it from standard "
        "input, and print the line for the settings that holds it sealed (AES-256-GCM). The key "
        "is systemd's credential isebench-key, the variable ISEBENCH_KEY, or the file isebench.key "
        "beside the settings, which is made where there is none.",
    )
    seal.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the settings")
    seal.add_argument("account", nargs="?", metavar="ACCOUNT", help="whose it is")
    seal.add_argument("name", nargs="?", metavar="NAME", help="of the destination or the gateway")
    seal.add_argument(
        "--key",
        choices=("secret", "key_passphrase", "password", "broker_password"),
        default="secret",
        help="which of its secrets: of a destination secret (usual) or key_passphrase, of a "
        "gateway password or broker_password",
    )
    seal.add_argument(
        "--again",
        action="store_true",
        help="seal all that is sealed anew, by the first key; to change keys",
    )


def _add_conform(commands: Commands) -> None:
    conform = commands.add_parser(
        "conform",
        help="run scenarios and write the reports",
        description="Run the scenarios of the named requirements and compliance cases, or all, "
        "against the bundled backend and devices. Exit codes: 0 all that was asked passed (what "
        "is declared not applicable or not yet covered is counted apart), 1 something failed, "
        "2 wrong usage, 3 the bench broke, 4 nothing was run, 130 interrupted.",
    )
    conform.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="a requirement (ISE-02), a compliance case (TC_003_CS), or the beginning of some "
        "(ISE, TC_003)",
    )
    conform.add_argument(
        "--side",
        choices=("charge-point", "central-system"),
        default="",
        help="only the compliance cases of this side of the line",
    )
    _add_limits(conform)
    _add_seed(conform)
    conform.add_argument(
        "--report",
        type=Path,
        default=Path("isebench-report"),
        metavar="DIR",
        help="where the reports go (isebench-report)",
    )
    _add_features(conform)
    conform.add_argument(
        "--part",
        type=_part,
        default=(1, 1),
        metavar="K/N",
        help="of what is asked for only each N-th scenario, from the K-th on, so that N processes "
        "share a run; each writes a report of its own",
    )
    conform.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="share the run between so many processes of this machine; one report is made (1)",
    )
    conform.add_argument(
        "--quick", action="store_true", help="leave out what is tagged @slow; it is not judged"
    )
    conform.add_argument(
        "--target",
        type=Path,
        default=None,
        metavar="FILE",
        help="put a backend of your own under test, as this file describes it",
    )
    conform.add_argument("--quiet", action="store_true", help="show a dot a scenario")


def _add_limits(conform: argparse.ArgumentParser) -> None:
    conform.add_argument(
        "--tags",
        default="",
        metavar="EXPRESSION",
        help="only scenarios whose tags fit, '@delivery and not @slow' say",
    )
    conform.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="ID",
        help="leave out the scenarios of this requirement or case, or beginning; may be repeated",
    )
    conform.add_argument(
        "--only-failed",
        type=Path,
        default=None,
        metavar="REPORT",
        help="only what did not pass in an earlier run, whose report lies in this folder",
    )
    conform.add_argument(
        "--list", action="store_true", help="show what would be run, and run nothing"
    )


def _add_compare(commands: Commands) -> None:
    compare = commands.add_parser(
        "compare",
        help="tell what is otherwise than in an earlier run",
        description="Hold the report of a run against that of an earlier one: what is newly "
        "failed, newly passed, still failed, new or gone, and which cells of delivered files "
        "differ. Exit codes: 0 no worse, 1 worse (something fails that did not fail, is declared "
        "that passed, or the run was interrupted), 2 wrong usage.",
    )
    compare.add_argument("before", type=Path, metavar="REPORT-BEFORE", help="a report's folder")
    compare.add_argument("now", type=Path, metavar="REPORT-NOW", help="a later report's folder")
    compare.add_argument(
        "--html", type=Path, default=None, metavar="FILE", help="write a page into this file"
    )
    compare.add_argument("--json", action="store_true", help="tell it to a program")


def _add_merge(commands: Commands) -> None:
    merge = commands.add_parser(
        "merge",
        help="make one report of those of several machines",
        description="Make one report of the parts of a run, each of which was run with --part, on "
        "machines apart. It is the same as if one process had judged all, and the parts stay as "
        "they are. Exit code 0 where the one report says passed, 1 where it does not.",
    )
    merge.add_argument(
        "reports", nargs="+", type=Path, metavar="REPORT", help="the folder of a part's report"
    )
    merge.add_argument(
        "--report",
        type=Path,
        default=Path("isebench-report"),
        metavar="DIR",
        help="where the one report goes (isebench-report)",
    )


def _add_sequence(commands: Commands) -> None:
    sequence = commands.add_parser(
        "sequence",
        help="draw a recording as a sequence diagram",
        description="Draw what crossed the wires: parties are lines, frames are arrows, time runs "
        "down. Reads recordings of isebench and the field logs that `isebench replay` reads.",
    )
    sequence.add_argument("file", type=Path, metavar="RECORDING", help="a recording or a log")
    sequence.add_argument(
        "-o",
        "--out",
        type=Path,
        default=None,
        metavar="FILE",
        help="an .svg, or an .html that has each frame in full (the recording's name with .svg)",
    )
    sequence.add_argument(
        "--station",
        default=None,
        metavar="IDENTITY",
        help="only what this charger, gateway or person said and was told",
    )
    sequence.add_argument(
        "--most", type=int, default=400, metavar="N", help="draw at most so many frames (400)"
    )
    sequence.add_argument(
        "--zone",
        default="Europe/Zurich",
        metavar="ZONE",
        help="the time zone of logs that write local time (Europe/Zurich)",
    )


def _add_certify(commands: Commands) -> None:
    certify = commands.add_parser(
        "certify",
        help="put a charger that is not ours under test, and state what it showed",
        description="Be the central system of a charger in real time, lead it through the "
        "compliance cases that its profile names, tell the person at the charger what to do and "
        "when, and write a statement of what was declared, what was shown and what was not: as "
        "HTML, PDF and JSON. An interrupted run goes on where it stopped. Exit codes: 0 all "
        "that was asked passed, 1 something failed, 2 wrong profile or usage, or the charger never "
        "came, 3 the bench broke, 4 something could not be shown or the run was stopped, 130 "
        "interrupted.",
    )
    certify.add_argument("profile", type=Path, metavar="PROFILE.toml", help="the charger's profile")
    certify.add_argument(
        "--report",
        type=Path,
        default=Path("isebench-certification"),
        metavar="DIR",
        help="where the statement and the recordings go (isebench-certification)",
    )
    certify.add_argument(
        "--answers",
        type=Path,
        default=None,
        metavar="FILE",
        help="what is answered instead of the person at the charger, an act a line",
    )
    certify.add_argument(
        "--key",
        type=Path,
        default=None,
        metavar="FILE",
        help="sign the statement with this private key; its passphrase, if it has one, stands in "
        "the variable ISEBENCH_CERTIFY_PASSPHRASE",
    )
    certify.add_argument(
        "--anew", action="store_true", help="begin anew, and forget what an earlier run has shown"
    )


def _add_verify(commands: Commands) -> None:
    verify = commands.add_parser(
        "verify",
        help="check that a statement is as it was issued, and who signed it",
        description="Compare a statement of `isebench certify` and all its files with their "
        "hashes, and check its signature, offline. Exit codes: 0 as issued and signed, 1 something "
        "was altered or another key has signed, 2 no statement is there, 4 as issued, and signed "
        "by nobody.",
    )
    verify.add_argument(
        "statement", type=Path, metavar="STATEMENT", help="statement.json, or its folder"
    )
    verify.add_argument(
        "--key",
        type=Path,
        default=None,
        metavar="FILE",
        help="the public key, or the certificate, of who must have signed it",
    )


def _add_record(commands: Commands) -> None:
    record = commands.add_parser(
        "record",
        help="write down what real chargers and their backend say",
        description="Stand between chargers and their backend until Ctrl-C: pass on every byte as "
        "it came, in both directions, and write down what crosses. Nothing is altered but the host "
        "and the path of a charger's request. Passwords are not written down.",
    )
    record.add_argument(
        "--listen",
        required=True,
        metavar="URL",
        help="where chargers connect: ws://0.0.0.0:9000, or wss://… with --certificate",
    )
    record.add_argument(
        "--to", required=True, metavar="URL", help="the backend: wss://backend.example/ocpp"
    )
    record.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file for the recording; it is not there yet",
    )
    record.add_argument(
        "--trust", type=Path, metavar="FILE", help="who signed the backend's certificate (PEM)"
    )
    record.add_argument(
        "--certificate", type=Path, metavar="FILE", help="what chargers are shown over wss (PEM)"
    )
    record.add_argument(
        "--key", type=Path, metavar="FILE", help="its key, where that is not in the same file (PEM)"
    )


def _add_replay(commands: Commands) -> None:
    replay = commands.add_parser(
        "replay",
        help="put recorded frames before the backend",
        description="Put the frames of recordings or field logs before the backend, with the "
        "times they bear, and show the readings, intervals and deviations it made of them. "
        "Reads recordings of isebench, packet captures (pcap, pcapng), logs of Home Assistant with "
        "mobilityhouse/ocpp, and evcc TRACE logs. With --to they are put before a backend that is "
        "not ours, in real time, and its answers are compared.",
    )
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a recording or a log")
    _add_zone(replay)
    replay.add_argument(
        "--from",
        dest="begin",
        default="",
        metavar="INSTANT",
        help='leave out what was before: "2026-03-25 14:15" in that zone',
    )
    replay.add_argument(
        "--start",
        default="",
        metavar="INSTANT",
        help="move everything in time, so that the first frame is then; a day (2026-12-01) keeps "
        "its time of day. What is altered is said",
    )
    replay.add_argument(
        "--to", default="", metavar="URL", help="a backend of yours: wss://backend.example/ocpp"
    )
    replay.add_argument(
        "--pace",
        default="",
        metavar="PACE",
        help="with --to: recorded, 10x (ten times as fast, any number), or as-fast-as-answered "
        "(recorded)",
    )
    replay.add_argument(
        "--trust", type=Path, metavar="FILE", help="with --to: who signed its certificate (PEM)"
    )
    replay.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="with --to: a file with the password that the chargers log in with",
    )
    replay.add_argument(
        "--record", type=Path, metavar="FILE", help="with --to: write down what crosses"
    )


def _add_minimise(commands: Commands) -> None:
    minimise = commands.add_parser(
        "minimise",
        help="find the shortest recording that still shows a fault",
        description="Leave out of a recording what is not needed to show a fault: chargers, "
        "exchanges, sampled values, fields. Each try is replayed before the bundled backend, on a "
        "virtual clock. Exit codes: 0 nothing more can be left out, 1 the recording does not show "
        "it, 2 wrong usage, 4 nobody can tell, 130 ended by Ctrl-C with the shortest so far.",
    )
    minimise.add_argument(
        "recording", nargs="?", type=Path, metavar="RECORDING", help="a recording or a log"
    )
    minimise.add_argument(
        "--keeps",
        default="",
        metavar="FAULT",
        help="what is shown still: 'ISE-18 fails', '\"Dorfplatz\" 14:15 is 0.123', "
        "'StartTransaction is answered Blocked'",
    )
    minimise.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="the file for it (RECORDING-minimised.jsonl beside it)",
    )
    minimise.add_argument(
        "--list",
        action="store_true",
        dest="lists",
        help="say which requirements can be judged from a recording alone, and how",
    )
    _add_zone(minimise)
    _add_target(minimise)


def _add_scenario(commands: Commands) -> None:
    scenario = commands.add_parser(
        "scenario",
        help="make a scenario of a recording",
        description="Replay a recording before the bundled backend, and write a feature that says "
        "what came of it: each value that the utility holds, and how each call was answered. The "
        "frames go beside it. `isebench conform --features DIR` runs it.",
    )
    scenario.add_argument("recording", type=Path, metavar="RECORDING", help="a recording or a log")
    scenario.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="the feature (RECORDING's name with .feature, beside it)",
    )
    scenario.add_argument(
        "--requirement",
        default="HAR-04",
        metavar="ID",
        help="the requirement that it is tagged with (HAR-04)",
    )
    _add_zone(scenario)
    _add_target(scenario)


def _add_target(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--target",
        type=Path,
        default=None,
        metavar="FILE",
        help="a backend of your own instead of the bundled one, as this file describes it; its "
        "time is stepped",
    )


def _add_zone(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--zone",
        default="Europe/Zurich",
        metavar="ZONE",
        help="the time zone of logs that write local time (Europe/Zurich)",
    )


def _add_explain(commands: Commands) -> None:
    explain = commands.add_parser(
        "explain",
        help="tell why an interval is what it is",
        description="Tell in plain words why the energy of an interval is what it is: by which "
        "rule, of which readings, what was not believed, and what was delivered of it. Reads the "
        "backend's database and writes nothing, also while the backend runs.",
    )
    explain.add_argument(
        "code", metavar="METERING-CODE", help="whose energy; or the identity of a station"
    )
    explain.add_argument(
        "instant",
        metavar="INSTANT",
        help='the end of the interval, as in files, or an instant within it: "2026-03-25 14:15" '
        "in local time, or 2026-03-25T14:15:00+01:00",
    )
    explain.add_argument(
        "--settings",
        type=Path,
        required=True,
        metavar="FILE",
        help="the settings of the backend; they name its database",
    )
    explain.add_argument("--json", action="store_true", help="tell it to a program")


def _add_read(commands: Commands) -> None:
    read = commands.add_parser(
        "read",
        help="show the values of delivered files",
        description="Read files of any form that a utility gets (MSCONS, ESLBillingData, IS-E time "
        "series with the usual columns) and show their values as a table, in local time. What a "
        "file does that it should not, but can be read all the same, is named.",
    )
    read.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files to read")
    read.add_argument(
        "--json", action="store_true", help="tell it to a program: a line of JSON a file"
    )


def _add_test_connection(commands: Commands) -> None:
    test = commands.add_parser(
        "test-connection",
        help="test whether files would arrive at the destinations of some settings",
        description="Log in at each destination, or at those that are named; write, list, rename "
        "and remove a file that no importer looks at; and say which of these steps failed and "
        "why. Exit code 0 only if each step of each was done.",
    )
    test.add_argument(
        "--settings",
        type=Path,
        required=True,
        metavar="FILE",
        help="the settings of the backend; they name the destinations",
    )
    test.add_argument("names", nargs="*", metavar="NAME", help="only these destinations")


def _add_questionnaire(commands: Commands) -> None:
    questionnaire = commands.add_parser(
        "questionnaire",
        help="write the filled questionnaire of a model of charger",
        description="Write what a model of charger declares, as its vendor's questionnaire has "
        "it, from the model's profile: as Markdown, or as a page. With a recording or a field "
        "log, also what its chargers showed of it.",
    )
    questionnaire.add_argument(
        "profile",
        nargs="?",
        default="etrel_inch",
        metavar="PROFILE",
        help="the profile of the model (etrel_inch)",
    )
    questionnaire.add_argument(
        "--html", type=Path, default=None, metavar="FILE", help="write a page into this file"
    )
    questionnaire.add_argument(
        "--markdown", type=Path, default=None, metavar="FILE", help="write Markdown into this file"
    )
    questionnaire.add_argument(
        "--shown",
        type=Path,
        default=None,
        metavar="RECORDING",
        help="hold it against the frames of a recording or a log",
    )
    questionnaire.add_argument(
        "--station",
        default=None,
        metavar="IDENTITY",
        help="the charger of the recording that is of this model (all of them)",
    )


def _add_list(commands: Commands) -> None:
    listing = commands.add_parser(
        "list",
        help="list requirements, their scenarios and the compliance cases",
        description="List the requirements, each with its scenarios, and the compliance cases.",
    )
    listing.add_argument("ids", nargs="*", metavar="ID", help="only these, or their beginnings")
    _add_features(listing)


def _add_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seed", type=int, default=1, metavar="N", help="what all chance comes from (1)"
    )


def _add_features(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--features",
        type=Path,
        default=None,
        metavar="DIR",
        help="features of your own instead of the bundled ones",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # before the command, or after it
        print("isebench: interrupted", file=sys.stderr)
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    options = build_parser().parse_args(arguments)
    from backend.errors import BackendError
    from harness.errors import HarnessError
    from simulators.errors import SimulatorError

    try:
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return code
    except (BackendError, HarnessError, SimulatorError) as error:
        print(f"isebench {options.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Who reads has seen enough. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"isebench {options.command}: {where}{error.strerror or error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print(f"isebench {options.command}: interrupted", file=sys.stderr)
        return 130
    except Exception:
        # Python would end with 1, which says that something was tested and has failed.
        traceback.print_exc()
        print(f"isebench {options.command}: a mistake of isebench, see above", file=sys.stderr)
        return 3


def _demo(options: argparse.Namespace) -> int:
    from harness.demo import demo

    return demo(seed=options.seed, out=options.out)


def _up(options: argparse.Namespace) -> int:
    from harness.up import Wishes, up

    return up(
        Wishes(
            out=options.out,
            host=options.host,
            port=options.port,
            sftp_port=options.sftp_port,
            stations=options.station,
            cards=options.card,
        )
    )


def _charger(options: argparse.Namespace) -> int:
    from harness.charger import charger

    return charger(options)


def _gateway(options: argparse.Namespace) -> int:
    from harness.gateway import gateway

    return gateway(options)


def _drop(options: argparse.Namespace) -> int:
    from harness.drop_alone import WIRES, Wishes, drop, faults_from_texts, user_from_text

    named = {wire: getattr(options, wire.replace("-", "_")) for wire in WIRES}
    return drop(
        Wishes(
            out=options.out,
            users=[user_from_text(text) for text in options.user],
            ports={wire: port for wire, port in named.items() if port is not None},
            folders=options.folder,
            faults=faults_from_texts(options.fault),
            quota_bytes=options.quota,
            record=options.record,
        )
    )


def _seal(options: argparse.Namespace) -> int:
    from harness.errors import UsageError
    from harness.sealing import Wish, seal, seal_again

    if options.again:
        found = seal_again(options.settings, os.environ)
    elif options.account is None or options.name is None:
        raise UsageError("name the account and whose secret it is, or say --again")
    else:
        wish = Wish(options.settings, options.account, options.name, options.key)
        found = seal(wish, os.environ)
    for note in found.notes:
        print(f"isebench seal: {note}", file=sys.stderr)
    for line in found.lines:
        print(line)
    return 0


def _part(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]?)/([1-9][0-9]?)", text)
    if match is None or int(match[1]) > int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no part; write 1/3, 2/3 or 3/3")
    return int(match[1]), int(match[2])


def _jobs(text: str) -> int:
    from harness.conform import JOBS_MAX

    if not text.isdecimal() or not 1 <= int(text) <= JOBS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {JOBS_MAX}")
    return int(text)


def _conform(options: argparse.Namespace) -> int:
    from harness.catalogue import BUNDLED_FEATURES
    from harness.conform import NOTHING_RUN
    from harness.selection import NothingAsked, Wish, left_open

    features = (options.features or BUNDLED_FEATURES).resolve()
    wish = Wish(
        options.ids,
        options.side,
        options.tags,
        options.exclude,
        is_quick=options.quick,
        of_backend=options.target is not None,
    )
    if options.only_failed is not None:
        wish = left_open(wish, options.only_failed)
        if not wish.only:
            print(f"{options.only_failed}: nothing is left open there, so nothing is run")
            return NOTHING_RUN
    try:
        return _run_scenarios(wish, features, options)
    except NothingAsked as nothing:
        print(f"isebench conform: {nothing}", file=sys.stderr)
        return NOTHING_RUN


def _run_scenarios(wish: Wish, features: Path, options: argparse.Namespace) -> int:
    from harness.conform import How, conform
    from harness.selection import list_of, select

    if options.list:
        print(list_of(select(wish, features), options.part), end="")
        return 0
    how = How(
        features,
        options.seed,
        options.report.resolve(),
        quiet=options.quiet,
        part=options.part,
        jobs=options.jobs,
        target=None if options.target is None else options.target.resolve(),
    )
    code = conform(wish, how)
    if (options.report / "report.html").exists():
        print(
            f"reports: {options.report / 'report.html'}, report.json, junit.xml, cucumber.json, "
            "matrix.md, matrix.csv"
        )
    return code


def _compare(options: argparse.Namespace) -> int:
    from harness.compare import compare, json_of, text_of

    found = compare(options.before, options.now)
    print((json_of if options.json else text_of)(found), end="")
    if options.html is not None:
        from harness.compare_page import compare_page

        options.html.write_text(compare_page(found), encoding="utf-8")
    return 1 if found.is_worse else 0


def _merge(options: argparse.Namespace) -> int:
    from harness.merge import merge
    from harness.summary import whole_of

    report = merge(options.reports, options.report)
    outcome, sentence = whole_of(report)
    print(f"{sentence}.\nreports: {options.report / 'report.html'} and others beside it")
    return 0 if outcome == "passed" else 1


def _sequence(options: argparse.Namespace) -> int:
    from harness.sequence_file import Wish, draw

    out = options.out or options.file.with_suffix(".svg")
    print(draw(options.file, out, Wish(options.station, options.most, options.zone)))
    return 0


def _certify(options: argparse.Namespace) -> int:
    from harness.certify.command import Wishes, certify

    return certify(
        Wishes(
            profile=options.profile,
            report=options.report,
            answers=options.answers,
            key=options.key,
            anew=options.anew,
        )
    )


def _verify(options: argparse.Namespace) -> int:
    from harness.certify.verify import verify

    return verify(options.statement, options.key, print)


def _record(options: argparse.Namespace) -> int:
    from functools import partial

    from harness.recorder import Wishes, record

    wishes = Wishes(
        options.listen, options.to, options.out, options.trust, options.certificate, options.key
    )
    return record(wishes, partial(print, flush=True))


def _replay(options: argparse.Namespace) -> int:
    from harness.replay_text import Wishes, replay_files

    wishes = Wishes(options.zone, options.begin, options.start, _away(options))
    return replay_files(options.files, wishes)


def _away(options: argparse.Namespace) -> Away | None:
    from harness.errors import UsageError
    from harness.replay_away import RECORDED, Away, Pace

    if not options.to:
        for name in ("pace", "trust", "password_file", "record"):
            if getattr(options, name):
                raise UsageError(
                    f"--{name.replace('_', '-')} goes with --to: the bundled backend has a clock "
                    "of its own, and nobody in between"
                )
        return None
    if options.record is not None and len(options.files) > 1:
        raise UsageError("--record is one file, for one recording; replay them one by one")
    pace = Pace.of(options.pace or RECORDED)
    password = _password_in(options.password_file)
    return Away(options.to, pace, options.trust, password, options.record)


def _password_in(path: Path | None) -> str | None:
    """Read the first line of a file; None where none is named."""
    if path is None:
        return None
    from harness.errors import UsageError

    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--password-file {path}: no password can be read there ({error})"
        ) from error


def _minimise(options: argparse.Namespace) -> int:
    from functools import partial

    from harness.errors import UsageError
    from harness.minimise import Wishes, list_rules, minimise

    if options.lists:
        print(list_rules(), end="")
        return 0
    if options.recording is None or not options.keeps:
        raise UsageError("name the recording, and with --keeps what it is to show; or say --list")
    wishes = Wishes(options.recording, options.keeps, options.out, options.zone, options.target)
    return minimise(wishes, partial(print, flush=True))


def _scenario(options: argparse.Namespace) -> int:
    from harness.scenario import Wishes, scenario

    wishes = Wishes(
        options.recording, options.out, options.requirement, options.zone, options.target
    )
    return scenario(wishes, print)


def _explain(options: argparse.Namespace) -> int:
    from harness.explain import Wish, explain

    print(explain(options.settings, Wish(options.code, options.instant, options.json)), end="")
    return 0


def _read(options: argparse.Namespace) -> int:
    from harness.read_files import read_files
    from harness.tables import paper_of

    paper = paper_of(sys.stdout, os.environ)
    for text in read_files(options.files, as_json=options.json, paper=paper):
        print(text, end="")
    return 0


def _test_connection(options: argparse.Namespace) -> int:
    from harness.connection_test import connection_tests, text_of
    from harness.tables import paper_of

    paper, done = paper_of(sys.stdout, os.environ), True
    for tested in connection_tests(options.settings, options.names):
        print(text_of(tested, paper), end="", flush=True)
        done = done and tested.is_done
    return 0 if done else 1


def _questionnaire(options: argparse.Namespace) -> int:
    from harness.questionnaire import questionnaire

    print(
        questionnaire(
            options.profile,
            page=options.html,
            markdown=options.markdown,
            shown=options.shown,
            station=options.station,
        )
    )
    return 0


def _list(options: argparse.Namespace) -> int:
    from harness.catalogue import BUNDLED_FEATURES, load_requirements, load_scenarios
    from harness.selection import Selection, Wish, select

    features = (options.features or BUNDLED_FEATURES).resolve()
    wanted = select(Wish(options.ids), features) if options.ids else Selection()
    scenarios = load_scenarios(features)
    for row in load_requirements(features):
        if not wanted.is_all and row.id not in wanted.requirements:
            continue
        print(f"{row.id} ({row.level}) {row.text}")
        mine = [scenario for scenario in scenarios if row.id in scenario.requirements]
        for scenario in mine:
            if not scenario.cases:
                print(f"    {scenario.name}  ({scenario.file}:{scenario.line})")
        if cases := sum(bool(scenario.cases) for scenario in mine):
            print(f"    and {cases} compliance cases, below")
    _list_cases([scenario for scenario in scenarios if wanted.holds(scenario, {})])
    return 0


def _list_cases(scenarios: list[ListedScenario]) -> None:
    from harness.catalogue import SIDES, load_cases

    places = {id: f"({one.file}:{one.line})" for one in scenarios for id in one.cases}
    cases = [case for case in load_cases() if case.id in places]
    for side in SIDES:
        if mine := [case for case in cases if case.side == side]:
            print(f"compliance cases, {side}")
            for case in mine:
                print(f"    {case.title}  {places[case.id]}")


_COMMANDS = {
    "demo": _demo,
    "up": _up,
    "charger": _charger,
    "gateway": _gateway,
    "drop": _drop,
    "seal": _seal,
    "conform": _conform,
    "compare": _compare,
    "merge": _merge,
    "certify": _certify,
    "verify": _verify,
    "record": _record,
    "replay": _replay,
    "sequence": _sequence,
    "minimise": _minimise,
    "scenario": _scenario,
    "explain": _explain,
    "read": _read,
    "test-connection": _test_connection,
    "questionnaire": _questionnaire,
    "list": _list,
}
