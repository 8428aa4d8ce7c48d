"""
Whether a charger's boot is accepted, and what may be said before (OCPP 1.6 §4.2).

Rule 1: what counts is how the charger's last BootNotification was answered, as the charger goes
by that; before it ever sent one, what the settings say. A changed setting holds from the next
BootNotification on.
Rule 2: what is billed is confirmed and kept whatever the registration (COL-02): a charger throws a
refused transaction message away after a few tries, and no rule of §4.2 is worth a kilowatt hour.
Rule 3: anything else that comes before the acceptance is refused with SecurityError (OCPP-J errata
3.8), unless the backend has asked for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from ocpp.v16.enums import Action, RegistrationStatus  # type: ignore[import-untyped]

from backend.adapters.ocpp_schemas import COMMANDS
from backend.errors import NotAllowed
from backend.settings import Settings

ACCEPTED = RegistrationStatus.accepted.value
PENDING = RegistrationStatus.pending.value
REJECTED = RegistrationStatus.rejected.value

STATUSES: Mapping[str, str] = {"accept": ACCEPTED, "pending": PENDING, "reject": REJECTED}
"""How a BootNotification is answered, by the word of the settings."""

#: What is taken in whatever the registration: what is billed, the boot itself, and what comes of
#: orders that may be given before the acceptance.
_ALWAYS = frozenset(
    (
        Action.boot_notification.value,
        Action.meter_values.value,
        Action.start_transaction.value,
        Action.stop_transaction.value,
        Action.diagnostics_status_notification.value,
        Action.firmware_status_notification.value,
    )
)


def may_come(action: str, registration: str, triggered: Collection[str]) -> bool:
    """
    Tell whether a charger may say something now.

    Parameters:
        action: the message.
        registration: how its last BootNotification was answered.
        triggered: the messages that the backend has asked it for.
    """
    return registration == ACCEPTED or action in _ALWAYS or action in triggered


class Registrations:
    """How the chargers' last BootNotifications were answered, and what they were asked since."""

    def __init__(self, settings: Settings) -> None:
        self._statuses = {one.identity: STATUSES[one.registration] for one in settings.stations}
        self._triggered: defaultdict[str, set[str]] = defaultdict(set)

    def load(self, statuses: Mapping[str, str]) -> None:
        """Take up what is known from before, by identity."""
        self._statuses |= statuses

    def of(self, identity: str) -> str:
        """Give how a charger's last BootNotification was answered."""
        return self._statuses[identity]

    def answered(self, identity: str, status: str) -> None:
        """Note how a BootNotification is answered."""
        self._statuses[identity] = status
        if status == ACCEPTED:
            self._triggered.pop(identity, None)

    def triggered(self, identity: str) -> Collection[str]:
        """Give the messages that a charger was asked for before its acceptance."""
        return self._triggered.get(identity, ())

    def asked(self, identity: str, action: str, payload: Mapping[str, Any]) -> None:
        """Note a command that is about to be sent: what it asks for may come."""
        if action == Action.trigger_message and self.of(identity) != ACCEPTED:
            self._triggered[identity].add(str(payload.get("requestedMessage")))

    def check(self, identity: str, action: str) -> None:
        """
        See that a command may be sent.

        Raises:
            NotAllowed: If OCPP 1.6 §4.2 forbids it as long as the boot is not accepted.
        """
        status = self.of(identity)
        if status == ACCEPTED or (status == PENDING and COMMANDS[action].while_pending):
            return
        raise NotAllowed(
            f"must not be sent {action}: its boot was answered {status}",
            f"charger {identity!r}",
            'set registration = "accept" at its [[station]], and let it start again',
        )
