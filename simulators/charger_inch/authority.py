"""
Whose card is good, as far as the charger can tell by itself (OCPP 1.6 §3.5).

Rule 1: the local list is the operator's word. It is changed by SendLocalList only, and what it
says of a card goes before what the cache says.
Rule 2: the cache is what the backend said last of a card: by Authorize, StartTransaction and
StopTransaction. A card that the list names is not cached.
Rule 3: a card that is known and not Accepted, or whose time is over, is refused offline even where
unknown cards are let in.

Cards are compared without regard to case (errata 3.74).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.memory import Memory

CACHE_LIMIT = 1_000
"""How many cards the charger remembers; the longest unseen is forgotten (ASSUMED)."""

LIST, CACHE, VERSION = "local_list", "cache", "local_list_version"

ACCEPTED = "Accepted"


@dataclass(frozen=True, slots=True)
class CardInfo:
    """
    What is known of a card: IdTagInfo of OCPP 1.6 §7.29.

    Attributes:
        status: an AuthorizationStatus.
        parent_id_tag: its group, in capitals; empty where it has none.
        expires: until when it holds; None for good.
    """

    status: str
    parent_id_tag: str = ""
    expires: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Tell whether it is accepted and its time is not over."""
        return self.status == ACCEPTED and (self.expires is None or now < self.expires)

    @classmethod
    def from_ocpp(cls, told: Mapping[str, Any]) -> CardInfo:
        """
        Read an IdTagInfo that fits its schema.

        An expiryDate that is no instant is passed over; one without a zone is taken as UTC.
        """
        expires = None
        if isinstance(date := told.get("expiryDate"), str):
            try:
                expires = datetime.fromisoformat(date)
            except ValueError:
                expires = None
            if expires is not None and expires.tzinfo is None:
                expires = expires.replace(tzinfo=UTC)
        return cls(told["status"], str(told.get("parentIdTag", "")).upper(), expires)


class Authority:
    """
    The local list and the cache of one charger.

    Parameters:
        configuration: the keys that say what of it is used.
        memory: where both outlive a power cut.
    """

    def __init__(self, configuration: Configuration, memory: Memory) -> None:
        self._configuration = configuration
        self._memory = memory

    # ------------------------------------------------------------------ what is known

    def info(self, id_tag: str) -> CardInfo | None:
        """Give what list and cache know of a card; None for a card that neither knows."""
        for switch, table in (("LocalAuthListEnabled", LIST), ("AuthorizationCacheEnabled", CACHE)):
            kept = self._memory.get(table, id_tag.upper())
            if kept is not None and self._configuration.is_on(switch):
                return _unpacked(kept)
        return None

    def lets_in_offline(self, id_tag: str, now: datetime) -> bool:
        """Judge a card while the backend cannot be asked."""
        info = self.info(id_tag)
        if info is None:
            return self._configuration.is_on("AllowOfflineTxForUnknownId")
        return info.is_good(now) and self._configuration.is_on("LocalAuthorizeOffline")

    def lets_in_at_once(self, id_tag: str, now: datetime) -> bool:
        """Judge whether a card need not be asked for while the backend could be (§3.5.3)."""
        if not self._configuration.is_on("LocalPreAuthorize"):
            return False
        info = self.info(id_tag)
        return info is not None and info.is_good(now)

    def parent_of(self, id_tag: str) -> str:
        """Give the group of a card as far as it is known; empty where it is not."""
        info = self.info(id_tag)
        return "" if info is None else info.parent_id_tag

    # ------------------------------------------------------------------ the cache

    def remember(self, id_tag: str, info: CardInfo) -> None:
        """Keep what the backend said of a card, newest last (rule 2)."""
        key = id_tag.upper()
        if not self._configuration.is_on("AuthorizationCacheEnabled"):
            return
        if self._configuration.is_on("LocalAuthListEnabled") and key in self._memory.table(LIST):
            return
        self._memory.forget(CACHE, key)
        self._memory.put(CACHE, key, _packed(info))
        cache = self._memory.table(CACHE)
        if len(cache) > CACHE_LIMIT:
            self._memory.forget(CACHE, next(iter(cache)))

    def clear_cache(self) -> str:
        """Forget the cache; Rejected where there is none (errata 3.23)."""
        if not self._configuration.is_on("AuthorizationCacheEnabled"):
            return "Rejected"
        self._memory.empty(CACHE)
        return ACCEPTED

    # ------------------------------------------------------------------ the local list

    @property
    def version(self) -> int:
        """The version of the local list; 0 while there is none."""
        return int(self._memory.get(VERSION, "is") or 0)

    @property
    def size(self) -> int:
        """How many cards the local list holds."""
        return len(self._memory.table(LIST))

    def update(self, version: int, kind: str, entries: Iterable[Mapping[str, Any]]) -> str:
        """
        Take a local list or a difference to it (OCPP 1.6 §5.15), whole or not at all.

        Returns:
            The UpdateStatus: ``NotSupported`` where LocalAuthListEnabled is off,
            ``VersionMismatch`` for a difference that is not newer, ``Failed`` where the list
            cannot be held or is no list, else ``Accepted``.
        """
        if not self._configuration.is_on("LocalAuthListEnabled"):
            return "NotSupported"
        told = list(entries)
        changes = {entry["idTag"].upper(): entry.get("idTagInfo") for entry in told}
        if kind == "Differential" and version <= self.version:
            return "VersionMismatch"
        if not self._can_take(version, kind, told, changes):
            return "Failed"
        if kind == "Full":
            self._memory.empty(LIST)
        for key, info in changes.items():
            self._memory.forget(CACHE, key)
            if info is None:
                self._memory.forget(LIST, key)
            else:
                self._memory.put(LIST, key, _packed(CardInfo.from_ocpp(info)))
        # OCPP 1.6 §5.10: a list without cards has the version 0, as if there were none.
        self._memory.put(VERSION, "is", version if self.size else 0)
        return ACCEPTED

    def _can_take(
        self,
        version: int,
        kind: str,
        told: list[Mapping[str, Any]],
        changes: Mapping[str, Any],
    ) -> bool:
        # Errata 3.52: 0 and -1 are no versions of a list.
        if version < 1 or len(told) > self._configuration.number("SendLocalListMaxLength"):
            return False
        if len(changes) < len(told) or (kind == "Full" and None in changes.values()):
            return False
        size = len(changes)
        if kind == "Differential":
            listed = self._memory.table(LIST)
            added = sum(info is not None and key not in listed for key, info in changes.items())
            removed = sum(info is None and key in listed for key, info in changes.items())
            size = len(listed) + added - removed
        return size <= self._configuration.number("LocalAuthListMaxLength")


def _packed(info: CardInfo) -> str:
    """Write what is known of a card in one short text; 100,000 of them are kept."""
    if info == _PLAIN:
        return ACCEPTED
    expires = None if info.expires is None else info.expires.isoformat()
    return json.dumps([info.status, info.parent_id_tag, expires], separators=(",", ":"))


def _unpacked(kept: str) -> CardInfo:
    if kept == ACCEPTED:
        return _PLAIN
    status, parent, expires = json.loads(kept)
    return CardInfo(status, parent, None if expires is None else datetime.fromisoformat(expires))


_PLAIN = CardInfo(ACCEPTED)
