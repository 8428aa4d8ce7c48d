"""Real servers for files, each on a free port of 127.0.0.1: FTP in a thread, HTTP in the loop."""

from __future__ import annotations

import base64
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer


@contextlib.contextmanager
def ftp_server(folder: Path, user: str = "bench", password: str = "s3cret/:@") -> Iterator[int]:
    """Serve a folder over FTP to one user; gives the port."""
    logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
    authorizer = DummyAuthorizer()
    authorizer.add_user(user, password, str(folder), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    server = FTPServer(("127.0.0.1", 0), handler)
    ending = threading.Event()

    def serve() -> None:
        # Whose loop it is closes it: nobody else knows when it waits.
        while not ending.is_set():
            server.ioloop.loop(0.05, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        ending.set()
        thread.join(5)


@dataclass
class HttpDepot:
    """What an HTTP server has, takes and answers."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    login: str = ""
    status: int = 201


@contextlib.asynccontextmanager
async def http_server() -> AsyncIterator[HttpDepot]:
    """Serve files over HTTP, and take them by PUT."""
    depot = HttpDepot()

    async def answer(request: web.Request) -> web.Response:
        told = request.headers.get("Authorization", "")
        depot_login = f"Basic {base64.b64encode(depot.login.encode()).decode()}"
        if depot.login and told != depot_login:
            return web.Response(status=401)
        if request.method == "PUT":
            depot.files[request.path] = await request.read()
            return web.Response(status=depot.status)
        if request.path not in depot.files:
            return web.Response(status=404)
        return web.Response(body=depot.files[request.path])

    application = web.Application(client_max_size=200 * 2**20)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    depot.port = runner.addresses[0][1]
    try:
        yield depot
    finally:
        await runner.cleanup()
