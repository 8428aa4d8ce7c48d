"""
How much memory 1,000 idle connections take, beside the bare `ocpp` library.

A server is started in a process of its own; 1,000 chargers connect, and say nothing more. What is
measured is how much the memory that the process really holds (VmRSS) has grown since the first
charger had come and gone. The same for a server of `ocpp` and `websockets` as their documentation
shows it. Exit code 1 where the backend's is above the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from servers import Server, bare_ocpp, identity, line_to, ours

CONNECTIONS = 1_000
LIMIT_MB = 22.0
#: So many connect at once; a listening socket lets only so many wait.
_AT_ONCE = 50
#: Descriptors that a process needs beside those of its connections.
_OTHER_FILES = 200


async def growth_mb(server: Server, count: int) -> float:
    """Connect so many, and give by how much the server has grown."""
    for number in range(_AT_ONCE):
        await (await line_to(server, identity(number))).close()
    before = server.memory_mb()
    lines = []
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        lines += await asyncio.gather(*(line_to(server, identity(one)) for one in numbers))
    grown = server.memory_mb() - before
    for line in lines:
        # All are still there.
        await asyncio.wait_for(await line.ping(), 30)
    await asyncio.gather(*(line.close() for line in lines))
    return grown


@contextmanager
def backend(count: int) -> Iterator[Server]:
    """Run the backend on a file of its own."""
    with tempfile.TemporaryDirectory() as folder, ours(Path(folder), count) as server:
        yield server


def measured(peer: AbstractContextManager[Server], count: int) -> float:
    """Start a server and measure it."""
    with peer as server:
        return asyncio.run(growth_mb(server, count))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; exit 1 above the limit."""
    parser = argparse.ArgumentParser(description="Memory of idle connections.")
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    count = parser.parse_args(arguments).connections
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES
    if most != resource.RLIM_INFINITY and most < wanted:
        print(f"not measured: a process may open {most} files here, {wanted} are needed")
        return 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    reached, bare = measured(backend(count), count), measured(bare_ocpp(), count)
    each = 1e6 / 1024 / count
    print(f"{count:,} idle connections, growth of the server's memory")
    print(f"isebench backend   {reached:5.1f} MB ({reached * each:4.1f} KiB each)")
    print(f"ocpp + websockets  {bare:5.1f} MB ({bare * each:4.1f} KiB each)")
    print(f"ratio: {reached / bare:.2f}; limit for the backend: {LIMIT_MB:g} MB")
    return 0 if reached <= LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
