"""
EDIFACT (ISO 9735): a file as segments, elements and components, and back.

Rule 1: what was written reads back; the signs that part segments are released by ``?``.
Rule 2: the reader is lenient. A service string advice (UNA) may stand before each interchange,
or nowhere; line ends between segments are passed over. What a segment means is for who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.errors import UnreadableFile

MAX_BYTES = 200_000_000
"""A larger file is not read."""
UNA = "UNA:+.? '"
"""The service string advice of the signs that are used where there is none."""
_SIGNS = ":+.? '"
_UNA = re.compile(r"\s*UNA(.{6})", re.DOTALL)
_SYNTAX = re.compile(rb"\bUNB.(UNO[A-Z])")
_ENCODINGS = {b"UNOW": "utf-8", b"UNOY": "utf-8"}
_TAG = re.compile(r"[A-Z]{3}")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Segment:
    """
    One segment.

    Attributes:
        tag: three capital letters.
        elements: each as its components; the released signs are as they were meant.
        number: its place in the file, from 1.
    """

    tag: str
    elements: tuple[tuple[str, ...], ...]
    number: int

    def part(self, element: int, component: int = 0) -> str:
        """Give a component by its place, from 0; empty where the segment does not have it."""
        if element >= len(self.elements) or component >= len(self.elements[element]):
            return ""
        return self.elements[element][component]


def segment(tag: str, *elements: str | Sequence[str]) -> str:
    """
    Write a segment.

    Parameters:
        elements: each as one text, or as its components; empty ones at the end are left out.
    """
    texts = [_joined((one,) if isinstance(one, str) else one) for one in elements]
    while texts and not texts[-1]:
        texts.pop()
    return "+".join((tag, *texts)) + "'"


def _joined(components: Sequence[str]) -> str:
    texts = [_released(one) for one in components]
    while texts and not texts[-1]:
        texts.pop()
    return ":".join(texts)


def _released(text: str) -> str:
    return re.sub(r"([?:+'])", r"?\1", text)


def segments(content: bytes) -> Iterator[Segment]:
    """
    Read a file, segment by segment.

    Raises:
        UnreadableFile: It is no EDIFACT; names the segment.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            f"has {len(content):,} bytes", "file", f"give {MAX_BYTES:,} bytes or fewer at once"
        )
    text = _decoded(content)
    place, number, signs = 0, 0, _SIGNS
    form = _form_of(signs)
    while True:
        if (advice := _UNA.match(text, place)) is not None:
            signs, place = advice[1], advice.end()
            form = _form_of(signs)
        found = form.match(text, place)
        if found is None:
            break
        number += 1
        yield _segment(found[1].lstrip(), signs, number)
        place = found.end()
    rest = text[place:].strip()
    if rest or not number:
        raise UnreadableFile(
            f"{rest[:_SHOWN]!r} is not closed by {signs[5]!r}" if rest else "is empty",
            f"segment {number + 1}",
            "deliver it whole",
        )


@lru_cache(16)
def _form_of(signs: str) -> re.Pattern[str]:
    """Give the form of a segment up to the sign that closes it and is not released."""
    release, end = re.escape(signs[3]), re.escape(signs[5])
    if signs[3] == " ":  # nothing releases
        return re.compile(f"([^{end}]*){end}")
    return re.compile(f"([^{release}{end}]*(?:{release}.[^{release}{end}]*)*){end}", re.DOTALL)


def _decoded(content: bytes) -> str:
    content = content.removeprefix(b"\xef\xbb\xbf")
    found = _SYNTAX.search(content, 0, 200)
    encoding = _ENCODINGS.get(found[1], "latin-1") if found else "latin-1"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not {encoding}, which its UNB promises"
        raise UnreadableFile(what, "file", "write it in the characters of its UNB") from None


def _segment(text: str, signs: str, number: int) -> Segment:
    component, element, release = signs[0], signs[1], signs[3]
    elements = [
        tuple(_split(one, component, release)) for one in _split(text, element, release, keep=True)
    ]
    tag = elements[0][0]
    if not _TAG.fullmatch(tag):
        raise UnreadableFile(
            f"{text[:_SHOWN]!r} begins with no tag of three capital letters",
            f"segment {number}",
            "look at what stands before it",
        )
    return Segment(tag, tuple(elements[1:]), number)


def _split(text: str, sign: str, release: str, *, keep: bool = False) -> list[str]:
    """Part a text at a sign that is not released; ``keep`` leaves the release signs in it."""
    if release == " " or release not in text:
        return text.split(sign)
    parts = [""]
    for found in re.finditer(f"{re.escape(release)}(.)|{re.escape(sign)}|.", text, re.DOTALL):
        if found[1] is not None:
            parts[-1] += found[0] if keep else found[1]
        elif found[0] == sign:
            parts.append("")
        else:
            parts[-1] += found[0]
    return parts
