"""
The central system of OCPP-J 1.6: a WebSocket server that chargers connect to.

Rule 1: an answer leaves after the commit that keeps its message (COL-02). Where the store
fails, no answer leaves and the connection is closed: a charger repeats what was not answered
(OCPP 1.6 §3.7), and throws away what was refused.
Rule 2: the newest connection of an identity is the one that counts; an older one is ended.
Rule 3: a frame that cannot be understood never ends a connection; one that is too long does.
Rule 4: one request is under way in each direction (OCPP-J errata 3.4). A charger's requests
are answered in their order; while one is worked on, nothing of that charger is read. Commands
to it take turns: so many may wait, and so long; who stops waiting has sent nothing.
Rule 5: the clock is held while a frame is answered, while a command waits for its answer,
and from noticing a lost connection until that is kept.

What the messages mean is in `backend.adapters.ocpp_answers`, how they are written in
`backend.adapters.ocpp_frames`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

from ocpp.v16.enums import Action  # type: ignore[import-untyped]
from sqlalchemy import Connection
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from backend.adapters import ocpp_frames, records, station_state
from backend.adapters.cards import Cards
from backend.adapters.ocpp_answers import REPEATED, Answer, Refusal, Sender, answer
from backend.adapters.ocpp_frames import Call, CallError, CallErrorCode, CallResult, shown
from backend.adapters.registration import Registrations
from backend.adapters.store import Store
from backend.core.masking import MASK, is_secret_key, masked_echo, masked_frame
from backend.core.readings import Leniency
from backend.errors import (
    BadAnswer,
    Busy,
    DeviceError,
    FrameError,
    LineLost,
    NoAnswer,
    NotConnected,
    Refused,
    SettingsError,
    StoreError,
)
from backend.ports import Alarm, Clock
from backend.settings import BackendSettings, Settings, StationSettings

_log = logging.getLogger(__name__)

OnConnection = Callable[[str, bool], None]
OnFrame = Callable[[str, bool, str], None]

SUBPROTOCOL = Subprotocol("ocpp1.6")
#: Real seconds; chargers behind mobile networks are slow, so this is not the default of 20.
_PING_S = 60.0
_CLOSE_LIMIT_S = 5.0
#: Frames of one charger that are read ahead; then its line is left full.
_READ_AHEAD = 16
#: Answers of one connection that are remembered for messages that come again.
_REMEMBERED = 64
#: Of longer ones only a fingerprint is.
_REMEMBERED_SIGNS = 4_000
#: Commands that may wait for one charger, the one that is under way among them.
_COMMANDS_LIMIT = 16
#: How long a command may wait to be sent, as a multiple of how long a charger may take to answer
#: one: what is sent much later than it was asked for surprises whoever stands at the charger.
_ANSWERS_AWAITED = 2
#: ASSUMED: so long after it started a charger is done with telling its state, and is asked for
#: its configuration. A burst at the very start upsets some models.
CONFIGURE_AFTER = timedelta(seconds=1)
_NOTHING = Answer()
#: What the older of two lines of a charger is told, and why it has ended.
_REPLACED = "replaced by a newer connection under the same identity"


def identity_of(path: str) -> str:
    """
    Find the identity in the path of a request: its last segment, percent-decoded once.

    One slash at the end and a query are passed over (OCPP-J 1.6 §3.1.1 has neither).
    """
    bare = path.partition("?")[0]
    return unquote(bare.removesuffix("/").rpartition("/")[2], errors="replace")


class CentralSystem:
    """
    The server, and the lines of the chargers that are connected.

    Parameters:
        settings: which stations there are.
        store: where all they say is kept.
        clock: the time.
        on_connection: told the identity and True after a connection has been kept, and False
            after its end has.
        on_frame: told the identity, True for a frame of the charger, and the frame.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        on_connection: OnConnection | None = None,
        on_frame: OnFrame | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.cards = Cards(settings)
        self.registrations = Registrations(settings)
        self.on_connection = on_connection
        self.on_frame = on_frame
        #: Stations that have started and whose configuration is not settled yet.
        self.unsettled: set[str] = set()
        self._stations = {one.identity: one for one in settings.stations}
        self._ids: Mapping[str, int] = {}
        self._lines: dict[str, _Line] = {}
        self._arrivals: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._server: Server | None = None

    async def start(self, ids: Mapping[str, int]) -> str:
        """
        Listen.

        Parameters:
            ids: the keys of the stations in the store.

        Returns:
            The address for chargers, without identity: ``ws://127.0.0.1:9000/ocpp``.
        """
        self._ids = ids
        backend = self.settings.backend
        try:
            self._server = await self._serve(backend)
        except OSError as error:
            raise SettingsError(
                f"cannot be listened on ({error.strerror or error})",
                f"[backend], host {backend.host!r} and port {backend.port}",
                "name an address of this machine and a port that is free, or port 0",
            ) from error
        port = next(iter(self._server.sockets)).getsockname()[1]
        host = f"[{backend.host}]" if ":" in backend.host else backend.host
        return f"ws://{host}:{port}/ocpp"

    async def _serve(self, backend: BackendSettings) -> Server:
        return await serve(
            self._handle,
            backend.host,
            backend.port,
            process_request=self._look_at_request,
            select_subprotocol=lambda _, offered: SUBPROTOCOL if SUBPROTOCOL in offered else None,
            compression=None,  # some chargers answer it with reserved bits set
            max_size=backend.frame_limit_bytes,
            max_queue=_READ_AHEAD,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            close_timeout=_CLOSE_LIMIT_S,
            server_header=None,
            logger=_quiet_logger(),
        )

    async def stop(self) -> None:
        """End all connections, keep their ends, and listen no more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await server.wait_closed()
        if self._goodbyes:
            await asyncio.gather(*self._goodbyes)

    async def turn(self, identity: str) -> Turn:
        """
        Wait until a charger may be sent a command; who is cancelled here has sent nothing.

        Raises:
            NotConnected: If the charger is not connected.
            Busy: If too many commands wait for it, or this one has waited too long.
        """
        line = self._lines.get(identity)
        if line is None:
            where = f"charger {identity!r}"
            raise NotConnected("is not connected", where, "wait until it has connected")
        limit_s = _ANSWERS_AWAITED * self.settings.backend.answer_limit_s
        await line.take_turn(limit_s)
        return Turn(line)

    # ------------------------------------------------------------ a new connection

    def _look_at_request(self, connection: ServerConnection, request: Request) -> Response | None:
        identity = identity_of(request.path)
        if identity in self._ids:
            return None
        _log.warning("a charger calls itself %r, which no setting names", shown(identity))
        return connection.respond(
            HTTPStatus.NOT_FOUND,
            f"No charging station is called {shown(identity)!r} here. The address is "
            "ws://HOST:PORT/ocpp/IDENTITY; the operator adds the identity to the settings.\n",
        )

    async def _handle(self, websocket: ServerConnection) -> None:
        request = websocket.request
        if request is None:  # not before the handshake; said for the type checker
            return
        identity = identity_of(request.path)
        if websocket.subprotocol is None:
            # OCPP-J §3.2: complete the handshake without the header, then close.
            _log.warning("%s offers no sub-protocol ocpp1.6 and is sent away", identity)
            await websocket.close(CloseCode.PROTOCOL_ERROR, "offer the sub-protocol ocpp1.6")
            return
        line = _Line(self, self._stations[identity], self._ids[identity], websocket)
        why = "the backend failed"
        try:
            await self._admit(identity, line)
            why = await line.run()
        except StoreError as error:
            _log.error("%s: %s", identity, error)
            why = "the store refused"
            await websocket.close(CloseCode.INTERNAL_ERROR, "cannot keep what you send")
        finally:
            await self._end(identity, line, why)

    async def _end(self, identity: str, line: _Line, why: str) -> None:
        try:
            await line.end(why)
        except StoreError as error:
            # The row stays open; the next start closes it at the instant last heard.
            _log.error("%s: the end of its connection cannot be kept: %s", identity, error)

    async def _admit(self, identity: str, line: _Line) -> None:
        with self.clock.hold(f"{identity}: its new connection is being kept"):
            async with self._arrivals[identity]:
                older = self._lines.get(identity)
                if older is not None:
                    # As after a dead line; where it goes on and on, two have one identity.
                    _log.warning("%s: its connection is %s", identity, _REPLACED)
                    await older.end(_REPLACED)
                    self._say_goodbye(older)
                await line.begin()
                self._lines[identity] = line
                self.tell(identity, True)
        _log.info("%s is connected", identity)

    def _say_goodbye(self, line: _Line) -> None:
        # In the background: the older line may be dead, and then nobody answers.
        task = asyncio.create_task(line.close(_REPLACED))
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    def forget(self, identity: str, line: _Line) -> None:
        """Take a line out that has ended."""
        if self._lines.get(identity) is line:
            del self._lines[identity]

    def show(self, identity: str, incoming: bool, text: str) -> None:
        """Show whoever wants to see it a frame as it crossed the wire, without its secrets."""
        if self.on_frame is not None:
            self.on_frame(identity, incoming, masked_frame(text))

    def tell(self, identity: str, up: bool) -> None:
        """Tell whoever wants to know that a connection, or its end, has been kept."""
        if self.on_connection is not None:
            self.on_connection(identity, up)


class Turn:
    """The right to send commands to a charger, one after the other, until it is given back."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    async def call(self, action: Action, payload: dict[str, Any]) -> dict[str, Any]:
        """
        Send a command and wait for its answer.

        Raises:
            DeviceError: Of one of its kinds: the charger does not answer in time, goes away,
                refuses, or answers with no object.
        """
        return await self._line.ask(action, payload)

    def end(self) -> None:
        """Let the next one have its turn."""
        self._line.end_turn()


