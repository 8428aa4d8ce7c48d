"""
Receives what smart gateways push (document 004 §4.1.2.2; `backend.core.sg_push`).

A message is acknowledged once it is on disk, and never before: what is not acknowledged is sent
again, and what comes twice is kept once. A message that cannot be kept is not acknowledged, and
who sends it is told nothing else: the protocol has no other word.
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
        self._lines: set[asyncio.Task[None]] = set()

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
        for line in tuple(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._lines) >= LINES_LIMIT:
            writer.close()
            return
        self._lines.add(task)
        try:
            await self._take_all(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the line is gone; what was not acknowledged comes again
        except (asyncio.LimitOverrunError, ValueError):
            _log.warning("%s: a message has no end; the line was cut", self._gateway.where())
        except BackendError as error:
            _log.warning("%s", error)
        finally:
            self._lines.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _take_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_LIMIT_S):
                line = await reader.readuntil(b"\n")
            with self._clock.hold(f"a push of {self._gateway.name} is being kept"):
                # Kept whole even where the backend stops now.
                answer = await asyncio.shield(self._take(line))
                writer.write(answer)
                await writer.drain()

    async def _take(self, line: bytes) -> bytes:
        """Keep a message, and give its acknowledgement."""
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
        try:
            value = meter_value(push.counters, instant, self._gateway.where(meter))
            text = line.decode("utf-8", "replace").rstrip("\n")
            await self._keeper.keep(meter, text, (value,))
        except BackendError as error:
            view.problem = str(error)
            raise
        if view.problem or view.read_at is None or instant > view.read_at + QUARTER:
            self._gaps.may_be_at(meter)
        view.problem, view.read_at = "", instant
        await self._gaps.fill(meter, view, instant)
        return push.acknowledgement

    def _meter(self, serial: str) -> GatewayMeter:
        if serial not in self._meters:
            raise GatewayAnswerError(
                f"it pushes a meter {serial!r} that is not in the settings",
                self._gateway.where(),
                "add it ([meter.gateway]), or stop the push; it was not acknowledged",
            )
        return self._meters[serial]
