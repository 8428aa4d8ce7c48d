"""
The questionnaire of a model, filled in: what a vendor is asked before a charger is connected.

It is generated from the profile that also decides how the model is read, so the two cannot differ.
As a page that needs nothing but itself, or as Markdown. With frames of the model, what it declares
is held against what it showed (`harness.declared`).

The contact who validates an integration is a person and no property of a model; whoever hands the
page in writes himself in.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from backend.core.declaration import (
    BACKEND_MESSAGES,
    CHARGER_MESSAGES,
    NOT_IN_1_5,
    TRANSPORTS,
    Declaration,
)
from backend.core.device_profile import DeviceProfile, load_profile
from harness.declared import Finding, Row, compare
from harness.errors import UsageError
from harness.recording import Frame, read_frames
from harness.tables import seen

YES, NO, NO_BOX = "☒", "☐", ""
"""A box with its cross, an empty box, and no box where there can be none."""
NOT_SAID = "not said"
FRAME = Path(__file__).with_name("questionnaire.html")
"""The page around the sections."""


@dataclass(frozen=True, slots=True)
class Section:
    """
    A part of the questionnaire.

    Attributes:
        title: what it is about.
        headings: of its columns; two for questions and answers.
        rows: the answers.
        note: what else is to be known.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


ASKED = ("Question", "Answer")


def sections_of(profile: DeviceProfile) -> list[Section]:
    """
    Give the filled questionnaire of a model.

    Raises:
        UsageError: If nothing is declared of it.
    """
    declared = profile.declared
    if declared == Declaration():
        raise UsageError(
            f"of the model {profile.name!r} nothing is declared; write [declared] into its profile"
        )
    return [
        _asked(
            "Model",
            ("Vendor name", declared.vendor),
            ("Model name", declared.model),
            ("Firmware version", declared.firmware),
            ("Firmware issue date", declared.firmware_issued),
        ),
        _connectors(declared),
        _messages(declared),
        _asked(
            "Authorize: RFID code representation",
            ("Byte order", declared.id_tag_order),
            ("Delimiters", declared.id_tag_delimiters or "none"),
            ("Example", declared.id_tag_example),
        ),
        _asked("DataTransfer: custom messages", ("Which", declared.custom_messages)),
        _asked(
            "GetDiagnostics",
            ("File format", declared.diagnostics_format),
            ("Upload protocols", ", ".join(declared.diagnostics_protocols)),
        ),
        _asked("UpdateFirmware", ("File format", declared.firmware_format)),
        _measurements(declared),
        _asked("SendLocalList", ("RFID cards stored", declared.local_list_size)),
        _asked("StatusNotification", ("Vendor error codes", declared.vendor_error_codes)),
        _communication(declared),
        _asked(
            "Other",
            ("Technical contact", "a person, who is no part of a model's profile"),
            ("Documentation", declared.documentation),
        ),
    ]


def _asked(title: str, *rows: tuple[str, str]) -> Section:
    return Section(title, ASKED, tuple((question, said or NOT_SAID) for question, said in rows))


def _connectors(declared: Declaration) -> Section:
    connectors = declared.connectors
    rows = (
        ("EVSE code", *(str(one.evse) for one in connectors)),
        ("Charging type", *(one.current for one in connectors)),
        ("Connector code", *(str(one.connector) for one in connectors)),
        ("Connector type", *(one.plug for one in connectors)),
        ("Max. power [kW]", *(str(one.power_kw) for one in connectors)),
        ("Phases", *(str(one.phases) if one.phases else NO_BOX for one in connectors)),
    )
    headings = ("", *(f"Connector {number}" for number, _ in enumerate(connectors, 1)))
    return Section("Connectors", headings, rows)


_TRANSPORT_NAMES = ("OCPP 1.5 SOAP", "OCPP 1.6 SOAP", "OCPP 1.6 JSON")


def _messages(declared: Declaration) -> Section:
    names = dict.fromkeys((*CHARGER_MESSAGES, *BACKEND_MESSAGES))
    asked = [name for name in names if declared.supports(name, TRANSPORTS[0]) is not None]
    left = [name for name in names if name not in asked]
    rows = tuple(
        (name, *(_box(declared, name, transport) for transport in TRANSPORTS)) for name in asked
    )
    note = f"Not asked: {', '.join(left)}." if left else ""
    return Section("OCPP versions and messages", ("Message", *_TRANSPORT_NAMES), rows, note)


def _box(declared: Declaration, name: str, transport: str) -> str:
    if transport == "1.5S" and name in NOT_IN_1_5:
        return NO_BOX
    return YES if declared.supports(name, transport) else NO