class _Pending(NamedTuple):
    """A command that waits for its answer."""

    message_id: str
    payload: Mapping[str, Any]
    answer: asyncio.Future[CallResult | CallError]


class _Line:
    """One connection of one charger."""

    def __init__(
        self,
        central: CentralSystem,
        station: StationSettings,
        station_id: int,
        websocket: ServerConnection,
    ) -> None:
        self._central = central
        self._store = central.store
        self._clock = central.clock
        self._station = station
        self._identity = station.identity
        self._station_id = station_id
        self._websocket = websocket
        self._connection_id: int | None = None
        self._ended = False
        self._calling = asyncio.Lock()
        self._commands = 0
        self._pending: _Pending | None = None
        self._answered: OrderedDict[str, tuple[str | bytes, str]] = OrderedDict()
        self._alarm: Alarm | None = None
        self._configuring = asyncio.Lock()

    # ------------------------------------------------------------ its life

    async def begin(self) -> None:
        """Keep that the charger is connected."""
        now, station_id = self._clock.now(), self._station_id
        self._connection_id = await self._store.write(
            lambda connection: records.begin_connection(connection, station_id, now)
        )
        if self._identity in self._central.unsettled:
            self._configure_soon()

    async def run(self) -> str:
        """Answer what comes until the line ends; says how it did."""
        while True:
            try:
                text = await self._websocket.recv()
            except ConnectionClosed as closed:
                with self._clock.hold(f"{self._identity}: the end of its line is being kept"):
                    await self._look_at_end(closed)
                    await self.end(why := _how(closed))
                return why
            with self._clock.hold(f"{self._identity}: its frame is being answered"):
                await self._receive(text)

    async def _look_at_end(self, closed: ConnectionClosed) -> None:
        if closed.sent is not None and closed.sent.code in _END_RULES:
            rule = _END_RULES[CloseCode(closed.sent.code)]
            odd = Leniency(rule, "frame", shown(closed.sent.reason), "the connection was ended")
            await self._note("", (odd,))

    async def end(self, why: str) -> None:
        """Keep that the line has ended; the first call counts."""
        if self._ended or self._connection_id is None:
            return
        self._ended = True
        with self._clock.hold(f"{self._identity}: the end of its line is being kept"):
            if self._alarm is not None:
                self._alarm.cancel()
            self._fail_pending()
            self._central.forget(self._identity, self)
            async with self._configuring:
                pass  # its command has just failed; what it keeps of that is kept
            connection_id, now = self._connection_id, self._clock.now()
            await self._store.write(
                lambda connection: records.end_connection(connection, connection_id, now, why)
            )
            self._central.tell(self._identity, False)
        _log.info("%s is no longer connected: %s", self._identity, why)

    async def close(self, reason: str) -> None:
        """Say goodbye to the charger."""
        await self._websocket.close(CloseCode.POLICY_VIOLATION, reason)

    # ------------------------------------------------------------ what comes

    async def _receive(self, text: str | bytes) -> None:
        now = self._clock.now()
        odd: tuple[Leniency, ...] = ()
        if isinstance(text, bytes):
            odd = (Leniency("frame-is-binary", "frame", f"{len(text)} bytes", "read as text"),)
            text = text.decode("utf-8", "backslashreplace")
        if self._central.on_frame is not None:
            self._central.show(self._identity, True, self._without_secrets(text))
        try:
            frame = ocpp_frames.parse(text)
        except FrameError as error:
            refused = Leniency(error.where, "frame", shown(text), f"not answered: {error.what}")
            await self._keep(now, text, "", (*odd, refused))
            return
        odd += frame.odd
        if isinstance(frame, Call):
            await self._answer(now, text, frame, odd)
        else:
            await self._take_answer(now, text, frame, odd)

    async def _answer(
        self, now: datetime, text: str, call: Call, odd: tuple[Leniency, ...]
    ) -> None:
        action = shown(call.action or "")
        key = repr(call.message_id)
        before = self._answered.get(key)
        if before is not None and before[0] == _trace(text) and call.action in REPEATED:
            again = Leniency("message-repeated", "[1]", shown(key), "answered as before")
            await self._keep(now, text, action, (*odd, again))
            await self._send(before[1])
            return
        if before is not None:
            odd += (Leniency("message-id-reused", "[1]", shown(key), "answered as another one"),)
        said = self._read(now, call)
        if isinstance(said, Refusal):
            await self._keep(now, text, action, odd + said.odd)
            reply = ocpp_frames.call_error(call.message_id, said.code, said.description)
        else:
            payload = await self._keep(now, text, action, odd, said)
            reply = ocpp_frames.call_result(call.message_id, payload)
            self._remember(key, text, reply)
        if isinstance(said, Answer) and said.registration:
            self._central.registrations.answered(self._identity, said.registration)
        await self._send(reply)
        if isinstance(said, Answer) and said.boots:
            self._configure_soon()

    def _read(self, now: datetime, call: Call) -> Answer | Refusal:
        central, identity = self._central, self._identity
        sender = Sender(
            self._station,
            self._station_id,
            now,
            central.cards,
            central.settings.backend.heartbeat_s,
            central.registrations.of(identity),
            central.registrations.triggered(identity),
        )
        try:
            return answer(call, sender)
        except Exception as error:
            # Our fault, and the charger must not pay for it: what is billed is confirmed (its
            # frame is kept, and can be read again), the rest is refused.
            _log.exception("%s: %s cannot be read", self._identity, shown(call.action or ""))
            odd = Leniency("internal-error", "", shown(repr(error)), "kept as it came")
            if call.action in (Action.meter_values, Action.stop_transaction):
                return Answer({}, (odd,))
            return Refusal(CallErrorCode.INTERNAL_ERROR, "the backend failed", (odd,))

    def _remember(self, key: str, text: str, reply: str) -> None:
        self._answered.pop(key, None)
        self._answered[key] = (_trace(text), reply)
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)

    async def _keep(
        self,
        now: datetime,
        text: str,
        action: str,
        odd: tuple[Leniency, ...],
        answer: Answer = _NOTHING,
    ) -> Mapping[str, Any]:
        """Keep a frame and what was read in it, do the work; all of it, or nothing."""
        if self._connection_id is None:
            raise RuntimeError("a line answers only after it has begun")
        told = records.Told(
            self._station_id,
            self._connection_id,
            now,
            text,
            action,
            odd + answer.odd,
            answer.measured,
        )
        work = answer.work
        if work is None:
            await self._store.add(records.keep_told, told)
            return answer.payload

        def do(connection: Connection) -> Mapping[str, Any]:
            (frame_id,) = records.keep_told(connection, (told,))
            return work(connection, frame_id)

        return await self._store.write(do)

    async def _note(self, action: str, odd: tuple[Leniency, ...]) -> None:
        now, station_id = self._clock.now(), self._station_id
        await self._store.write(
            lambda connection: records.keep_deviations(
                connection, station_id, None, now, action, odd
            )
        )

    async def _send(self, text: str) -> None:
        try:
            await self._websocket.send(text)
            self._central.show(self._identity, False, text)
        except ConnectionClosed:
            _log.info("%s went away before its answer", self._identity)  # it will ask again

    # ------------------------------------------------------------ commands

    async def take_turn(self, limit_s: float | None = None) -> None:
        """Wait until no other command is under way; `end_turn` must follow."""
        where = f"charger {self._identity!r}"
        if self._commands >= _COMMANDS_LIMIT:
            raise Busy(f"has {self._commands} commands waiting", where, "wait for their answers")
        self._commands += 1
        try:
            with self._clock.hold(f"{self._identity}: a command waits for its turn"):
                async with asyncio.timeout(limit_s):
                    await self._calling.acquire()
        except BaseException as error:
            self._commands -= 1
            if isinstance(error, TimeoutError):
                what = f"has been busy with other commands for {limit_s:g} s; this one was not sent"
                raise Busy(what, where, "see whether it answers, and try again") from None
            raise

    def end_turn(self) -> None:
        """Give the turn back."""
        self._calling.release()
        self._commands -= 1

    async def _call(self, action: Action, payload: dict[str, Any]) -> dict[str, Any]:
        with self._clock.hold(f"{self._identity}: {action} waits for its answer"):
            await self.take_turn()
            try:
                return await self.ask(action, payload)
            finally:
                self.end_turn()

    async def ask(self, action: Action, payload: dict[str, Any]) -> dict[str, Any]:
        """Keep a command, send it, and keep how it ended; only whose turn it is may."""
        where = f"charger {self._identity!r}"
        begun, station_id, connection_id = self._clock.now(), self._station_id, self._connection_id
        if self._ended or connection_id is None:
            what = f"went away before {action} was sent"
            raise NotConnected(what, where, "wait until it has connected")
        number = await self._store.write(
            lambda connection: station_state.begin_command(
                connection, station_id, connection_id, begun, action, payload
            )
        )
        outcome, said = station_state.CANCELLED, None  # type: str, object
        try:
            reply = await self._exchange(str(number), action, payload, where)
            outcome = station_state.ANSWERED
            if isinstance(reply, CallError):
                # Chargers like to repeat what they refuse, secrets and all.
                code, description = masked_echo([reply.code, reply.description], payload)
                said = [code, description]
                why = f": {shown(description)}" if description else ""
                what = f"refuses {action} with {shown(code)}{why}"
                raise Refused(code, description, what, where, "look up what its model supports")
            said = masked_echo(reply.payload, payload)
            if not isinstance(reply.payload, dict):
                what = f"answers {action} with {shown(said)}"
                raise BadAnswer(what, where, "an object is asked for")
            return reply.payload
        except DeviceError as error:
            outcome = error.kind
            raise
        finally:
            await self._end_command(number, outcome, said)

    async def _end_command(self, number: int, outcome: str, said: object) -> None:
        now = self._clock.now()
        try:
            await self._store.write(
                lambda connection: station_state.end_command(connection, number, now, outcome, said)
            )
        except StoreError as error:  # what the charger did is told all the same
            _log.error("%s: how command %d ended cannot be kept: %s", self._identity, number, error)

    async def _exchange(
        self, message_id: str, action: Action, payload: dict[str, Any], where: str
    ) -> CallResult | CallError:
        limit_s = self._central.settings.backend.answer_limit_s
        if self._ended:
            raise _gone(action, where)
        future: asyncio.Future[CallResult | CallError] = asyncio.get_running_loop().create_future()
        self._pending = _Pending(message_id, payload, future)
        try:
            async with asyncio.timeout(limit_s):
                await self._websocket.send(text := ocpp_frames.call(message_id, action, payload))
                self._central.show(self._identity, False, text)
                return await future
        except TimeoutError:
            what = f"has not answered {action} for {limit_s:g} s"
            raise NoAnswer(what, where, "look after its line, or raise answer_limit_s") from None
        except (ConnectionClosed, asyncio.InvalidStateError):
            raise _gone(action, where) from None
        finally:
            self._pending = None

    async def _take_answer(
        self, now: datetime, text: str, frame: CallResult | CallError, odd: tuple[Leniency, ...]
    ) -> None:
        pending = self._pending
        if pending is None or pending.message_id != frame.message_id:
            lost = Leniency("answer-to-nothing", "[1]", shown(frame.message_id), "kept, not used")
            await self._keep(now, text, "", (*odd, lost))
            return
        await self._keep(now, self._without_secrets(masked_frame(text)), "", odd)
        if not pending.answer.done():
            pending.answer.set_result(frame)

    def _without_secrets(self, text: str) -> str:
        """Take out what a charger repeats of the command that it is asked."""
        pending = self._pending
        return text if pending is None else str(masked_echo(text, pending.payload))

    def _fail_pending(self) -> None:
        if self._pending is not None and not self._pending.answer.done():
            self._pending.answer.set_exception(asyncio.InvalidStateError("the line has ended"))

    # ------------------------------------------------------------ configuration

    def _configure_soon(self) -> None:
        if not self._station.configuration or self._ended:
            return
        self._central.unsettled.add(self._identity)
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._clock.call_at(self._clock.now() + CONFIGURE_AFTER, self._configure)

    async def _configure(self) -> None:
        """Read the keys of the settings from the charger and set those that differ."""
        async with self._configuring:
            if self._ended:
                return
            try:
                found = await self._read_configuration()
                for name, wanted in self._station.configuration.items():
                    await self._settle(name, wanted, found.get(name))
            except DeviceError as error:
                _log.warning("%s cannot be configured: %s", self._identity, error)
                odd = Leniency("configuration-failed", "", shown(error.what), "left as it is")
                await self._note("", (odd,))
                if self._ended:
                    return  # the next connection begins anew
        self._central.unsettled.discard(self._identity)

    async def _read_configuration(self) -> dict[str, str]:
        keys = list(self._station.configuration)
        return configuration_in(await self._call(Action.get_configuration, {"key": keys}))

    async def _settle(self, name: str, wanted: str, found: str | None) -> None:
        result = "already so"
        if found != wanted:
            change = {"key": name, "value": wanted}
            reply = await self._call(Action.change_configuration, change)
            result = shown(reply.get("status"))
        now, station_id = self._clock.now(), self._station_id
        failed = result not in ("already so", "Accepted", "RebootRequired")
        if is_secret_key(name):
            wanted = found = MASK
        odd = Leniency("configuration-refused", name, result, "left as it is")

        def keep(connection: Connection) -> None:
            records.keep_configuration(connection, station_id, now, name, wanted, found, result)
            if failed:
                action = Action.change_configuration
                records.keep_deviations(connection, station_id, None, now, action, (odd,))

        await self._store.write(keep)


