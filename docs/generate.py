"""
Write the pages of docs/reference that follow from the code: ``python docs/generate.py``.

A test holds them against what this would write.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from backend.core.formats import mscons
from backend.core.formats.forms import KINDS
from backend.core.formats.knobs import Knob
from backend.core.formats.layout import KNOBS
from backend.core.obis_tables import TABLES
from harness.cli import build_parser
from harness.exit_codes import COMMANDS, MEANINGS
from harness.fixtures import Drop, Inch, ReferenceBackend, Site, SmartGateway
from simulators.iskra_sg.models import MODELS
from simulators.iskra_sg.register_map import Space
from simulators.iskra_sg.register_map import table as registers_of

REFERENCE = Path(__file__).parent / "reference"
STEPS = Path(__file__).parents[1] / "harness" / "steps"
COLUMNS = "96"

COMMANDS_HEAD = """# Commands

<!-- Written by docs/generate.py from the command line itself. -->

`python -m harness` is the same as `isebench`. Every command tells what is wrong in one sentence on standard error and ends with exit
code 2 where it was used wrongly. Ctrl-C stops any of them.
"""

SENTENCES_HEAD = """# Sentences

<!-- Written by docs/generate.py from the steps themselves. -->

What a scenario can say. `{…}` stands for what you write there; times are local times of the day ("14:15", "24:00"), days are written like
"3 June 2025". A sentence that ends with a table or a text in quotes needs one below it; look at the bundled features for examples.
Every scenario is tagged with a requirement that exists, and has a Then. How messages, their fields and what rows of a table may do are
written is told in [how to run compliance cases](../how-to/run-compliance-cases.md).
"""

LAYOUT_HEAD = """# File layout

<!-- Written by docs/generate.py from the knobs themselves. -->

A `[[format]]` has one of these kinds:

| kind | what people call it | what it has of each meter |
| --- | --- | --- |
{kinds}
A task whose format has one value a day is `daily`, or started by a person. [How to choose a format](../how-to/choose-a-format.md) shows a
file of each.

## Load profile: `ise-timeseries-csv`

The knobs of a `[[format]]` of kind `ise-timeseries-csv`. What is *proposed* is prescribed by nobody: no byte-level specification of an IS-E
import file is public, so these defaults have to be agreed with the utility. See [the decision](../decisions/0006-layout-is-a-profile.md).

| knob | default | example | what it does | who says so |
| --- | --- | --- | --- | --- |
"""

LAYOUT_TAIL = """
With the defaults, a file looks like this:

```csv
Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status
CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.29.0*255;03.06.2025 14:15:00;2.300;kWh;W
CH98765012345AAAAAAAAAAAAAAA00001;1-1:1.29.0*255;03.06.2025 14:30:00;;kWh;F
```

## What a layout cannot carry

* Without a status column an estimated value cannot be told from a true one, and with `missing = "zero"` a missing one neither.
* Local time without offset: in October 02:15 stands twice. Rows are in the order of time, so both read back; a file that holds only
  one of the two hours cannot tell which.
* Fewer decimals than the meter has: each value is the difference of two rounded registers, so sums stay exact to the delivered digit.

## What is refused

Separators, quotes, line ends, control characters, and a leading `=`, `+`, `-`, `@` or `'` in a cell are refused where they are set, not
escaped. File names hold letters, digits, `.`, `_` and `-`, and no leading dot.
"""

MSCONS_HEAD = """
## MSCONS

The knobs of a `[[format]]` of kind `mscons`: load profiles as EDIFACT messages, one for each metering point and OBIS code. Defaults follow files
that Swiss utilities received of each other (*a Swiss file*); no authentic file of version 2.4a is public. See
[the decision](../decisions/0028-mscons.md).

| knob | default | example | what it does | who says so |
| --- | --- | --- | --- | --- |
"""

KNOBS_HEAD = """| knob | default | example | what it does | who says so |
| --- | --- | --- | --- | --- |
"""

OTHERS = {
    "ise-readings-csv": """Registers, a row a meter, OBIS code and local day: what the register shows when the day ends.""",
    "ise-readings-xml": """The same as ESLBillingData, as a Swiss utility's EDM wrote it: meters, in them the ends of days, in them registers by
OBIS code. That IS-E takes this form is *proposed*.""",
    "ise-feed-csv": """The energy of each local day (Vorschub, D = 9), a row a meter and day.""",
    "mscons-readings": """Registers as EDIFACT messages (VL, 13002), one a metering point and day. The time of reading is an instant with its offset; a bare
