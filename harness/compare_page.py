"""A comparison of two runs as one HTML page, in the dress of the report."""

from __future__ import annotations

from pathlib import Path
from string import Template

from harness.compare import Change, Changed, Comparison, FileChange, place_of, words_of
from harness.outcomes import Outcome
from harness.page_text import CLASSES, attribute, escaped, mark
from harness.report import page_style
from harness.summary import counted

_CLASS = {True: Outcome.FAILED, False: Outcome.PASSED}


def compare_page(found: Comparison) -> str:
    """Give the page; write it in UTF-8."""
    folder = Path(__file__).parent
    frame = Template((folder / "compare.html").read_text(encoding="utf-8"))
    outcome = _CLASS[found.is_worse]
    return frame.substitute(
        style=page_style(),
        symbols=(folder / "report_symbols.svg").read_text(encoding="utf-8"),
        page_title=attribute(f"Comparison: {found.now}"),
        title=escaped(found.now),
        before=escaped(found.before),
        headline=f'<p class="headline o-{CLASSES[outcome]}">{mark(outcome)}'
        f"<span>{escaped(found.sentence())}.</span></p>",
        notes="".join(f"<li>{escaped(note)}</li>" for note in found.notes),
        scenarios="\n".join(_scenarios(found, change) for change in Change),
        requirements=_requirements(found),
        files=_files(found),
    )


def _scenarios(found: Comparison, change: Change) -> str:
    those = found.of(change)
    if not those or change is Change.SAME:
        return ""
    cards = "\n".join(map(_card, those))
    title = str(change).capitalize()
    return f'<h2>{title} ({len(those):,})</h2>\n<ul class="cards">\n{cards}\n</ul>'


def _card(one: Changed) -> str:
    outcome = one.now or one.before or Outcome.NOT_ASKED
    ids = " ".join(f'<span class="tag">{escaped(id)}</span>' for id in one.requirements)
    was, now = one.before or "not there", one.now or "not there"
    why = f": {escaped(one.message)}" if one.message else ""
    return (
        f'<li class="o-{CLASSES[outcome]}">{mark(outcome)} <b class="title">'
        f'{escaped(one.scenario)}</b><span class="tags">{ids}</span>'
        f"<p>{escaped(one.feature)}: {was}, now {now}{why}</p></li>"
    )


def _requirements(found: Comparison) -> str:
    if not found.requirements:
        return ""
    rows = "\n".join(
        f'<tr><th scope="row">{escaped(id)}</th><td>{_verdict(before)}</td>'
        f"<td>{_verdict(now)}</td></tr>"
        for id, before, now in found.requirements
    )
    return (
        '<h2>Requirements whose verdict is another</h2>\n<div class="wide"><table class="matrix">'
        '<thead><tr><th scope="col">Requirement</th><th scope="col">Before</th>'
        f'<th scope="col">Now</th></tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'
    )


def _verdict(told: str) -> str:
    if told not in list(Outcome):
        return escaped(told)
    outcome = Outcome(told)
    return f'<span class="o-{CLASSES[outcome]}">{mark(outcome)}</span> {escaped(told)}'


def _files(found: Comparison) -> str:
    if not found.files:
        return ""
    return '<h2>Delivered files that differ</h2>\n<p class="lead">Cell by cell.</p>\n' + "\n".join(
        map(_file, found.files)
    )


def _file(file: FileChange) -> str:
    if file.only:
        body = f'<p class="more">There only {file.only}.</p>'
        told = ""
    else:
        rows = "".join(
            f"<tr><td>{place_of(cell)}</td><td>{escaped(words_of(cell))}</td></tr>"
            for cell in file.cells
        )
        left = file.count - len(file.cells)
        more = f'<p class="more">{counted(left, "cell")} more, not shown</p>' if left else ""
        body = f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>{more}'
        told = f"<small>{counted(file.count, 'cell')} otherwise</small>"
    return (
        f'<details class="file"><summary class="tri"><b class="mono">{escaped(file.name)}</b>{told}'
        f"<small>{escaped(file.scenario)}</small></summary>{body}</details>"
    )