def _measurements(declared: Declaration) -> Section:
    rows = tuple(
        (
            one.measurand,
            " ".join(one.phases) or "–",
            one.level,
            one.charging or "not sent",
            one.standby or "not sent",
            one.unit or "–",
        )
        for one in declared.measurements
    )
    headings = ("Measurand", "Phases", "Level", "During charging", "In standby", "Unit")
    other = declared.other_measurements
    return Section("MeterValues: measurements", headings, rows, f"Also: {other}." if other else "")


def _communication(declared: Declaration) -> Section:
    names = dict(zip(TRANSPORTS, _TRANSPORT_NAMES, strict=True))

    def each(what: str, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        found = [(f"{what}, {names.get(key, key)}", said) for key, said in pairs]
        return found or [(what, "")]

    rows = [
        *each("Charger's service endpoint", declared.endpoints),
        *each("Charger's service security", declared.charger_security),
        ("Back-end security", declared.backend_security),
        *each("Other interface", declared.other_interfaces),
    ]
    return _asked("Communication", *rows)


def shown_section(rows: Iterable[Row], source: str) -> Section:
    """Give the part that says what was shown on the wire."""
    told = tuple(
        (row.kind, row.name, row.finding, str(row.count) if row.count else "") for row in rows
    )
    headings = ("What", "Name", "Finding", "How often")
    note = f"Read from the frames of {source}. What was not shown may never have been asked for."
    return Section("Declared and shown", headings, told, note)


# ---------------------------------------------------------------- writing


def as_markdown(profile: DeviceProfile, sections: Sequence[Section]) -> str:
    """Write the questionnaire as Markdown."""
    parts = [f"# {_title(profile)}\n"]
    for section in sections:
        lines = [f"## {section.title}\n"]
        lines += [_line(section.headings), _line("---" for _ in section.headings)]
        lines += [_line(row) for row in section.rows]
        parts.append("\n".join(lines) + "\n")
        if section.note:
            parts.append(f"{seen(section.note)}\n")
    return "\n".join(parts)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(seen(cell).replace("|", "\\|") for cell in cells) + " |"


def as_html(profile: DeviceProfile, sections: Sequence[Section]) -> str:
    """Write the questionnaire as one page that needs nothing but itself, and runs no script."""
    frame = Template(FRAME.read_text(encoding="utf-8"))
    title = html.escape(_title(profile))
    return frame.substitute(title=title, body="".join(_section(one) for one in sections))


def _title(profile: DeviceProfile) -> str:
    return f"{profile.title or profile.name}: compatibility with a back end"


def _section(section: Section) -> str:
    head = "".join(f'<th scope="col">{_text(one)}</th>' for one in section.headings)
    rows = "".join(
        f'<tr class="{_CLASSES.get(row[2] if len(row) > 2 else "", "")}">'
        f'<th scope="row">{_text(row[0])}</th>'
        + "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in section.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    note = f"<p>{_text(section.note)}</p>" if section.note else ""
    return (
        f'<section><h2>{_text(section.title)}</h2><div class="wide">{table}</div>{note}</section>'
    )


def _text(text: str) -> str:
    return html.escape(seen(text))


_CLASSES: dict[str, str] = {
    Finding.UNDECLARED: "odd",
    Finding.CONTRADICTED: "odd",
    Finding.NOT_SHOWN: "faint",
}

# ---------------------------------------------------------------- the command


def questionnaire(
    name: str,
    *,
    page: Path | None = None,
    markdown: Path | None = None,
    shown: Path | None = None,
    station: str | None = None,
) -> str:
    """
    Write the filled questionnaire of a model.

    Parameters:
        name: of its profile.
        page, markdown: files to write it into.
        shown: a recording, or a log with frames, to hold it against.
        station: the charger of the log that is of this model; all where left out.

    Returns:
        It as Markdown, where no file was named, or where it was written to.

    Raises:
        SettingsError: If there is no such profile.
        UsageError: If nothing is declared of the model, the log cannot be read or holds no such
            charger, or a file cannot be written.
    """
    profile = load_profile(name)
    sections = sections_of(profile)
    if shown is not None:
        frames = _frames_of(shown)
        identities = list(dict.fromkeys(frame.identity for frame in frames))
        if station is not None and station not in identities:
            raise UsageError(f"{shown}: no charger {station!r}; it has {', '.join(identities)}")
        chosen = [frame for frame in frames if station in (None, frame.identity)]
        source = ", ".join(identities) if station is None else station
        sections.append(shown_section(compare(profile, chosen), source))
    if page is not None:
        _write(page, "--html", as_html(profile, sections))
    if markdown is not None:
        _write(markdown, "--markdown", as_markdown(profile, sections))
    written = [str(one) for one in (page, markdown) if one is not None]
    return "\n".join(written) if written else as_markdown(profile, sections).rstrip("\n")


def _frames_of(path: Path) -> list[Frame]:
    try:
        return list(read_frames(path).frames)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); name another file with --shown"
        ) from error


def _write(path: Path, option: str, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); choose another file with {option}"
        ) from error