date could be the day's begin or its end.""",
    "csv": """A line a meter and local day, with a column for each OBIS code of `obis`. No status: an estimated value cannot be told from a true one,
and a missing one leaves its cell empty.""",
}
"""Kinds that have a value a day, and what to say of each."""

CODES_HEAD = """
## OBIS codes

Codes that a format does not list are refused where it is set. Two spellings of one code are one: `*255` and leading zeros make no
difference. The tables are those of document 002; that of the feed follows from the one of IS-E, with D = 9 in place of D = 8.
"""


FIXTURES_HEAD = """# Fixtures

<!-- Written by docs/generate.py from the classes themselves. -->

What the fixtures of `harness.fixtures` give: `site`, `inch`, `smart_gateway`, `drop`, `reference_backend` and `bench`; `make_inch` and its like are
the methods of `Site`. A mark of a fixture's name gives its arguments. What is without brackets is only looked at. Types, units and errors stand in
the docstrings. [How to use them](../how-to/use-from-another-project.md).
"""

FACES = {
    Site: "What all devices of a test stand on: one time and one recording. `let_pass` takes `hours`, `minutes` and `seconds`, or `until`.",
    Inch: "An emulated Etrel INCH.",
    SmartGateway: "An emulated Iskra smart gateway with meters, switches and loads.",
    Drop: "A utility's SFTP, FTP and FTPS servers in front of one folder, and the importer behind it.",
    ReferenceBackend: "The reference backend. What it says of itself is no verdict.",
}
NOT_FOR_TESTS = ("made", "leave", "joined", "backend_at", "settle", "told", "in_patience", "soon")

EXIT_CODES_HEAD = """# Exit codes

<!-- Written by docs/generate.py from the table that the tests go through. -->

A code says the same whatever the command. What is wrong stands on standard error, in one sentence after the command's name. A pipe that is
closed by who reads (`isebench list | head`) is no error.

"""

REGISTERS_HEAD = """# Registers of the smart gateway

<!-- Written by docs/generate.py from the tables that the simulator answers by. -->

What the emulated gateway and the devices behind it answer over Modbus. Addresses are those on the wire: input registers (function 4) are
the manual's number less 30000, holding registers (functions 3, 6, 16) less 40000. Types are Iskra's: T5 and T6 have a decade of their own,
T7 says import or export and inductive or capacitive, T16 and T17 are hundredths; big-endian, the high word first. Sources and what is
ASSUMED stand on the [device sheet](../../simulators/iskra_sg/README.md).
"""

REGISTER_TABLES = {
    "The gateway itself": None,
    "WM3-6; WM1-6 has L1 only and no non-resettable counters": "WM3-6",
    "WM3M4 and WM3M4C": "WM3M4C",
    "IE38 and IE35; IE14 has L1 only and eight resettable counters": "IE38MD",
    "MC, iMC, MT and iMT": "MC784",
    "Bicoms on RS485": "BI432",
}


def commands_page() -> str:
    """Give docs/reference/commands.md."""
    os.environ["COLUMNS"] = COLUMNS
    parser = build_parser()
    (subparsers,) = (
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    parts = [COMMANDS_HEAD]
    for name, command in (("isebench", parser), *subparsers.choices.items()):
        title = name if command is parser else f"isebench {name}"
        parts.append(f"## {title}\n\n```text\n{command.format_help().rstrip()}\n```\n")
    return "\n".join(parts)


def sentences_page() -> str:
    """Give docs/reference/sentences.md."""
    parts = [SENTENCES_HEAD]
    for path in sorted(STEPS.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        about = (ast.get_docstring(tree) or "").splitlines()[0].removeprefix("Sentences about ")
        rows = [
            f"| {keyword} | {_cell(sentence)} | {_cell(told.splitlines()[0])} |\n"
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            for keyword, sentence in _sentences_of(node)
            if (told := ast.get_docstring(node))
        ]
        title = about.rstrip(".")
        head = f"## {title[0].upper()}{title[1:]}\n\n| | sentence | what it does |\n| --- | --- | --- |\n"
        parts.append(head + "".join(rows))
    return "\n".join(parts)


def _sentences_of(function: ast.FunctionDef) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for decorator in reversed(function.decorator_list):
        if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name)):
            continue
        argument = decorator.args[0]
        pattern = argument.args[0] if isinstance(argument, ast.Call) else argument
        text = ast.literal_eval(pattern)
        if isinstance(argument, ast.Call) and ast.unparse(argument.func).endswith(".re"):
            # A group becomes its name; what is optional in the expression is left as it reads.
            text = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", text).rstrip("$")
            text = text.replace("files? arrives?", "files arrive")
        sentence, keyword = re.sub(r"\{(\w+):\w+\}", r"{\1}", text), decorator.func.id.capitalize()
        before = found.get(sentence)
        found[sentence] = keyword if before is None else ", ".join(sorted((before, keyword)))
    return [(keyword, sentence) for sentence, keyword in found.items()]


