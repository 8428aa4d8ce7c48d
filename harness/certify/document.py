"""
A statement as people read it: blocks of text and tables, the same for the page and for the paper.

What comes from outside (frames, reasons, the profile) goes through `harness.tables.seen`, so signs
that are not seen but do something are written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.declared import Finding
from harness.tables import seen

Json = Mapping[str, Any]

GOOD, BAD, ODD, FAINT, PLAIN = "good", "bad", "odd", "faint", ""
"""How something is to be taken; a colour on the page and on paper."""

TONES = {
    "passed": GOOD,
    "failed": BAD,
    "error": BAD,
    "not shown": ODD,
    "incomplete": ODD,
    "not applicable": FAINT,
    "not asked": FAINT,
}
SIGNS = {"passed": "+", "failed": "x", "not asked": "-"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 begins a part, level 2 a case."""

    text: str
    level: int = 1
    tone: str = PLAIN
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a notice stands in a frame."""

    text: str
    tone: str = PLAIN
    is_notice: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table.

    Attributes:
        headings: of its columns; none for a table of facts.
        rows: its cells.
        tones: how each row is to be taken.
        widths: how wide columns are, as shares of the whole.
        links: the anchor to which the first cell of each row leads; empty for none.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[str, ...]
    widths: tuple[float, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Text as it was sent, or stands in a file; long lines wrap."""

    lines: tuple[tuple[str, str], ...]


Block = Heading | Paragraph | Table | Code


@dataclass(frozen=True, slots=True)
class Document:
    """A statement to be read: its title, what stands on every page, and its blocks."""

    title: str
    running: str
    blocks: tuple[Block, ...]


def document_of(statement: Json) -> Document:
    """Give a statement as blocks."""
    charger = statement["charger"]
    name = f"{charger['vendor']} {charger['model']}".strip() or charger["identity"]
    issued = str(statement["issued"])[:10]
    blocks: list[Block] = [
        *_head(statement),
        *_facts(statement),
        *_cases(statement),
        *_declared(statement),
        *_evidence(statement),
        *_profile(statement),
        *_files(statement),
    ]
    running = f"{seen(name)} · {seen(charger['identity'])} · {issued}"
    return Document(f"Statement on {seen(name)}", running, tuple(blocks))


def _head(statement: Json) -> list[Block]:
    outcome = str(statement["outcome"])
    blocks: list[Block] = [
        Paragraph(f"{outcome.capitalize()}: {statement['headline']}.", TONES[outcome], True)
    ]
    if not statement["is_whole"]:
        told = "; ".join(statement["left_out"])
        blocks.append(Paragraph(f"This is not a whole certification: {told}.", ODD, True))
    blocks += [Paragraph(f"{seen(one)}.", ODD, True) for one in statement["differences"]]
    blocks.append(
        Paragraph(
            "The cases are those with which chargers are certified for OCPP 1.6, under their "
            "public ids and names, told in words of isebench's own; this statement is the bench's, "
            "and not that of a test house. Each verdict is read from the frames that crossed the "
            "wire."
        )
    )
    return blocks


def _facts(statement: Json) -> list[Block]:
    charger, told = statement["charger"], statement["told"]
    rows = [
        (name.capitalize(), charger[name] or "not declared", told.get(name, "not told"))
        for name in ("vendor", "model", "serial", "firmware")
    ]
    build = [
        f"{charger['cable']} cable" if charger["cable"] == "fixed" else "socket",
        f"{charger['connectors']} connector" + "s" * (charger["connectors"] != 1),
        f"{charger['phases']} phase" + "s" * (charger["phases"] != 1),
        "back-up power" if charger["backup_power"] else "no back-up power",
    ]
    facts = [
        ("Identity at the central system", charger["identity"]),
        ("Built", ", ".join(build)),
        ("Operator", ", ".join(statement["operator"].values()) or "not named"),
        ("Began, ended", f"{_time(statement['began'])} to {_time(statement['ended'])}"),
        ("Issued", f"{_time(statement['issued'])}, by isebench {statement['isebench']}"),
        ("Runs", _runs(statement["runs"])),
        ("Limits", ", ".join(f"{k[:-2]} {v:g} s" for k, v in statement["limits"].items())),
        ("Profile", f"{statement['profile']['file']}, SHA-256 {statement['profile']['sha256']}"),
    ]
    return [
        Heading("The charger and the run"),
        _table(("", "Declared", "Told by the charger"), rows, (2, 4, 4)),
        _table((), facts, (3, 7)),
    ]


def _runs(count: int) -> str:
    return "one" if count == 1 else f"{count}: it was interrupted and went on"


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC" if text else "never"


