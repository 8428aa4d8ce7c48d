"""
A statement as PDF: real text, tables whose heads come again on each page, and numbered pages.

Its letters are those that come with the library, in the file, so that every reader shows the same;
what they have no sign for is written out as its number. The same statement gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab  # type: ignore[import-untyped]
from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    CondPageBreak,
    SimpleDocTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from harness.certify.document import (
    BAD,
    FAINT,
    GOOD,
    ODD,
    PLAIN,
    Block,
    Code,
    Document,
    Heading,
    Paragraph,
    Table,
)

REGULAR, BOLD = "Vera", "VeraBd"
MARGIN, HEAD = 18 * mm, 12 * mm
WIDTH = A4[0] - 2 * MARGIN
COLOURS = {
    PLAIN: colors.HexColor("#16202a"),
    GOOD: colors.HexColor("#176b3a"),
    BAD: colors.HexColor("#b3261e"),
    ODD: colors.HexColor("#8a4b00"),
    FAINT: colors.HexColor("#55626f"),
}
LINE = colors.HexColor("#c9ced3")


def pdf_of(document: Document) -> bytes:
    """Write a statement as PDF."""
    _letters()
    file = io.BytesIO()
    template = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN + HEAD,
        bottomMargin=MARGIN,
        title=document.title,
        author="isebench",
        subject=document.running,
        lang="en",
        invariant=1,
    )
    story = [Text(_safe(document.title), _style(PLAIN, 17, BOLD)), Spacer(0, 4 * mm)]
    for block in document.blocks:
        story += _block(block)
    template.build(story, canvasmaker=partial(_Numbered, running=_plain(document.running)))
    return file.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]
    """A canvas that knows at the end how many pages there are, and heads each of them."""

    def __init__(self, *arguments: Any, running: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._running = running
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        """Keep the page, until all are there."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Head each page, and write the file."""
        for page in self._pages:
            self.__dict__.update(page)
            self._head(len(self._pages))
            super().showPage()
        super().save()

    def _head(self, count: int) -> None:
        self.saveState()
        self.setFont(REGULAR, 8)
        self.setFillColor(COLOURS[FAINT])
        top = A4[1] - MARGIN
        self.drawString(MARGIN, top, self._running)
        self.drawRightString(A4[0] - MARGIN, top, f"page {self._pageNumber} of {count}")
        self.setStrokeColor(LINE)
        self.line(MARGIN, top - 2 * mm, A4[0] - MARGIN, top - 2 * mm)
        self.restoreState()


def _block(block: Block) -> list[Any]:
    if isinstance(block, Heading):
        size = 12.5 if block.level == 1 else 9.5
        room = (30 if block.level == 1 else 20) * mm
        anchor = f'<a name="{escape(block.anchor)}"/>' if block.anchor else ""
        text = Text(anchor + _safe(block.text), _style(block.tone, size, BOLD))
        return [CondPageBreak(room), Spacer(0, 5 * mm), text, Spacer(0, 1.5 * mm)]
    if isinstance(block, Paragraph):
        if block.is_notice:
            return [_notice(block), Spacer(0, 2 * mm)]
        return [Text(_safe(block.text), _style(block.tone, 8.5)), Spacer(0, 1.5 * mm)]
    parts = _table(block) if isinstance(block, Table) else _code(block)
    return [*parts, Spacer(0, 2 * mm)]


def _notice(block: Paragraph) -> Any:
    colour = COLOURS[block.tone]
    style = [("BOX", (0, 0), (-1, -1), 0.8, colour), ("LINEBEFORE", (0, 0), (0, -1), 4, colour)]
    text = Text(_safe(block.text), _style(block.tone, 9.5, BOLD))
    return Grid([[text]], colWidths=[WIDTH], style=style)


def _table(table: Table) -> list[Any]:
    whole = sum(table.widths)
    head = [[Text(_safe(one), _style(FAINT, 7.5, BOLD)) for one in table.headings]]
    links = table.links or ("",) * len(table.rows)
    rows = [
        [_cell(row[0], PLAIN if link else tone, link), *(_cell(one, tone) for one in row[1:])]
        for row, tone, link in zip(table.rows, table.tones, links, strict=True)
    ]
    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    has_head = bool(table.headings)
    return [
        Grid(
            [*(head if has_head else []), *rows],
            colWidths=[WIDTH * one / whole for one in table.widths],
            repeatRows=int(has_head),
            # A row that is longer than what is left of a page, or than a whole one, goes on.
            splitInRow=1,
            style=style,
        )
    ]


def _cell(text: str, tone: str, link: str = "") -> Any:
    told = _safe(text)
    if link:
        told = f'<a href="#{escape(link)}">{told}</a>'
    return Text(told, _style(tone, 8))


def _code(code: Code) -> list[Any]:
    parts: list[Any] = []
    for label, text in code.lines:
        if label:
            parts.append(Text(_safe(label), _style(FAINT, 7)))
        parts.append(Text(_safe(_indented(text)) or "&nbsp;", _style(PLAIN, 7)))
    return parts


def _indented(text: str) -> str:
    """Keep blanks at the beginning of a line, which a paragraph would drop."""
    bare = text.lstrip(" ")
    return "\u00a0" * (len(text) - len(bare)) + bare


@cache
def _style(tone: str, size: float, font: str = REGULAR) -> Any:
    return ParagraphStyle(
        f"{tone} {size} {font}",
        fontName=font,
        fontSize=size,
        leading=size * 1.35,
        textColor=COLOURS[tone],
        splitLongWords=1,
    )


# ---------------------------------------------------------------- letters


@cache
def _letters() -> frozenset[int]:
    """Load the letters that come with the library, and give the signs that they have."""
    folder = Path(reportlab.__file__).parent / "fonts"
    found: Iterable[int] = ()
    for name in (BOLD, REGULAR):
        font = TTFont(name, str(folder / f"{name}.ttf"))
        pdfmetrics.registerFont(font)
        found = font.face.charToGlyph
    return frozenset(found)


def _plain(text: str) -> str:
    """Write out what there is no letter for."""
    letters = _letters()
    return "".join(one if ord(one) in letters else _written_out(one) for one in text)


def _written_out(sign: str) -> str:
    return _ALIKE.get(sign, f"<U+{ord(sign):04X}>")


_ALIKE = {"→": "to", "\t": "    "}


def _safe(text: str) -> str:
    """Give a text for a paragraph, whose own marks it must not be taken for."""
    return escape(_plain(text))
