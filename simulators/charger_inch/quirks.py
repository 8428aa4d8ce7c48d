"""
How a charger that is not ideal gets in between: the shape of habits and field faults.

A quirk is a small frozen class with a name, a row of the field catalogue where it has one, and its
settings as fields with units; the first sentence of its docstring is the symptom. It may do one or
more of four things, each at one place of the way:

* `Quirk.requests`: change, drop, double or add to a request before it is sent;
* `Quirk.result`: change the answer to a request of the backend;
* `Quirk.frames`: change the text of a frame, or say more than one;
* `Quirk.dial`: change how the line is opened.

What changes the device's behaviour and not only its words is asked for by the device itself, by the
quirk's class (`Quirks.active`). A quirk holds no state; what it must remember it puts into
`Scene.notes`, which is the charger's. It draws no chance and reads no clock; and it alters words,
not physics: the meter goes on counting what flows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from simulators.charger_inch.electric import FJ_PER_WH
from simulators.charger_inch.measurements import whole_wh
from simulators.charger_inch.outbox import Transaction
from simulators.faults import Fault

Json = dict[str, Any]

UPGRADE = "Upgrade"


@dataclass(frozen=True, slots=True)
class Request:
    """
    What the charger is about to ask the backend.

    Attributes:
        action: a message of OCPP 1.6.
        payload: its fields; never changed in place.
        transaction: what it is about, where it is about one.
        queued: whether it has waited through a lost line.
        is_answered: whether it is such that an answer comes; else the charger waits for none.
    """

    action: str
    payload: Json
    transaction: Transaction | None = None
    queued: bool = False
    is_answered: bool = True

    def having(self, **fields: Any) -> Request:
        """Give the same request with some fields otherwise."""
        return replace(self, payload=self.payload | fields)

    def lacking(self, *names: str) -> Request:
        """Give the same request without some fields."""
        payload = {name: value for name, value in self.payload.items() if name not in names}
        return replace(self, payload=payload)


@dataclass(slots=True)
class Scene:
    """
    What a quirk can see of the charger.

    Attributes:
        now: the charger's time.
        identity: its name at the backend.
        register_fj: what its meter stands at.
        transaction: the one that runs.
        powered_at: when it was switched on last.
        clock_set_at: when the backend told it the time since then; None: not yet.
        notes: what quirks remember; empty when the charger is made.
    """

    now: datetime
    identity: str
    register_fj: int
    transaction: Transaction | None
    powered_at: datetime
    clock_set_at: datetime | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def register_wh(self) -> int:
        """What its meter stands at, to the nearest Wh."""
        return whole_wh(self.register_fj)

    @property
    def full_wh(self) -> int:
        """The whole Wh that its meter has counted."""
        return self.register_fj // FJ_PER_WH

    def count(self, what: str) -> int:
        """Count something up and give the new number, from 1."""
        self.notes[what] = number = int(self.notes.get(what, 0)) + 1
        return number


@dataclass(frozen=True, slots=True)
class Dial:
    """
    How the line to the backend is opened.

    Attributes:
        url: of the backend, with the identity.
        subprotocols: what is offered, in order.
        headers: names and values that are sent in addition.
        connection: the header Connection, which RFC 6455 §4.1 wants to be ``Upgrade``.
        compresses: whether it compresses its frames, though nobody has agreed to that.
    """

    url: str
    subprotocols: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = ()
    connection: str = UPGRADE
    compresses: bool = False


@dataclass(frozen=True, slots=True)
class Quirk(Fault):
    """
    A way in which a charger is not ideal; this one does nothing.

    Attributes:
        row: its row in the catalogue of field faults (``F33``); empty for a mere habit.
    """

    row: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """
        Look whether the settings can be.

        Raises:
            ValueError: If a number is out of its bounds.
        """
        for one in fields(self):
            value = getattr(self, one.name)
            least, most = one.metadata.get("least", value), one.metadata.get("most", value)
            if not least <= value <= most:
                raise ValueError(
                    f"{one.name} is {value}, and must be at least {least} and at most {most}"
                )

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Give what is sent instead of a request: itself, nothing, or several in order."""
        return (request,)

    def result(self, action: str, answer: Json, scene: Scene) -> Json:
        """Give what is answered instead to a request of the backend."""
        return answer

    def frames(self, text: str, scene: Scene) -> Sequence[str]:
        """Give the texts that go over the wire instead of a frame."""
        return (text,)

    def dial(self, dial: Dial, scene: Scene) -> Dial:
        """Give how the line is opened instead."""
        return dial


def number(default: int, *, least: int, most: int) -> Any:
    """Give a field for a whole number within bounds (`Quirk.__post_init__` looks at them)."""
    return field(default=default, metadata={"least": least, "most": most})


AnyFault = TypeVar("AnyFault", bound=Fault)


class Quirks(Protocol):
    """What is on at a charger (`simulators.faults.Faults` is one)."""

    @property
    def on(self) -> Sequence[Fault]:
        """What is on, oldest first."""

    def active(self, kind: type[AnyFault]) -> AnyFault | None:
        """Give the one of this kind that is on; None where none is."""


class NoQuirks:
    """An ideal charger's."""

    on: Sequence[Fault] = ()

    def active(self, kind: type[AnyFault]) -> AnyFault | None:
        """Give None."""
        return None


def twisted(quirks: Quirks, request: Request, scene: Scene) -> list[Request]:
    """Let all quirks that are on have their way with a request, oldest first."""
    requests = [request]
    for quirk in quirks.on:
        if isinstance(quirk, Quirk):
            requests = [after for before in requests for after in quirk.requests(before, scene)]
    return requests


def twisted_result(quirks: Quirks, action: str, answer: Json, scene: Scene) -> Json:
    """Let all quirks have their way with an answer."""
    for quirk in quirks.on:
        if isinstance(quirk, Quirk):
            answer = quirk.result(action, answer, scene)
    return answer


def twisted_frames(quirks: Quirks, text: str, scene: Scene) -> list[str]:
    """Let all quirks have their way with a frame."""
    texts = [text]
    for quirk in quirks.on:
        if isinstance(quirk, Quirk):
            texts = [after for before in texts for after in quirk.frames(before, scene)]
    return texts


def twisted_dial(quirks: Quirks, dial: Dial, scene: Scene) -> Dial:
    """Let all quirks have their way with the opening of the line."""
    for quirk in quirks.on:
        if isinstance(quirk, Quirk):
            dial = quirk.dial(dial, scene)
    return dial
