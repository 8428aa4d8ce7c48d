"""
The local lists of chargers: which cards a charger is to know, and how to bring it to know them.

Rule 1: the backend counts itself. A charger need not tell the version of its list (the INCH
answers GetLocalListVersion with NotSupported, document 003), and what it tells is no proof that
the list is the one that was sent.
Rule 2: a difference is only sent on top of a list that is known; where the last word on it is
not, the whole list is sent. So a charger is never left with cards that nobody named.
Rule 3: a list that is longer than what a charger takes at a time goes in parts: the first is
Full, so that what was there before is gone, each further one Differential. Each has a version
of its own, above the one before (OCPP 1.6 §3.5.1: a Differential must be newer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]

FULL, DIFFERENTIAL = "Full", "Differential"
ACCEPTED = "Accepted"
EXPIRED = "Expired"
#: Entries of a part, whatever a charger says it takes: a frame of about a megabyte.
PART_MAX = 10_000
#: Versions are 32-bit integers; after this one the count begins again, with a Full list.
VERSION_MAX = 2**31 - 1
_NOTHING: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KnownList:
    """
    What the backend knows of a charger's local list.

    Attributes:
        version: the newest version that was sent, accepted or not; 0 where none was.
        entries: what it was brought to know: idTag to IdTagInfo.
        is_sure: whether that is known to be what the charger has.
        status: how the last update was answered.
    """

    version: int = 0
    entries: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    is_sure: bool = False
    status: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """One SendLocalList.req: its version, its type, and what changes (None: the card goes)."""

    version: int
    kind: str
    changes: Mapping[str, Json | None]

    def payload(self) -> Json:
        """Give the payload of the request (OCPP 1.6 §6.41)."""
        entries = [
            {"idTag": tag} if info is None else {"idTag": tag, "idTagInfo": info}
            for tag, info in self.changes.items()
        ]
        return {
            "listVersion": self.version,
            "updateType": self.kind,
            "localAuthorizationList": entries,
        }

    def applied_to(self, entries: Mapping[str, Json]) -> dict[str, Json]:
        """Give a list after this update."""
        after = {} if self.kind == FULL else dict(entries)
        for tag, info in self.changes.items():
            if info is None:
                after.pop(tag, None)
            else:
                after[tag] = info
        return after


def card_info(
    status: str, parent_id_tag: str, expires: datetime | None, now: datetime
) -> dict[str, str]:
    """
    Give the IdTagInfo of a card (OCPP 1.6 §7.29).

    A card whose time is over is Expired, unless it is refused for another reason anyway.
    """
    is_over = expires is not None and expires <= now
    info = {"status": EXPIRED if is_over and status == ACCEPTED else status}
    if expires is not None:
        text = expires.astimezone(UTC).isoformat(timespec="seconds")
        info["expiryDate"] = text.replace("+00:00", "Z")
    if parent_id_tag:
        info["parentIdTag"] = parent_id_tag
    return info


def plan(known: KnownList, wanted: Mapping[str, Json], kind: str, part: int) -> list[Update]:
    """
    Say what to send so that a charger knows exactly the wanted cards.

    Parameters:
        known: what is known of its list.
        wanted: idTag to IdTagInfo.
        kind: ``Full``, or ``Differential``, which is taken only where the list is known.
        part: how many entries the charger takes at a time.

    Returns:
        The updates in their order; none where a difference is asked for and there is none.
    """
    size = max(1, min(part, PART_MAX))
    parts_most = len(wanted) // size + len(known.entries) // size + 2
    counts_on = known.version + parts_most <= VERSION_MAX
    changes: dict[str, Json | None]
    if kind == FULL or not known.is_sure or not counts_on:
        changes, kind = dict(wanted), FULL
    else:
        changes = dict.fromkeys(tag for tag in known.entries if tag not in wanted)
        changes |= {tag: info for tag, info in wanted.items() if known.entries.get(tag) != info}
        if not changes:
            return []
    first = known.version + 1 if counts_on else 1
    return [
        Update(first + index, kind if index == 0 else DIFFERENTIAL, chunk)
        for index, chunk in enumerate(_chunks(changes, size))
    ]


def _chunks(changes: Mapping[str, Json | None], size: int) -> list[dict[str, Json | None]]:
    rest = iter(changes.items())
    chunks = []
    while chunk := dict(islice(rest, size)):
        chunks.append(chunk)
    return chunks or [{}]