def _trace(text: str) -> str | bytes:
    """Give what tells a message that comes again from another one."""
    if len(text) <= _REMEMBERED_SIGNS:
        return text
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()


def _gone(action: Action, where: str) -> LineLost:
    return LineLost(f"went away before it answered {action}", where, "wait and try again")


def _quiet_logger() -> logging.Logger:
    """
    Give the library's logger.

    Who knocks and speaks no WebSocket is one line, no traceback. At level DEBUG the library logs
    each frame, whole, and with it the secrets of commands: it is not let.
    """
    logger = _log.getChild("websockets")
    logger.setLevel(max(logging.INFO, _log.getEffectiveLevel()))
    if not logger.filters:
        logger.addFilter(_in_one_line)
    return logger


def _in_one_line(record: logging.LogRecord) -> bool:
    if record.levelno < logging.INFO:
        return False
    if record.exc_info and record.exc_info[1] is not None:
        record.msg = f"{record.getMessage()}: {record.exc_info[1]}"
        record.args, record.exc_info = (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def configuration_in(payload: Mapping[str, Any]) -> dict[str, str]:
    """
    Read the keys and values of a GetConfiguration.conf (OCPP 1.6 §6.24).

    A value that is a number or a flag is taken as its text; keys without value are left out.
    """
    listed = payload.get("configurationKey")
    found = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("key"), str):
            value = one.get("value")
            if isinstance(value, bool):
                value = str(value).lower()
            if value is not None and not isinstance(value, dict | list):
                found[one["key"]] = str(value)
    return found


#: Connections that end because of a frame: close code of RFC 6455 §7.4.1, and our rule.
_END_RULES = {
    CloseCode.MESSAGE_TOO_BIG: "frame-over-limit",
    CloseCode.INVALID_DATA: "frame-is-no-utf-8",
    CloseCode.PROTOCOL_ERROR: "frame-is-no-websocket-frame",
}


def _how(closed: ConnectionClosed) -> str:
    """Say who closed a line, with which code and reason; a line may also just break."""
    by_charger = closed.sent is None or bool(closed.rcvd_then_sent)
    frame = closed.rcvd if by_charger else closed.sent
    if frame is None:
        return "the line broke"
    who = "the charger" if by_charger else "the backend"
    return f"closed by {who}: {frame.code} {shown(frame.reason)}".rstrip()
