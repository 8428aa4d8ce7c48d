"""A statement as one page that needs nothing but itself, runs no script, and can be printed."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from harness.certify.document import Block, Code, Document, Heading, Paragraph, Table

FRAME = Path(__file__).with_name("statement.html")
"""The page around the blocks."""


def page_of(document: Document) -> str:
    """Write a statement as a page."""
    frame = Template(FRAME.read_text(encoding="utf-8"))
    return frame.substitute(
        title=html.escape(document.title),
        running=html.escape(document.running),
        body="\n".join(map(_block, document.blocks)),
    )


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        anchor = f' id="{html.escape(block.anchor)}"' if block.anchor else ""
        level = block.level + 1
        return f'<h{level}{anchor} class="{block.tone}">{html.escape(block.text)}</h{level}>'
    if isinstance(block, Paragraph):
        kind = f"{block.tone} notice" if block.is_notice else block.tone
        return f'<p class="{kind}">{html.escape(block.text)}</p>'
    return _table(block) if isinstance(block, Table) else _code(block)


def _table(table: Table) -> str:
    whole = sum(table.widths)
    columns = "".join(f'<col style="width:{100 * one / whole:.1f}%">' for one in table.widths)
    names = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in table.headings)
    head = f"<thead><tr>{names}</tr></thead>" if names else ""
    links = table.links or ("",) * len(table.rows)
    rows = "".join(
        _row(row, tone, link)
        for row, tone, link in zip(table.rows, table.tones, links, strict=True)
    )
    return (
        f'<div class="wide"><table><colgroup>{columns}</colgroup>{head}'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(row: tuple[str, ...], tone: str, link: str) -> str:
    first, *rest = (html.escape(cell) for cell in row)
    if link:
        first = f'<a href="#{html.escape(link)}">{first}</a>'
    cells = "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr class="{tone}"><th scope="row">{first}</th>{cells}</tr>'


def _code(code: Code) -> str:
    lines = "".join(
        (f"<dt>{html.escape(label)}</dt>" if label else "") + f"<dd>{html.escape(text)}</dd>"
        for label, text in code.lines
    )
    return f"<dl>{lines}</dl>"
