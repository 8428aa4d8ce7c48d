"""
Names of files and folders: what a person typed never becomes a path.

Rule 1: a name holds only ``A-Z a-z 0-9 . _ -`` and does not begin with a dot, so it can lie
on any server and in any command of a protocol. Rule 2: what breaks rule 1 is refused, not
changed; a changed name could meet another one. Rule 3: a name tells files apart by when they
were made, and sorts by it (IS-E itself names its files so; proposed, not prescribed).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from backend.errors import LayoutError

FIELDS = {
    "task": "the name of the task",
    "from": "the first local day in the file, yyyymmdd; if it begins within a day, in UTC, "
    "yyyymmddThhmmZ",
    "to": "the last local day in the file, yyyymmdd; if it ends within a day, in UTC likewise",
    "created": "when the file was made, in UTC, yyyymmddhhmmss",
    "revision": "1 for the first file of a period, then 2, 3 …",
    "meter": "the metering code, where each meter has a file of its own",
}
MAX_LENGTH = 120
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_FIELD = re.compile(r"\{([^{}]*)\}")
_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\..*)?", re.IGNORECASE)
_REMEDY = "use letters A-Z and a-z, digits, dot, underscore and hyphen"


def check_name(text: str, where: str) -> str:
    """
    Give a name back if it can stand in a file's name.

    Raises:
        LayoutError: It cannot; names the position, from 1, and the character.
    """
    for position, character in enumerate(text, start=1):
        if character not in _SAFE:
            raise LayoutError(
                f"position {position}: {character!r} cannot stand in a file's name", where, _REMEDY
            )
    if not text or len(text) > MAX_LENGTH:
        raise LayoutError(
            f"a name has 1 to {MAX_LENGTH} characters, not {len(text)}", where, _REMEDY
        )
    if text[0] in ".-":
        raise LayoutError(
            f"{text!r} begins with {text[0]!r}", where, "begin with a letter or digit"
        )
    if ".." in text or _DEVICES.fullmatch(text):
        raise LayoutError(f"{text!r} means something else to some servers", where, _REMEDY)
    return text


def check_pattern(pattern: str, where: str) -> str:
    """
    Give a pattern of names back if names can be made of it.

    Raises:
        LayoutError: A field is unknown, ``{created}`` is missing, or a character is unsafe.
    """
    for name in _FIELD.findall(pattern):
        if name not in FIELDS:
            fields = ", ".join(f"{{{each}}}" for each in FIELDS)
            raise LayoutError(f"there is no field {{{name}}}", where, f"use {fields}")
    if "{created}" not in pattern:
        raise LayoutError(
            "{created} is missing", where, "the receiver tells newer files from older by it"
        )
    check_name(_FIELD.sub("0", pattern), where)
    return pattern


def file_name(
    pattern: str,
    task: str,
    start: date | datetime,
    end: date | datetime,
    created: datetime,
    revision: int,
    meter: str = "",
) -> str:
    """
    Make the name of a file.

    Parameters:
        pattern: as `check_pattern` accepts it.
        task: its name.
        start, end: of what the file tells of: the first and the last local day, or, where it
            begins or ends within a day, an instant.
        created: aware; also what tells it from the files made before it.
        revision: from 1.
        meter: the metering code, where each has a file of its own.

    ``{created}`` is UTC: the receiver takes the newest file by it, and local time runs backwards
    once a year. Where the file is one meter's and the pattern does not say where the meter goes,
    it goes before the suffix: two files of one task must not have one name.

    Raises:
        LayoutError: The pattern, the task or the meter cannot stand in a file's name.
    """
    where = "file name"
    check_pattern(pattern, where)
    if meter and "{meter}" not in pattern:
        stem, dot, suffix = pattern.rpartition(".")
        pattern = f"{stem}_{{meter}}.{suffix}" if dot else f"{pattern}_{{meter}}"
    values = {
        "task": check_name(task, f"{where}, task"),
        "from": _edge(start),
        "to": _edge(end),
        "created": f"{created.astimezone(UTC):%Y%m%d%H%M%S}",
        "revision": str(revision),
        "meter": check_name(meter, f"{where}, meter") if meter else "",
    }
    return check_name(_FIELD.sub(lambda match: values[match[1]], pattern), where)


def _edge(at: date | datetime) -> str:
    if isinstance(at, datetime):
        return f"{at.astimezone(UTC):%Y%m%dT%H%MZ}"
    return f"{at:%Y%m%d}"
