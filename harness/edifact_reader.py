"""MSCONS files as a parser reads them that is not ours: pydifact."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any, NamedTuple

from harness.errors import Disagreement


class Quantity(NamedTuple):
    """One QTY: its qualifier and its value."""

    qualifier: str
    value: Decimal


def quantities_in(text: str) -> list[Quantity]:
    """
    Give the quantities of a file, and hold its counts against what stands there.

    Raises:
        Disagreement: A message counts its segments otherwise than they are, or the interchange
            its messages.
    """
    from pydifact.segmentcollection import Interchange

    with warnings.catch_warnings():
        # It has no schema of MSCONS and says so.
        warnings.simplefilter("ignore")
        interchange: Any = Interchange.from_str(text)
        messages = list(interchange.get_messages())
        # It counts anew what it writes.
        if text != (again := interchange.serialize()):
            raise Disagreement(f"pydifact writes the file otherwise: {again[-80:]!r}")
    return [
        Quantity(one.elements[0][0], Decimal(one.elements[0][1]))
        for message in messages
        for one in message.segments
        if one.tag == "QTY"
    ]
