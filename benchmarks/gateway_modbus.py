"""
How many register reads a second the smart gateway answers over Modbus TCP, beside `pymodbus`.

The same client, libmodbus, reads one block after the other from an energy meter, each when the one
before it has been answered: two registers (a voltage), and 91 (all measurements). The same
from a bare server of `pymodbus`, whose registers stand still; ours count, measure and encode anew
for each request. The servers are processes of their own and take turns; the best run of each
counts, as whatever else the machine does only ever slows a run down. Exit code 1 where ours is
under the target.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from servers import PEERS, NotMeasured, running

from simulators.clock import stopwatch

TARGET = 0.8
RUNS, SECONDS = 5, 1.0
ADDRESS = 33
LIBRARY = "libmodbus.so.5"
BLOCKS = {"2 registers": (107, 2), "91 registers": (100, 91)}
SERVERS = {"isebench gateway": "our_gateway.py", "pymodbus": "bare_modbus.py"}


class Client:
    """A master by libmodbus, connected to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._library = _libmodbus()
        self._line = self._library.modbus_new_tcp(b"127.0.0.1", port)
        self._library.modbus_set_slave(self._line, ADDRESS)
        if self._library.modbus_connect(self._line) != 0:
            raise RuntimeError(f"libmodbus does not connect to port {port}")

    def read(self, first: int, count: int) -> list[int]:
        """Read input registers."""
        words = (ctypes.c_uint16 * count)()
        got = self._library.modbus_read_input_registers(self._line, first, count, words)
        assert count == got, (first, count, got)
        return list(words)

    def close(self) -> None:
        """Hang up."""
        self._library.modbus_close(self._line)
        self._library.modbus_free(self._line)


def _libmodbus() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        raise NotMeasured(f"{LIBRARY} is missing (Debian: libmodbus5)") from None
    pointer = ctypes.c_void_p
    library.modbus_new_tcp.restype = pointer
    library.modbus_set_slave.argtypes = [pointer, ctypes.c_int]
    for name in ("connect", "close", "free"):
        getattr(library, f"modbus_{name}").argtypes = [pointer]
    reading = [pointer, ctypes.c_int, ctypes.c_int, pointer]
    library.modbus_read_input_registers.argtypes = reading
    return library


@contextmanager
def client_of(server: str) -> Iterator[Client]:
    """Run a server, and connect to it."""
    with running([sys.executable, str(PEERS / SERVERS[server])]) as (_, port):
        client = Client(int(port))
        try:
            yield client
        finally:
            client.close()


def reads_a_second(client: Client, block: tuple[int, int], seconds: float) -> float:
    """Read a block again and again for a while."""
    number, watch = 0, stopwatch()
    while watch() < seconds:
        client.read(*block)
        number += 1
    return number / watch()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; exit 1 where the gateway misses its target."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each server ({RUNS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of each run ({SECONDS:g})")
    chosen = parser.parse_args(arguments)
    best: dict[tuple[str, str], float] = {}
    try:
        for _ in range(chosen.runs):
            for server in SERVERS:
                with client_of(server) as client:
                    for name, block in BLOCKS.items():
                        reads = reads_a_second(client, block, chosen.seconds)
                        best[server, name] = max(reads, best.get((server, name), 0.0))
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 0
    ratios = []
    for name in BLOCKS:
        ours, peer = (best[server, name] for server in SERVERS)
        ratios.append(ours / peer)
        print(f"{name:13} {ours:>7,.0f} reads a second, pymodbus {peer:>7,.0f}: {ours / peer:.2f}")
    print(f"target: {TARGET}; reached: {min(ratios):.2f}")
    return 0 if min(ratios) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