def _cases(statement: Json) -> list[Block]:
    counts = [(verdict, str(count)) for verdict, count in statement["counts"].items() if count]
    blocks: list[Block] = [
        Heading("The cases"),
        Table(
            ("Verdict", "Cases"),
            tuple(counts),
            tuple(TONES[verdict] for verdict, _ in counts),
            (3, 7),
        ),
    ]
    shown = [one for one in statement["cases"] if one["verdict"] not in _LEFT_OUT]
    if shown:
        blocks.append(
            Table(
                ("Case", "Verdict", "Why, or what is remarked"),
                tuple((seen(c["title"]), c["verdict"], seen(c["reason"])) for c in shown),
                tuple(TONES[c["verdict"]] for c in shown),
                (5, 1.4, 4),
                tuple(c["id"] if c["began"] else "" for c in shown),
            )
        )
    for verdict, title in _LEFT_OUT.items():
        reasons: dict[str, list[str]] = {}
        for case in statement["cases"]:
            if case["verdict"] == verdict:
                reasons.setdefault(case["reason"], []).append(case["id"])
        if reasons:
            rows = [(seen(why), ", ".join(ids)) for why, ids in reasons.items()]
            blocks += [Heading(title), _table(("Why", "Cases"), rows, (4, 6))]
    return blocks


_LEFT_OUT = {
    "not asked": "What was not asked",
    "not applicable": "What does not apply",
}


def _declared(statement: Json) -> list[Block]:
    blocks: list[Block] = []
    for title, findings, tone in _FINDINGS:
        rows = [
            (one["kind"], seen(one["name"]), _finding(one))
            for one in statement["declared"]
            if one["finding"] in findings
        ]
        blocks.append(Heading(title))
        if rows:
            blocks.append(_table(("What", "Name", "Finding"), rows, (2.6, 4, 3.4), tone))
        else:
            blocks.append(Paragraph("Nothing."))
    return blocks


_FINDINGS = (
    ("What was shown though it was not declared", (Finding.UNDECLARED,), ODD),
    ("What was declared and refused", (Finding.CONTRADICTED,), BAD),
    ("What was declared and not shown", (Finding.NOT_SHOWN,), ODD),
    ("What was declared and shown", (Finding.SHOWN, Finding.REFUSED), PLAIN),
)


def _finding(row: Json) -> str:
    count = row["count"]
    return f"{row['finding']} ({count}×)" if count else str(row["finding"])


def _evidence(statement: Json) -> list[Block]:
    blocks: list[Block] = [Heading("What decided each case")]
    ran = [case for case in statement["cases"] if case["began"]]
    for case in ran:
        verdict = case["verdict"]
        blocks.append(Heading(f"{seen(case['title'])}: {verdict}", 2, TONES[verdict], case["id"]))
        if case["reason"]:
            blocks.append(Paragraph(seen(case["reason"]), TONES[verdict]))
        rows = [
            (SIGNS.get(one["outcome"], "-"), f"{one['keyword']} {seen(one['text'])}")
            for one in case["sentences"]
        ]
        tones = tuple(TONES.get(one["outcome"], FAINT) for one in case["sentences"])
        if rows:
            tones = tuple(PLAIN if tone == GOOD else tone for tone in tones)
            blocks.append(Table((), tuple(rows), tones, (0.4, 9.6)))
        frames = tuple(
            (f"{one['at'][11:23]}  {one['sender']} → {one['receiver']}", seen(one["text"]))
            for one in case["frames"]
        )
        if frames:
            blocks.append(Code(frames))
        kept = f"; all frames: {case['recording']}" if case["recording"] else ""
        blocks.append(Paragraph(f"{_time(case['began'])} to {_time(case['ended'])}{kept}.", FAINT))
    if not ran:
        blocks.append(Paragraph("No case was run."))
    return blocks


def _profile(statement: Json) -> list[Block]:
    rows = list(_flat("", statement["profile"]["tables"]))
    return [
        Heading("The profile"),
        Paragraph("Of its hands only the acts are named: commands and addresses may be secret."),
        _table(("Key", "Value"), rows, (4, 6)),
    ]


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Give the values of tables in tables, each with the way to it."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), one)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, one in enumerate(value, 1):
            yield from _flat(f"{path} {number}", one)
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield path, shown


def _files(statement: Json) -> list[Block]:
    rows = [(name, digest) for name, digest in statement["files"].items()]
    blocks: list[Block] = [
        Heading("The files of this statement"),
        Paragraph(
            "statement.json holds all of this for programs, with the hashes of this document in "
            "both forms; `isebench verify` compares them, and the signature where there is one."
        ),
    ]
    if rows:
        blocks.append(_table(("Recording", "SHA-256"), rows, (3.4, 6.6)))
    return blocks


def _table(
    headings: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    widths: tuple[float, ...],
    tone: str = PLAIN,
) -> Table:
    told = tuple(tuple(seen(cell) for cell in row) for row in rows)
    return Table(tuple(headings), told, (tone,) * len(told), widths)