def layout_page() -> str:
    """Give docs/reference/layout.md."""
    kinds = "".join(
        f"| `{kind}` | {one.name} | {one.form.values.value} |\n" for kind, one in KINDS.items()
    )
    parts = [LAYOUT_HEAD.replace("{kinds}", kinds), _rows_of(KNOBS), LAYOUT_TAIL]
    parts += [MSCONS_HEAD, _rows_of(mscons.KNOBS)]
    for kind, told in OTHERS.items():
        parts.append(f"\n## {KINDS[kind].name}: `{kind}`\n\n{told}\n\n{KNOBS_HEAD}")
        parts.append(_rows_of(KINDS[kind].knobs))
    parts.append(CODES_HEAD)
    for name, table in TABLES.items():
        parts.append(f"\n### {name}\n\n| code | meaning | unit |\n| --- | --- | --- |\n")
        parts += (f"| `{one.code}` | {one.meaning} | {one.unit} |\n" for one in table.values())
    return "".join(parts)


def _rows_of(knobs: Iterable[Knob]) -> str:
    return "".join(
        f"| `{knob.name}` | {_shown(knob.default)} | {_code(knob.example)} "
        f"| {_cell(knob.meaning)} | {knob.source} |\n"
        for knob in knobs
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return _code(", ".join(value))
    names = {"\r\n": '"crlf"', "\n": '"lf"', True: "true", False: "false"}
    text = names.get(value) if isinstance(value, str | bool) else None
    return _code(text or (f'"{value}"' if isinstance(value, str) else str(value)))


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def registers_page() -> str:
    """Give docs/reference/gateway-registers.md."""
    parts = [REGISTERS_HEAD]
    for title, name in REGISTER_TABLES.items():
        parts.append(f"\n## {title}\n\n| function | address | registers | type | unit | what |\n")
        parts.append("| --- | --- | --- | --- | --- | --- |\n")
        for row in registers_of(None if name is None else MODELS[name]):
            functions = "3, 6, 16" if row.prepare is not None else "3"
            function = "4" if row.space is Space.INPUT else functions
            cells = (function, row.address, row.count, row.kind, row.unit, row.name)
            parts.append(f"| {' | '.join(str(cell) for cell in cells)} |\n".replace("|  |", "| |"))
    return "".join(parts)


def exit_codes_page() -> str:
    """Give docs/reference/exit-codes.md."""
    parts = [EXIT_CODES_HEAD, "| code | says |\n| ---: | --- |\n"]
    parts += (f"| {code} | {told} |\n" for code, told in MEANINGS.items())
    parts.append("\n## By command\n\n| command | code | when |\n| --- | ---: | --- |\n")
    for name, codes in COMMANDS.items():
        parts += (f"| `{name}` | {code} | {codes[code]} |\n" for code in sorted(codes))
    return "".join(parts)


def fixtures_page() -> str:
    """Give docs/reference/fixtures.md."""
    parts = [FIXTURES_HEAD]
    for kind, about in FACES.items():
        parts.append(f"\n## {kind.__name__}\n\n{about}\n\n| | what it does |\n| --- | --- |\n")
        for name, member in vars(kind).items():
            if name.startswith("_") or name in NOT_FOR_TESTS or isinstance(member, str):
                continue
            told = (inspect.getdoc(member) or "").splitlines()[0].replace("``", "`")
            shown = name if isinstance(member, property) else f"{name}({_arguments(member)})"
            parts.append(f"| `{shown}` | {_cell(told)} |\n")
    return "".join(parts)


def _arguments(function: Callable[..., object]) -> str:
    shown = []
    for one in inspect.signature(function).parameters.values():
        if one.name != "self":
            default = "" if one.default is inspect.Parameter.empty else "=…"
            stars = {inspect.Parameter.VAR_KEYWORD: "**"}.get(one.kind, "")
            shown.append(f"{stars}{one.name}{default}")
    return ", ".join(shown)


PAGES = {
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "fixtures.md": fixtures_page,
    "gateway-registers.md": registers_page,
    "layout.md": layout_page,
    "sentences.md": sentences_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
