"""
Writing HTML: templates with holes, and what goes into them; everything from outside is escaped.

A template is a file beside this module; its holes are ``$name``. What fills a hole is a text, which
is escaped, or `Markup`, which is not and which only this module and `pages` make.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from backend.web.forms import Field, Group, Part, Rows

STATIC = ("page.css", "page.js")


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Give a value as HTML; `Markup` is left as it is."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value), quote=True))


def fill(name: str, /, **holes: object) -> Markup:
    """Fill a template."""
    return Markup(_template(name).substitute({key: escape(one) for key, one in holes.items()}))


def join(parts: Iterable[Markup]) -> Markup:
    """Put parts one after the other."""
    return Markup("".join(parts))


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """
    Write an element.

    Attributes that are True stand without a value; those that are None or False are left out;
    ``class_`` and ``for_`` lose their line.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if one is True else f'="{escape(one)}"')
        for key, one in attributes.items()
        if one is not None and one is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{''.join(escape(one) for one in inside)}</{name}>")


_VOID = frozenset({"input", "br", "hr"})


@cache
def _template(name: str) -> Template:
    return Template(files("backend.web").joinpath("templates", name).read_text("utf-8"))


@cache
def static(name: str) -> bytes:
    """Give a file of `STATIC`."""
    return files("backend.web").joinpath("static", name).read_bytes()


def pretty(value: object) -> str:
    """Write JSON for people."""
    return json.dumps(value, indent=2, default=float, ensure_ascii=False)


def facts(rows: Mapping[str, object]) -> Markup:
    """Write pairs of a name and what is so; pairs of nothing are left out."""
    return tag(
        "dl",
        *(
            join((tag("dt", name), tag("dd", one)))
            for name, one in rows.items()
            if one not in ("", None)
        ),
        class_="facts",
    )


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Markup:
    """Write a table; each cell knows its heading, so that it can stand alone on a phone."""
    names = list(headings)
    body = [
        tag(
            "tr",
            *(tag("td", cell, data_label=name) for name, cell in zip(names, row, strict=True)),
        )
        for row in rows
    ]
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    return tag("table", tag("thead", head), tag("tbody", *body))


# ---------------------------------------------------------------- forms


def form_parts(parts: Iterable[Part]) -> Markup:
    """Write the fields of a form."""
    return join(_part(one) for one in parts)


def _part(part: Part) -> Markup:
    if isinstance(part, Field):
        return _field(part)
    if isinstance(part, Rows):
        return _rows(part)
    return _group(part)


def _group(part: Group) -> Markup:
    legend = tag("legend", part.label, "" if part.required else tag("small", " optional"))
    return tag("fieldset", legend, form_parts(part.parts))


def _rows(part: Rows) -> Markup:
    rows = [
        tag("fieldset", tag("legend", f"{number}."), form_parts(row), class_="row")
        for number, row in enumerate(part.rows, 1)
    ]
    more = tag(
        "button",
        "One more" if part.rows else "Add one",
        type="submit",
        name="more",
        value=part.name,
        formnovalidate=True,
        class_="quiet",
    )
    hint = tag("p", part.hint, class_="hint") if part.hint else ""
    return tag("fieldset", tag("legend", part.label), hint, *rows, more)


def _field(field: Field) -> Markup:
    hint = field.hint or _limits(field)
    # Each field has a name of its own, so the name is its id, too.
    label = tag(
        "label", field.label, "" if field.required else tag("small", " optional"), for_=field.name
    )
    control = _CONTROLS.get(field.kind, _text)(field, f"{field.name}-hint" if hint else None)
    told = tag("p", hint, class_="hint", id=f"{field.name}-hint") if hint else ""
    return tag("div", label, control, told, class_="field")


def _limits(field: Field) -> str:
    if field.label == "Connector" and field.least == 0:
        return "0 stands for the whole charger"
    if field.kind == "instant":
        return "local time, or with its zone: 2027-01-01T12:00:00+01:00"
    if field.kind in ("whole", "number") and field.least is not None and field.least >= 0:
        return (
            f"{field.least} or more"
            if (field.most or 0) > 1_000 or field.most is None
            else (f"{field.least} to {field.most}")
        )
    if field.kind == "text" and field.signs is not None and field.signs <= 500:
        return f"up to {field.signs} signs"
    return ""


def _text(field: Field, hint: str | None) -> Markup:
    return tag("input", **_common(field, hint), type="text", maxlength=field.signs)


def _whole(field: Field, hint: str | None) -> Markup:
    return tag("input", **_common(field, hint), type="text", inputmode="numeric")


def _number(field: Field, hint: str | None) -> Markup:
    return tag("input", **_common(field, hint), type="text", inputmode="decimal")


def _instant(field: Field, hint: str | None) -> Markup:
    # A text, as people also write instants with their zone.
    return tag("input", **_common(field, hint), type="text", placeholder="2027-01-01T12:00")


def _lines(field: Field, hint: str | None) -> Markup:
    common = _common(field, hint)
    value = common.pop("value")
    return tag("textarea", value, **common, rows=3)


def _choice(field: Field, hint: str | None) -> Markup:
    common = _common(field, hint)
    value = common.pop("value")
    # Nothing is chosen until somebody does: what stands first may be what nobody wants.
    is_open = not field.required or len(field.choices) > 1
    blank = (tag("option", "", value=""),) if is_open else ()
    options = [tag("option", one, value=one, selected=one == value) for one in field.choices]
    return tag("select", *blank, *options, **common)


def _common(field: Field, hint: str | None) -> dict[str, Any]:
    return {
        "id": field.name,
        "name": field.name,
        "value": field.value,
        "required": field.required and not _may_be_empty(field),
        "aria_describedby": hint,
        "autocomplete": "off",
        "spellcheck": "false",
    }


def _may_be_empty(field: Field) -> bool:
    return field.name == "value"


_CONTROLS = {
    "choice": _choice,
    "instant": _instant,
    "lines": _lines,
    "number": _number,
    "text": _text,
    "whole": _whole,
}
