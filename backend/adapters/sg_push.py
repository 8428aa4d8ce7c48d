"""
Receives what smart gateways push (document 004 §4.1.2.2; `backend.core.sg_push`).

A message is acknowledged once it is on disk, and never before: what is not acknowledged is sent
again, and what comes twice is kept once. A message that cannot be kept is not acknowledged, and
who sends it is told nothing else: the protocol has no other word. Gaps are filled behind the
acknowledgement, which is awaited for a second only (§4.1.2.2 "push response time").
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from backend.adapters.gateways import Gaps, MeterKeeper, ReadProfile
from backend.core.sg_counters import meter_value
from backend.core.sg_profile import QUARTER
from backend.core.sg_push import MESSAGE_LIMIT_BYTES, read_push
from backend.errors import BackendError, GatewayAnswerError, SettingsError
from backend.ports import Clock, Gateway, GatewayMeter

_log = logging.getLogger(__name__)

LINES_LIMIT = 16
"""How many lines a gateway may have open; it needs one."""
IDLE_LIMIT_S = 600.0
"""How long a line may say nothing, in real seconds."""


Taken = tuple[GatewayMeter, bytes]


class PushedGateway:
    """
    One gateway that pushes.

    Parameters:
        gateway: its settings; ``host`` and ``port`` are where it is listened for.
        read_profile: how a load profile is read; None where gaps stay.
        keeper: where what it tells goes.
        clock: the time.

    Attributes:
        port: where it is listened for, once it is.
    """

    def __init__(
        self,
        gateway: Gateway,
        read_profile: ReadProfile | None,
        keeper: MeterKeeper,
        clock: Clock,
    ) -> None:
        self.port = 0
        self._gateway = gateway
        self._gaps = Gaps(gateway, read_profile, keeper)
        self._keeper = keeper
        self._clock = clock
        self._meters = {one.serial: one for one in gateway.meters}
        self._server: asyncio.Server | None = None
        #: The oldest first.
        self._lines: dict[asyncio.Task[None], None] = {}
        self._keeping: set[asyncio.Task[Taken]] = set()
        self._filling: set[asyncio.Task[None]] = set()
        #: The names of meters that are to be looked at for gaps, one after the other.
        self._to_fill: set[str] = set()
        self._one_filled = asyncio.Lock()

    async def start(self) -> None:
        """
        Listen.

        Raises:
            SettingsError: If the address cannot be listened on.
        """
        to = self._gateway
        try:
            self._server = await asyncio.start_server(
                self._serve, to.host, to.port, limit=MESSAGE_LIMIT_BYTES
            )
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {to.host}:{to.port} ({error.strerror})",
                to.where(),
                "take another port, or end what listens there",
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up; a message that is being kept is kept."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        under_way = [*self._lines, *self._filling]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, *self._keeping, return_exceptions=True)
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._server is None:
            writer.close()
            return
        if len(self._lines) >= LINES_LIMIT:
            # A gateway that lost its network comes over a new line, and never ends the old one.
            next(iter(self._lines)).cancel()
        self._lines[task] = None
        try:
            await self._take_all(reader, writer)
        except asyncio.CancelledError:
            pass  # hung up on: the backend stops, or a newer line takes its place
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the line is gone; what was not acknowledged comes again
        except (asyncio.LimitOverrunError, ValueError):
            _log.warning("%s: a message has no end; the line was cut", self._gateway.where())
        except BackendError as error:
            self._tell(str(error))
        finally:
            self._lines.pop(task, None)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _tell(self, problem: str) -> None:
        """Tell of every meter why nothing comes: the gateway sends nothing else before this."""
        views = [self._keeper.views[one.name] for one in self._gateway.meters]
        if any(view.problem != problem for view in views):
            _log.warning("%s", problem)
        for view in views:
            view.problem = problem

    async def _take_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_LIMIT_S):
                line = await reader.readuntil(b"\n")
            with self._clock.hold(f"a push of {self._gateway.name} is being kept"):
                taking = asyncio.ensure_future(self._take(line))
                self._keeping.add(taking)
                taking.add_done_callback(self._keeping.discard)
                # Kept whole even where the backend stops now.
                meter, acknowledgement = await asyncio.shield(taking)
                writer.write(acknowledgement)
                async with asyncio.timeout(IDLE_LIMIT_S):
                    await writer.drain()
                self._look_for_gaps(meter)

    def _look_for_gaps(self, meter: GatewayMeter) -> None:
        if meter.name not in self._to_fill:
            self._to_fill.add(meter.name)
            hold = self._clock.hold(f"{self._gateway.where(meter)} is looked at for gaps")
            task = asyncio.ensure_future(self._fill(meter))
            self._filling.add(task)
            task.add_done_callback(self._filling.discard)
            task.add_done_callback(lambda _: hold.release())

    async def _fill(self, meter: GatewayMeter) -> None:
        async with self._one_filled:
            self._to_fill.discard(meter.name)
            await self._gaps.fill(meter)

    async def _take(self, line: bytes) -> Taken:
        """Keep a message, and give its meter and its acknowledgement."""
        where, now = self._gateway.where(), self._clock.now()
        push = read_push(line, where)
        if push.gateway != self._gateway.serial:
            raise GatewayAnswerError(
                f"pushed by {push.gateway!r}, expected is {self._gateway.serial!r}",
                where,
                "correct the serial number of the gateway; it was not acknowledged",
            )
        meter = self._meter(push.serial)
        view = self._keeper.views[meter.name]
        instant = push.held_at(now)
        value = meter_value(push.counters, instant, self._gateway.where(meter))
        text = line.decode("utf-8", "replace").rstrip("\n")
        await self._keeper.keep(meter, text, (value,))
        if view.problem or view.read_at is None or instant > view.read_at + QUARTER:
            self._gaps.may_be_at(meter)
        # What comes late does not make the meter less well known.
        view.problem, view.read_at = "", max(instant, view.read_at or instant)
        return meter, push.acknowledgement

    def _meter(self, serial: str) -> GatewayMeter:
        if serial not in self._meters:
            raise GatewayAnswerError(
                f"it pushes a meter {serial!r} that is not in the settings",
                self._gateway.where(),
                "add it ([meter.gateway]), or stop the push; it was not acknowledged",
            )
        return self._meters[serial]
