"""Rows F64 to F79: how the line is opened, framed, lost and taken up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from urllib.parse import unquote, urlsplit

from simulators.charger_inch.field_faults.registers import evenly
from simulators.charger_inch.quirks import Dial, Quirk, Request, Scene, number

ENTRY_BYTES_LEAST = 150
"""No entry of transactionData is shorter on the wire."""


# ---------------------------------------------------------------- the opening


@dataclass(frozen=True, slots=True)
class NoSubprotocol(Quirk):
    """
    The charger offers no subprotocol.

    Attributes:
        bare_path: whether it also asks for the path ``/``, without its identity.
    """

    name: ClassVar[str] = "no-subprotocol"
    row: ClassVar[str] = "F64"

    bare_path: bool = False

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Offer nothing."""
        url = f"{_server(dial.url)}/" if self.bare_path else dial.url
        return replace(dial, url=url, subprotocols=())


@dataclass(frozen=True, slots=True)
class OtherVersionFirst(Quirk):
    """
    The charger would rather speak another version than OCPP 1.6.

    Attributes:
        offers: what it offers first.
        only: whether it offers nothing else.
    """

    name: ClassVar[str] = "other-version-first"
    row: ClassVar[str] = "F65"

    offers: str = "ocpp2.0.1"
    only: bool = False

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Put the other version in front."""
        return replace(dial, subprotocols=(self.offers, *(() if self.only else dial.subprotocols)))


@dataclass(frozen=True, slots=True)
class NoUpgrade(Quirk):
    """
    The request to open the line does not ask for an upgrade of the connection.

    Attributes:
        connection: the header Connection instead.
    """

    name: ClassVar[str] = "no-upgrade"
    row: ClassVar[str] = "F66"

    connection: str = "keep-alive"

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Write the other header."""
        return replace(dial, connection=self.connection)


@dataclass(frozen=True, slots=True)
class IdentityEncoded(Quirk):
    """Every sign of the identity is percent-encoded in the path, also where it need not be."""

    name: ClassVar[str] = "identity-encoded"
    row: ClassVar[str] = "F67"

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Encode the last segment anew."""
        road, _, identity = dial.url.rpartition("/")
        encoded = "".join(f"%{byte:02X}" for byte in unquote(identity).encode())
        return replace(dial, url=f"{road}/{encoded}")


@dataclass(frozen=True, slots=True)
class OddSlashes(Quirk):
    """
    The path has a slash too many at its end, two before the identity, or none there.

    Attributes:
        form: which of the three.
    """

    name: ClassVar[str] = "odd-slashes"
    row: ClassVar[str] = "F68"

    form: Literal["trailing", "double", "missing"] = "trailing"

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Write the path so."""
        road, _, identity = dial.url.rpartition("/")
        forms = {
            "trailing": f"{dial.url}/",
            "double": f"{road}//{identity}",
            "missing": f"{road}{identity}",
        }
        return replace(dial, url=forms[self.form])


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# ---------------------------------------------------------------- the line as it goes


@dataclass(frozen=True, slots=True)
class SecondSocket(Quirk):
    """
    Now and then the charger opens a new line and leaves the old one open, half dead.

    Attributes:
        every_s: after how long on one line, in s.
    """

    name: ClassVar[str] = "second-socket"
    row: ClassVar[str] = "F69"

    every_s: int = number(600, least=1, most=86_400)


@dataclass(frozen=True, slots=True)
class LineFlaps(Quirk):
    """
    The line breaks again and again, and comes back.

    Attributes:
        up_s: how long it lasts, in s.
        down_s: how long it is away, in s.
    """

    name: ClassVar[str] = "line-flaps"
    row: ClassVar[str] = "F70"

    up_s: int = number(60, least=1, most=86_400)
    down_s: int = number(5, least=0, most=86_400)


@dataclass(frozen=True, slots=True)
class NeverReconnects(Quirk):
    """A line that is lost is not set up again before the next boot."""

    name: ClassVar[str] = "never-reconnects"
    row: ClassVar[str] = "F71"


