"""
A broker for MQTT on the bench, in its own loop.

amqtt's, as it comes; it listens on a free port of this machine, and anybody may log in. Where
several clients on a bench speak with each other, each holds the clock for what it has under way,
and so the broker need not.
"""

from __future__ import annotations

import logging
import socket

from amqtt.broker import Broker  # type: ignore[import-untyped]

_QUIET = ("amqtt", "transitions")


class BenchBroker:
    """
    The broker.

    Attributes:
        port: where it listens, once it does.
    """

    def __init__(self) -> None:
        self.port = 0
        self._broker: Broker | None = None

    async def start(self) -> None:
        """Listen."""
        for name in _QUIET:
            # It tells each connection, and warns of each that ends without a goodbye.
            logging.getLogger(name).setLevel(logging.ERROR)
        self.port = _free_port()
        self._broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await self._broker.start()

    async def stop(self) -> None:
        """Hang up on everybody."""
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.shutdown()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port
