"""
The charger's own page on HTTP; what it shows and takes stands in `page`.

``GET /state`` gives all that it shows, ``GET /changes`` the sections that change, as server-sent
events; a person's hands are ``POST /verbs/…``, settings ``POST /configuration``, ``POST /settings``
and ``POST /faults``. What is refused is answered with one sentence: 400 where the request has not
the right form, 409 where the charger cannot do it now.

A page in another tab or on another site cannot use a charger through somebody's browser: names
that anybody can point at this address are refused as Host, a request from another origin is
refused, and a body must be JSON, which a browser does not send elsewhere without asking. There is
no login: whoever can reach the address can use the charger, as whoever stands before it can.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from simulators.charger_inch import Card, ChargerInch, page
from simulators.clock import Alarm, Clock
from simulators.errors import NotAccepted, NotPossible

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Deed = Callable[[ChargerInch, object], Awaitable[None]]

PUSH_EVERY_S = 0.5
"""How often, at most, changes are told."""

BODY_LIMIT_BYTES = 16 * 1024
LISTENERS_LIMIT = 16
"""How many may have changes told to them at once."""

WRITE_LIMIT_S = 10
"""How long, in real time, a listener may take for what is told to it."""

GOODBYE_S = 2
"""How long, in real time, requests may still take when the page is closed."""

STATIC = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/chart.js": ("chart.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
"""What is served as it lies in ``web/``: nothing else is, whatever is asked for."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _Refused(Exception):
    """A request that does not get as far as the charger."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence


class WebPage:
    """
    The page of one charger.

    Parameters:
        charger: whose.
        clock: the charger's; changes are told by it.
        cards: which cards lie beside the charger, to be shown with one touch.
        push_every_s: how often, at most, changes are told.
    """

    def __init__(
        self,
        charger: ChargerInch,
        clock: Clock,
        *,
        cards: Sequence[Card] = (),
        push_every_s: float = PUSH_EVERY_S,
    ) -> None:
        self._charger = charger
        self._clock = clock
        self._cards = tuple(cards)
        self._push_every = timedelta(seconds=push_every_s)
        self._listeners: set[asyncio.Event] = set()
        self._alarm: Alarm | None = None
        self._is_closing = False
        self._runner: web.AppRunner | None = None
        self._host = ""
        self._names = _own_names()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """
        Serve the page on one address; port 0 takes a free one.

        Raises:
            NotPossible: If nobody can listen there.
        """
        app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=[self._guarded()])
        app.add_routes(self._routes())
        app.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)
        self._host = host
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host or None, port).start()
        except (OSError, OverflowError) as error:
            await self.stop()
            raise NotPossible(
                "serve its page",
                f"charger {self._charger.identity}",
                f"{host}:{port} cannot be listened on ({error}); {_remedy(error)}",
            ) from error

    @property
    def port(self) -> int:
        """The port it is served on."""
        return int(self._runner.addresses[0][1]) if self._runner is not None else 0

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/"

    async def stop(self) -> None:
        """Serve it no more; what listens is told good-bye."""
        self._is_closing = True
        if self._alarm is not None:
            self._alarm.cancel()
        for listener in self._listeners:
            listener.set()
        if self._runner is not None:
            await self._runner.cleanup()

    # ------------------------------------------------------------------ what is served

    def _routes(self) -> list[web.RouteDef]:
        deeds: dict[str, Deed] = {
            "/configuration": page.configure,
            "/settings": page.set_up,
            "/faults": page.switch,
        }
        return [
            *(web.get(path, _static(*what)) for path, what in STATIC.items()),
            web.get("/state", self._tell_state),
            web.get("/changes", self._tell_changes),
            web.post("/verbs/{verb}", self._do_verb),
            *(web.post(path, self._doing(deed)) for path, deed in deeds.items()),
        ]

    def _state(self) -> page.Json:
        return page.state(self._charger, self._cards)

    async def _tell_state(self, request: web.Request) -> web.Response:
        return web.json_response(self._state())

    async def _do_verb(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        if verb not in page.VERBS:
            raise _Refused(404, f"nobody can {verb} here; use one of {', '.join(page.VERBS)}")
        await page.do(self._charger, verb, await _body(request))
        return web.json_response({"state": self._state()})

    def _doing(self, deed: Deed) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            await deed(self._charger, await _body(request))
            return web.json_response({"state": self._state()})

        return handle

    # ------------------------------------------------------------------ what changes

    async def _tell_changes(self, request: web.Request) -> web.StreamResponse:
        if len(self._listeners) >= LISTENERS_LIMIT:
            raise _Refused(503, f"{LISTENERS_LIMIT} pages are open already; close one of them")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            await response.prepare(request)
            # A listener that is gone, or takes nothing, is told nothing more.
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self._tell_until_closed(response, listener)
        finally:
            self._listeners.discard(listener)
        return response

    async def _tell_until_closed(
        self, response: web.StreamResponse, listener: asyncio.Event
    ) -> None:
        shown: page.Json = {}
        while not self._is_closing:
            state = self._state()
            changed = {name: one for name, one in state.items() if shown.get(name, "") != one}
            shown = state
            if changed:
                async with asyncio.timeout(WRITE_LIMIT_S):
                    await response.write(b"data: " + json.dumps(changed).encode() + b"\n\n")
            listener.clear()
            self._ring_later()
            await listener.wait()

    def _ring_later(self) -> None:
        """Wait for the next moment to tell what has changed, as long as somebody listens."""
        if self._alarm is None and not self._is_closing:
            self._alarm = self._clock.call_at(self._clock.now() + self._push_every, self._ring)

    async def _ring(self) -> None:
        self._alarm = None
        for listener in self._listeners:
            listener.set()

    # ------------------------------------------------------------------ who may ask

    def _guarded(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                self._check(request)
                return await handler(request)
            except NotAccepted as error:
                return _problem(400, str(error), field=error.field)
            except NotPossible as error:
                # Who asked for it has seen something else than what is the case.
                return _problem(409, str(error), state=self._state())
            except _Refused as refused:
                return _problem(refused.status, refused.sentence)
            except web.HTTPException as error:
                return _problem(error.status, _sentence(request, error))

        return guard

    def _check(self, request: web.Request) -> None:
        host = request.headers.get("Host", "")
        if not self._is_ours(host):
            raise _Refused(
                403, f"this page is not called {host!r}; open it by its number, {self.address}"
            )
        if request.method in ("GET", "HEAD"):
            return
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise _Refused(403, f"a page of {origin!r} cannot use this charger; use its own page")
        if request.content_type != "application/json":
            raise _Refused(
                415, f"the body is {request.content_type}; send JSON as application/json"
            )

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        return name in self._names or _is_number(name)


def _remedy(error: OSError | OverflowError) -> str:
    """Say which of address and port stands in the way."""
    # From Python 3.13 on asyncio skips such addresses, and where none is left says so by no number.
    if isinstance(error, socket.gaierror) or (
        isinstance(error, OSError) and error.errno in (errno.EADDRNOTAVAIL, None)
    ):
        return "name an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"
    return "choose another port"


def _is_number(name: str) -> bool:
    """Tell a number from a name: nobody can make a browser take a number for their own site."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local"})


def _static(name: str, kind: str) -> Handler:
    content = files("simulators.charger_inch").joinpath("web", name).read_bytes()

    async def give(request: web.Request) -> web.Response:
        return web.Response(body=content, content_type=kind, charset="utf-8")

    return give


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


async def _body(request: web.Request) -> object:
    """Read the JSON of a request; a verb without fields may come without any."""
    content = await request.read()
    if not content:
        return {}
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _Refused(400, f"the body is no JSON ({error}); send an object") from error


def _problem(status: int, sentence: str, **more: object) -> web.Response:
    return web.json_response({"error": sentence, **more}, status=status)


def _sentence(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = " or ".join(sorted(error.allowed_methods))
        return f"{request.path} takes no {request.method}; use {allowed}"
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return f"the body is longer than {BODY_LIMIT_BYTES} bytes; send less"
    return f"there is nothing at {request.path}; the page is at /"