@dataclass(frozen=True, slots=True)
class CompressesUnasked(Quirk):
    """The charger compresses its frames though the backend has not agreed: RSV1 is set."""

    name: ClassVar[str] = "compresses-unasked"
    row: ClassVar[str] = "F72"

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Have the frames compressed."""
        return replace(dial, compresses=True)


# ---------------------------------------------------------------- frames


@dataclass(frozen=True, slots=True)
class HugeFrames(Quirk):
    """
    Some frames are very long: a DataTransfer behind each Heartbeat, and every StopTransaction.

    Attributes:
        data_bytes: of the DataTransfer's data; 0: there is none.
        stop_bytes: what the transactionData of StopTransaction has at least; 0: as it is.
    """

    name: ClassVar[str] = "huge-frames"
    row: ClassVar[str] = "F73"

    data_bytes: int = number(16_384, least=0, most=16 * 2**20)
    stop_bytes: int = number(500_000, least=0, most=16 * 2**20)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send what is long."""
        if request.action == "Heartbeat" and self.data_bytes:
            data = {"vendorId": "Etrel", "messageId": "Log", "data": "0" * self.data_bytes}
            return (request, Request("DataTransfer", data))
        if request.action == "StopTransaction" and self.stop_bytes:
            count = -(-self.stop_bytes // ENTRY_BYTES_LEAST)
            return (request.having(transactionData=evenly(request, count)),)
        return (request,)


@dataclass(frozen=True, slots=True)
class ManyCallsAtOnce(Quirk):
    """
    The charger sends many requests without waiting for their answers.

    Attributes:
        count: how many Heartbeats go at once, in front of each Heartbeat.
    """

    name: ClassVar[str] = "many-calls-at-once"
    row: ClassVar[str] = "F74"

    count: int = number(100, least=1, most=10_000)

    def frames(self, text: str, scene: Scene) -> Sequence[str]:
        """Send them; the one that the charger waits for comes last, so all have been answered."""
        if not re.match(r'\[2,[^,]*,"Heartbeat"', text):
            return (text,)
        burst = scene.count(self.name)
        more = (f'[2,"burst-{burst}-{place}","Heartbeat",{{}}]' for place in range(self.count))
        return (*more, text)


@dataclass(frozen=True, slots=True)
class SameIdTwice(Quirk):
    """
    Some transaction messages are sent a second time under the message id of the first.

    Attributes:
        every: each so-many-th of them.
    """

    name: ClassVar[str] = "same-id-twice"
    row: ClassVar[str] = "F75"

    every: int = number(2, least=1, most=10_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Double the message; the device gives what is added no id of its own."""
        told = ("StartTransaction", "MeterValues", "StopTransaction")
        if request.action not in told or scene.count(self.name) % self.every:
            return (request,)
        return (request, request)


@dataclass(frozen=True, slots=True)
class OddMessageIds(Quirk):
    """
    Message ids are numbers, or have more than 36 characters, or an answer bears a wrong one.

    Attributes:
        form: which of the three; the answer is then sent again, under the right id.
    """

    name: ClassVar[str] = "odd-message-ids"
    row: ClassVar[str] = "F76"

    form: Literal["number", "long", "wrong-in-answer"] = "number"

    def message_id(self, count: int) -> str | int | None:
        """Give the id of a request by its number on this boot; None: the ordinary one."""
        if self.form == "number":
            return count
        return f"{count:040x}" if self.form == "long" else None

    def frames(self, text: str, scene: Scene) -> Sequence[str]:
        """Send each answer under an id that nobody waits for, and then as it should be."""
        if self.form != "wrong-in-answer" or not text.startswith('[3,"'):
            return (text,)
        return (text.replace('[3,"', '[3,"not-', 1), text)


# ---------------------------------------------------------------- the boot


@dataclass(frozen=True, slots=True)
class NeverBoots(Quirk):
    """There is no BootNotification: the first word is a Heartbeat."""

    name: ClassVar[str] = "never-boots"
    row: ClassVar[str] = "F77"


@dataclass(frozen=True, slots=True)
class RebootsOnTrigger(Quirk):
    """A triggered BootNotification makes the charger boot."""

    name: ClassVar[str] = "reboots-on-trigger"
    row: ClassVar[str] = "F78"


@dataclass(frozen=True, slots=True)
class TalksWhilePending(Quirk):
    """The charger takes Pending for Accepted and tells everything."""

    name: ClassVar[str] = "talks-while-pending"
    row: ClassVar[str] = "F79"
