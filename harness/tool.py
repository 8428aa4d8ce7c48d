"""
The side of a line that the bench plays in a compliance case, and what it has seen of the other.

Either a charger is under test, and the bench plays its central system and the people around it; or
a central system is, and the bench plays the charger and leads the operator's hand. What a case has
said of the time before its first When is not judged, but that the frames obey the standard is.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from harness import charger_rules
from harness.central import Answer, Central, Error, Silence
from harness.central_rules import broken_rules
from harness.depot import Depot, bring, firmware, pack
from harness.errors import Disagreement, UsageError
from harness.fields import CODE, build
from harness.hands import Hands
from harness.ocpp_rules import CALL, RESULT, Breach, breaches, payload_breaches
from harness.operator import Operator, OperatorOfBackend, OperatorOfTool
from harness.puppet import Puppet
from harness.recording import BACKEND
from harness.said import Message, messages, span
from harness.steps import must_be_done
from harness.target import CENTRAL_SYSTEM, CHARGE_POINT
from simulators.charger_inch import id_tag_of
from simulators.charger_inch.habits import ListMemoryFull, LockFails

if TYPE_CHECKING:
    from harness.bench import Bench

T = TypeVar("T")

CHARGER = "Charger"
"""The identity of the charger in a compliance case, whichever side is under test."""

NOTHING = "nothing"
"""What a central system answers that does not answer; the line breaks as well."""
PARTS = {"lock": LockFails(), "list memory": ListMemoryFull()}
"""What can fail of an emulated charger, by its name in scenarios."""

FRAME_CHARS_MAX = 1_000
"""How much of a frame stands in a sentence about it; the recording has all of it."""
PHASES = frozenset({"L1", "L2", "L3"})
MOST_A = Decimal(32)
"""What the car of a compliance case draws, and on which phases, where nothing limits it."""

PASSWORD, NO_PASSWORD = "with the password ", "without a password"
IN_THE_CLEAR, NO_CERTIFICATE = "in the clear", "without a certificate"
"""How a charger may dial that must not be let in, as scenarios write it."""

_CARD = re.compile(r"(\w+)'s card")
DEPOT = re.compile(r"the (http|ftp) depot(?:'s (\S+))?")
_LATER = re.compile(r"in (\d+ \w+)")
AGO = re.compile(r"(\d+ \w+) ago")


class Tool:
    """
    The tool of one compliance case.

    Parameters:
        bench: the scenario's bench.
        side: which side is under test.

    Attributes:
        is_happening: whether the scenario has come to its first When.
        happened_at: when the first When began to act.
        depot: where files are brought and fetched, where the case needs it.
        words: what else words of the scenario stand for.
        password: what the charger on strings gives when it dials; None: nothing.
        let_in: the ways, in words, to dial otherwise, each with whether a line came up.
        told: what came back to the operator of each command: a status or an error code.
    """

    def __init__(self, bench: Bench, side: str) -> None:
        self.side = side
        self.is_happening = False
        self.happened_at: datetime = bench.start
        self.depot: Depot | None = None
        self._bench = bench
        self._from: int | None = None
        self._answers: list[tuple[str, str]] = []
        self.words: dict[str, str] = {}
        self.told: list[str] = []
        self.password: str | None = None
        self.let_in: dict[str, bool] = {}
        self._wanted: list[str] = []

    # ------------------------------------------------------------------ what is declared

    @property
    def charger_name(self) -> str:
        """The identity of the charger, whichever side is under test."""
        return CHARGER

    @property
    def under_test(self) -> str:
        """The name of the side under test, as it stands on the wire."""
        return self.charger_name if self.side == CHARGE_POINT else BACKEND

    @property
    def other(self) -> str:
        """The name of the side that the bench plays."""
        return BACKEND if self.side == CHARGE_POINT else self.charger_name

    @property
    def slack(self) -> timedelta:
        """How far from its instant a thing may happen: nothing in simulated time."""
        return timedelta(0)

    @property
    def most_a(self) -> Decimal:
        """What flows on each phase where nothing limits it, as scenarios say it."""
        return MOST_A

    @property
    def phases(self) -> frozenset[str]:
        """The phases on which the car draws."""
        return PHASES

    def must_support(self, what: str) -> None:
        """End the scenario where it is declared that something is not done, or not yet covered."""
        must_be_done(self._bench, what, self.side)

    def must_be(self, side: str) -> None:
        """Refuse a sentence that makes sense with the other side under test only."""
        if self.side != side:
            raise UsageError(f"this can be said only where the {side} is under test")

    def answer_next(self, action: str, fields: str) -> None:
        """Let the central system on strings answer the next such message so."""
        self.must_be(CHARGE_POINT)
        if self._bench.going:
            self._bench.central.answer_next(action, self._next_answer(action, fields))
        else:
            self._answers.append((action, fields))

    def prepare(self, central: Central) -> None:
        """Give the central system on strings what it shall answer, before it starts."""
        for action, fields in self._answers:
            central.answer_next(action, self._next_answer(action, fields))

    def take_up(self, puppet: Puppet) -> None:
        """Make the charger on strings one that does what it is asked, and says nothing more."""
        puppet.greets, puppet.password = False, self.password
        puppet.answers |= accepting(self._bench.clock.now)

    def _next_answer(self, action: str, fields: str) -> Answer:
        return Silence() if fields == NOTHING else self._answer(action, fields)

    def _answer(self, action: str, fields: str) -> Error | dict[str, Any]:
        code = fields.removeprefix(f"{CODE}=")
        return Error(code) if code != fields else build(action, RESULT, fields, self.word)

    def answer(self, action: str, fields: str) -> None:
        """Let the charger on strings answer so from now on."""
        self.must_be(CENTRAL_SYSTEM)
        self._bench.go()
        self.puppet.answers[action] = self._answer(action, fields)

    # ------------------------------------------------------------------ what happens

    def begin(self) -> None:
        """Set the bench going; from the first When on, what is said is judged."""
        self._bench.go()
        if self.is_happening and self._from is None:
            self._from = len(self._bench.tap.crossings)
            self.happened_at = self._bench.clock.now()

    def count_from_the_start(self) -> None:
        """Judge all that is said from the charger's first word on."""
        self._from = 0
        self._bench.go()

    def do(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something now, and let all that comes of it at this instant happen."""
        self.begin()
        return self._bench.run(self._settled(work))

    async def _settled(self, work: Callable[[], Awaitable[T]]) -> T:
        result = await work()
        await self._bench.clock.settle()
        return result

    def pass_time(self, how_long: timedelta) -> None:
        """Let time pass."""
        self.begin()
        self._bench.advance_to(self._bench.clock.now() + how_long)

    @property
    def hands(self) -> Hands:
        """The people around the charger under test."""
        self.must_be(CHARGE_POINT)
        return self._bench.charger(self.charger_name)

    def fail(self, part: str) -> None:
        """Let a part of the charger under test fail."""
        self.must_be(CHARGE_POINT)
        self.do(lambda: self._bench.charger(CHARGER).faults.switch_on(PARTS[part]))

    @property
    def charger(self) -> Hands | Puppet:
        """The charger's end of the line, whichever side is under test."""
        return self.hands if self.side == CHARGE_POINT else self.puppet

    @property
    def puppet(self) -> Puppet:
        """The charger on strings."""
        self.must_be(CENTRAL_SYSTEM)
        return self._bench.puppets[CHARGER]

    @property
    def operator(self) -> Operator:
        """Who operates the central system."""
        if self.side == CHARGE_POINT:
            return OperatorOfTool(self._bench.central, CHARGER)
        return OperatorOfBackend(self._bench.backend, CHARGER)

    def ask(self, action: str, fields: str = "") -> None:
        """Let the operator have a command sent."""
        self.begin()
        self.send(action, build(action, CALL, fields, self.word))

    def send(self, action: str, payload: Mapping[str, Any]) -> None:
        """Let the operator have a command sent, with a payload as it stands."""
        self._wanted.append(action)
        self.told.append(self.do(lambda: self.operator.send(action, payload)))

    def say(self, message: str, fields: str = "") -> list[Any]:
        """Let the charger on strings say something, and give the answering frame."""
        self.begin()
        action = message.removesuffix(".req")
        payload = build(action, CALL, fields, self.word, self._usual(action))
        for why in payload_breaches(action, CALL, payload):
            raise UsageError(f"{message}: the scenario lets the charger say what is wrong ({why})")
        return self.do(lambda: self.puppet.call(action, payload))

    def _usual(self, action: str) -> dict[str, Any]:
        now = stamp(self._bench.clock.now())
        usual: dict[str, dict[str, Any]] = {
            "BootNotification": {"chargePointVendor": "isebench", "chargePointModel": "strings"},
            "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "timestamp": now},
            "StartTransaction": {"connectorId": 1, "meterStart": 1000, "timestamp": now},
            "MeterValues": {
                "connectorId": 1,
                "meterValue": [{"timestamp": now, "sampledValue": [{"value": "1200"}]}],
            },
        }
        if action == "StopTransaction":
            transaction = int(self.word("the transaction"))
            return {"transactionId": transaction, "meterStop": 1500, "timestamp": now}
        return usual.get(action, {})

    def dial(self, how: str) -> None:
        """Let the charger on strings dial otherwise, and keep whether a line came up."""
        password = how.removeprefix(PASSWORD)
        if password != how:
            dial = partial(self.puppet.is_let_in, password)
        elif how in (NO_PASSWORD, NO_CERTIFICATE):
            own = None if how == NO_PASSWORD else self.puppet.password
            dial = partial(self.puppet.is_let_in, own)
        elif how == IN_THE_CLEAR:
            dial = partial(self.puppet.is_let_in, self.puppet.password, in_the_clear=True)
        else:
            raise UsageError(f'no charger dials "{how}"')
        self.let_in[how] = self.do(dial)

    def take_up_password(self) -> None:
        """Let the charger on strings give from now on the password that it was sent, in hex."""
        keys = [
            message.payload["value"]
            for message in self.all_said(self.under_test)
            if message.name == "ChangeConfiguration.req"
            and message.payload["key"] == "AuthorizationKey"
        ]
        if not keys:
            raise Disagreement("no ChangeConfiguration.req with an AuthorizationKey has come yet")
        self.puppet.password = bytes.fromhex(keys[-1]).decode()

    def bring_diagnostics(self) -> None:
        """Let the charger on strings bring a file to the location of the last GetDiagnostics."""
        location = str(self._last("GetDiagnostics.req", "location"))
        name = self.puppet_answer("GetDiagnostics")["fileName"]
        content = pack({"diagnostics.txt": "isebench was here\n"})
        self.do(lambda: bring(location, str(name), content))

    def firmware(self, version: str) -> bytes:
        """Give a firmware that the charger under test takes, with its version."""
        return firmware(version)

    def puppet_answer(self, action: str) -> Mapping[str, Any]:
        """Give what the charger on strings answers to a command."""
        return cast("Mapping[str, Any]", self.puppet.answers[action])

    async def open_depot(self) -> Depot:
        """Give the depot; the first call starts it."""
        if self.depot is None:
            self.depot = Depot(self._bench.folder / "depot")
            await self.depot.start()
        return self.depot

    async def close(self) -> None:
        """Leave nothing running."""
        if self.depot is not None:
            await self.depot.stop()

    # ------------------------------------------------------------------ words

    def word(self, text: str) -> str:
        """
        Give what a word of a scenario stands for; any other text stands for itself.

        Messages are made with it. ``Anna's card``; ``the transaction``, ``the reservation`` and
        ``the interval``, the last that crossed the wire; ``now``, ``in 10 min``, ``90 s ago``;
        ``the http depot``, ``the ftp depot's firmware.zip``.
        """
        if text in self.words:
            return self.words[text]
        if found := _CARD.fullmatch(text):
            return self.id_tag_of(found[1])
        if text == "the transaction":
            return str(self._last("StartTransaction.conf", "transactionId"))
        if text == "the reservation":
            return str(self._last("ReserveNow.req", "reservationId"))
        if text == "the interval":
            return str(self._last("BootNotification.conf", "interval"))
        if text == "now":
            return stamp(self._bench.clock.now())
        if found := _LATER.fullmatch(text):
            return stamp(self._bench.clock.now() + span(found[1]))
        if found := AGO.fullmatch(text):
            return stamp(self._bench.clock.now() - span(found[1]))
        if found := DEPOT.fullmatch(text):
            return self._bench.run(self.open_depot()).url(found[1], found[2] or "")
        return text

    def id_tag_of(self, person: str) -> str:
        """Give what stands on the wire for a person's card."""
        return id_tag_of(self._bench.card_of(person))

    def meant(self, text: str) -> str:
        """Give what a word stands for where a message is judged; see `word`."""
        return self.word(text)

    def window(self, begin: timedelta, end: timedelta) -> tuple[datetime, datetime]:
        """Give the instants between two spans of time after the first When."""
        return self.happened_at + begin, self.happened_at + end

    def _last(self, name: str, field: str) -> object:
        for message in reversed(messages(self._bench.tap.crossings, BACKEND)):
            if message.name == name and field in message.payload:
                return message.payload[field]
        raise Disagreement(f"no {name} with a {field} has crossed the wire yet")

    # ------------------------------------------------------------------ what was said

    def said(self) -> list[Message]:
        """
        Give what the side under test has said since the first When, in order.

        Raises:
            Disagreement: If it has ever said what OCPP 1.6 does not allow.
        """
        self.must_obey()
        return self._since_then(self.under_test)

    def heard(self) -> list[Message]:
        """Give what the bench's side has said since the first When, in order."""
        return self._since_then(self.other)

    def _since_then(self, sender: str) -> list[Message]:
        start = self._from
        if start is None:
            raise UsageError("nothing has happened yet; a Then comes after a When")
        return [one for one in self.all_said(sender) if one.place >= start]

    def all_said(self, sender: str) -> list[Message]:
        """Give what one of the two has said since the start of the bench."""
        return messages(self._bench.tap.crossings, sender)

    def must_obey(self) -> None:
        """
        See that every frame of the side under test is one that OCPP 1.6 allows, in its place.

        A central system must also hold to what `harness.central_rules` says of all of them.

        Raises:
            Disagreement: If one is not.
        """
        crossings = self._bench.tap.crossings
        found = breaches(crossings, self.under_test)
        if not found and self.side == CENTRAL_SYSTEM:
            lives = self._bench.backend_lives()
            found = broken_rules(crossings, self.under_test, self.other, self._wanted, lives)
        if not found and self.side == CHARGE_POINT:
            found = self._broken_charger_rules()
        if found:
            self._bench.decide([breach.crossing for breach in found])
            first = found[0]
            text = first.crossing.text[:FRAME_CHARS_MAX] or "a frame that is empty"
            raise Disagreement(f"{first.why}, in {text}")

    def _broken_charger_rules(self) -> list[Breach]:
        crossings, begin = self._bench.tap.crossings, self._bench.start
        return charger_rules.breaches(crossings, self.under_test, self.other, begin)


def stamp(instant: datetime) -> str:
    """Write an instant as OCPP does."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def accepting(now: Callable[[], datetime]) -> dict[str, Any]:
    """Give the answers of a charger that does whatever it is asked."""
    accepted = {"status": "Accepted"}
    answers: dict[str, Any] = dict.fromkeys(_ASKED, accepted)
    answers |= {
        "UnlockConnector": {"status": "Unlocked"},
        "GetDiagnostics": {"fileName": "diagnostics.zip"},
        "UpdateFirmware": {},
        "GetLocalListVersion": {"listVersion": 0},
        "GetConfiguration": _configuration,
        "GetCompositeSchedule": lambda asked: _schedule(asked, now()),
    }
    return answers


_ASKED = (
    "CancelReservation",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "TriggerMessage",
)

CORE_KEYS = {
    "AuthorizeRemoteTxRequests": "true",
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "ConnectorPhaseRotation": "0.RST,1.RST",
    "GetConfigurationMaxKeys": "30",
    "HeartbeatInterval": "300",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "MeterValuesAlignedData": "Energy.Active.Import.Register",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "MeterValueSampleInterval": "60",
    "NumberOfConnectors": "1",
    "ResetRetries": "1",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "",
    "SupportedFeatureProfiles": "Core",
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "60",
    "UnlockConnectorOnEVSideDisconnect": "true",
}
"""The configuration keys of the charger on strings: those that every charger has (§9.1)."""

READ_ONLY = ("GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles")


def _configuration(asked: Mapping[str, Any]) -> dict[str, Any]:
    names = list(asked.get("key") or CORE_KEYS)
    return {
        "configurationKey": [
            {"key": name, "readonly": name in READ_ONLY, "value": CORE_KEYS[name]}
            for name in names
            if name in CORE_KEYS
        ],
        "unknownKey": [name for name in names if name not in CORE_KEYS],
    }


def _schedule(asked: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "status": "Accepted",
        "connectorId": asked.get("connectorId", 1),
        "scheduleStart": stamp(now),
        "chargingSchedule": {
            "duration": asked.get("duration", 300),
            "chargingRateUnit": asked.get("chargingRateUnit", "A"),
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
        },
    }
