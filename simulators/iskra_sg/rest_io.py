"""
The gateway's web server: the REST API (`rest`), the page, and the bench's own corner.

``/api…`` is the manual's (§4.2), described by ``/openapi.json``; ``/`` is the page; ``/bench…`` is
no part of the device: by it a person feeds loads, moves clocks, touches the button and switches
faults. A client that is not logged in is answered 403 where the lock is on, never 401: public
clients take a 401 for a broken line. The lock is the gateway's and does not close the bench's
corner: who reaches it stands before the device.

A page of another site cannot use a gateway through somebody's browser: what changes something has
to be JSON, from the page's own origin, under a name that is the gateway's.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from simulators.errors import NotAccepted, NotPossible
from simulators.iskra_sg import GatewaySg, bench_page, histories, openapi, rest
from simulators.iskra_sg.udp_io import own_address

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Json = dict[str, Any]

PORT = 80
WIRE = "rest"
BODY_LIMIT_BYTES = 320 * 1024
GOODBYE_S = 2
"""How long, in real time, requests may still take when the server is closed."""

SCRIPTS = (
    "page",
    "dom",
    "graphs",
    "profile",
    "settings",
    "automation",
    "automation_tree",
    "automation_windows",
    "automation_words",
    "bench",
)
STATIC = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    **{f"/{name}.js": (f"{name}.js", "text/javascript") for name in SCRIPTS},
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
    "Cache-Control": "no-store",
}


class _Refused(Exception):
    """A request that does not get as far as the gateway."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence


class RestPort:
    """
    The web server of a gateway.

    Parameters:
        gateway: whose.
        port: 80 at a real one; 0 takes a free one, which it keeps.
        more: routes of other parts of the gateway, behind the same lock.
    """

    def __init__(
        self, gateway: GatewaySg, port: int = PORT, more: list[web.RouteDef] | None = None
    ) -> None:
        self.port = port
        self._gateway = gateway
        self._more = more or []
        self._runner: web.AppRunner | None = None
        self._document = openapi.document()

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        host = self._gateway.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    async def start(self) -> None:
        """
        Serve.

        Raises:
            NotPossible: If nobody can listen there.
        """
        app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=[self._guarded()])
        app.add_routes([*self._routes(), *self._more])
        app.on_response_prepare.append(_add_headers)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)
        await self._runner.setup()
        host = self._gateway.host
        try:
            await web.TCPSite(self._runner, host, self.port).start()
        except (OSError, OverflowError) as error:
            await self.stop()
            why = f"{host}:{self.port} cannot be listened on ({error}); {_remedy(error)}"
            raise NotPossible("serve its page", self._gateway.name, why) from error
        self.port = int(self._runner.addresses[0][1])

    async def settle(self) -> None:
        """Do nothing: no setting changes how it listens."""

    async def stop(self) -> None:
        """Serve no more."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    # ------------------------------------------------------------------ what is served

    def _routes(self) -> list[web.RouteDef]:
        handlers = {
            name: getattr(self, f"_{name}") for name in {o.name for o in openapi.OPERATIONS}
        }
        return [
            *(web.get(path, _static(*what)) for path, what in STATIC.items()),
            web.get("/openapi.json", self._tell_document),
            web.get("/bench", self._tell_bench),
            web.post("/bench/{verb}", self._do_bench),
            *(
                web.route(one.method.upper(), one.path, handlers[one.name])
                for one in openapi.OPERATIONS
            ),
        ]

    async def _tell_document(self, request: web.Request) -> web.Response:
        return _json(self._document)

    async def _login(self, request: web.Request) -> web.Response:
        cookie = rest.login(self._gateway.now.settings, await _body(request))
        if cookie is None:
            raise _Refused(403, "the user name or the password is wrong")
        answer = _json({"authenticated": True})
        # The library would put quotes around the blank, and clients would send them back.
        answer.headers["Set-Cookie"] = f"{rest.COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict"
        return answer

    async def _logout(self, request: web.Request) -> web.Response:
        await _nothing(request)
        answer = _json({"authenticated": False})
        answer.headers["Set-Cookie"] = (
            f"{rest.COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        )
        return answer

    async def _status(self, request: web.Request) -> web.Response:
        return _json(rest.status(self._gateway.now, self._own_ip(request)))

    def _own_ip(self, request: web.Request) -> str:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        host = self._gateway.host
        try:
            return own_address(host, peer[:2]) if peer else host
        except ValueError:  # a name, or IPv6
            return host

    async def _blink(self, request: web.Request) -> web.Response:
        self._gateway.now.blink()
        return _json({"blinks_s": 30})

    async def _settings(self, request: web.Request) -> web.Response:
        return _json(rest.settings_shown(self._gateway.now.settings))

    async def _set(self, request: web.Request) -> web.Response:
        settings = rest.settings_changed(self._gateway.now.settings, await _body(request))
        await self._gateway.set(settings)
        return await self._settings(request)

    async def _networks(self, request: web.Request) -> web.Response:
        return _json(rest.networks(self._gateway.now))

    async def _devices(self, request: web.Request) -> web.Response:
        return _json(rest.devices(self._gateway.now))

    async def _describe(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        return _json(rest.describe(self._gateway.now, fields))

    async def _measurement(self, request: web.Request) -> web.Response:
        number = await self._asked(request)
        return _json(rest.measurements(self._gateway.now, number))

    async def _counter(self, request: web.Request) -> web.Response:
        number = await self._asked(request)
        return _json(rest.counters(self._gateway.now, number))

    async def _asked(self, request: web.Request) -> int:
        """Ask the meter, which may be slow."""
        number = _number(request)
        await self._gateway.take_time(rest.meter_at(self._gateway.now, number))
        return number

    async def _bicoms(self, request: web.Request) -> web.Response:
        return _json(rest.bicoms(self._gateway.now))

    async def _bicom(self, request: web.Request) -> web.Response:
        place, bicom, is_on = rest.bicom_asked(self._gateway.now, await _body(request))
        await self._gateway.switch(bicom, is_on)
        return _json(rest.bicom_told(place))

    async def _scan(self, request: web.Request) -> web.Response:
        return _json(rest.scanned(self._gateway.now))

    async def _parameters(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        return _json(rest.set_parameters(self._gateway.now, fields))

    async def _add(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        await self._gateway.set(rest.with_found(self._gateway.now, fields))
        return await self._settings(request)

    async def _recorders(self, request: web.Request) -> web.Response:
        return _json(rest.recorders(self._gateway.now))

    async def _recorder(self, request: web.Request) -> web.Response:
        return _json(rest.recorder(self._gateway.now, _number(request)))

    async def _recorder_csv(self, request: web.Request) -> web.Response:
        gateway, number = self._gateway.now, _number(request)
        found = rest.recorder_of(gateway, number)
        scope = request.query.get("scope", "daily")
        if scope not in histories.SCOPES:
            raise NotAccepted("scope", scope, f"take one of {', '.join(histories.SCOPES)}")
        text = histories.as_csv(gateway.history(number - 1), scope, rest.unit_of(gateway, found))
        name = f"{self._gateway.name}-recorder-{number}-{scope}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(text=text, content_type="text/csv", headers=headers)

    async def _clear_recorder(self, request: web.Request) -> web.Response:
        number = _number(request)
        await _nothing(request)
        rest.recorder_of(self._gateway.now, number)
        self._gateway.now.clear_recorder(number - 1)
        return _json(rest.recorder(self._gateway.now, number))

    async def _load_profile(self, request: web.Request) -> web.Response:
        return _json(rest.load_profile(self._gateway.now, _number(request)))

    async def _clear_load_recorder(self, request: web.Request) -> web.Response:
        number = _number(request)
        await _nothing(request)
        gateway = self._gateway.now
        gateway.clear_load_recorder(rest.meter_place(gateway, number).index)
        return _json(rest.load_profile(gateway, number))

    async def _automation(self, request: web.Request) -> web.Response:
        return _json(rest.automation(self._gateway.now))

    async def _set_automation(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        return _json(rest.set_automation(self._gateway.now, fields))

    async def _files(self, request: web.Request) -> web.Response:
        return _json(rest.files(self._gateway.now))

    async def _add_file(self, request: web.Request) -> web.Response:
        fields = await _body(request)
        return _json(rest.add_file(self._gateway.now, fields))

    async def _file(self, request: web.Request) -> web.Response:
        return _json(rest.file(self._gateway.now, request.match_info["name"]))

    async def _delete_file(self, request: web.Request) -> web.Response:
        gateway, name = self._gateway.now, request.match_info["name"]
        rest.file(gateway, name)
        gateway.files.delete(name)
        return _json(rest.files(gateway))

    async def _upgrade(self, request: web.Request) -> web.Response:
        given = rest.Given(await _body(request))
        url = given.text("url", 500)
        given.no_more()
        await self._gateway.upgrade(url)
        return _json({"upgrade_status": self._gateway.now.upgrade.status})

    async def _set_time(self, request: web.Request) -> web.Response:
        instant = rest.instant_asked(await _body(request))
        gateway = self._gateway.now
        gateway.clock.set_to(instant.astimezone(UTC), gateway.at)
        return _json({"local_time": f"{gateway.local_time:%d.%m.%Y %H:%M:%S}"})

    # ------------------------------------------------------------------ the bench's corner

    async def _tell_bench(self, request: web.Request) -> web.Response:
        return _json(bench_page.state(self._gateway))

    async def _do_bench(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        if verb not in bench_page.VERBS:
            raise _Refused(404, f"the bench has no {verb!r}; it has {', '.join(bench_page.VERBS)}")
        await bench_page.VERBS[verb](self._gateway, rest.Given(await _body(request)))
        return _json(bench_page.state(self._gateway))

    # ------------------------------------------------------------------ who may ask

    def _guarded(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            reason = f"{self._gateway.name} answers {request.method} {request.path}"
            with self._gateway.clock.hold(reason):
                answer = await self._answer(request, handler)
                if request.path.startswith("/api"):
                    await self._note(request, answer)
                return answer

        return guard

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check(request)
            return await handler(request)
        except NotAccepted as error:
            return _problem(400, str(error), field=error.field)
        except NotPossible as error:
            return _problem(409, str(error))
        except rest.Unknown as error:
            return _problem(404, error.sentence)
        except rest.Silent as error:
            return _problem(409, error.sentence)
        except _Refused as refused:
            return _problem(refused.status, refused.sentence)
        except web.HTTPException as error:
            answer = _problem(error.status, _sentence(request, error))
            if isinstance(error, web.HTTPMethodNotAllowed):
                answer.headers["Allow"] = error.headers["Allow"]
            return answer

    def _check(self, request: web.Request) -> None:
        settings = self._gateway.now.settings
        is_locked = request.path.startswith("/api") and request.path != "/api/auth"
        if is_locked and not rest.may_pass(settings, request.headers.get("Cookie", "")):
            raise _Refused(403, "log in first: POST /api/auth, or the cookie Authorization")
        if request.method in ("GET", "HEAD"):
            return
        host = request.headers.get("Host", "")
        if not self._is_ours(host):
            raise _Refused(403, f"this gateway is not called {host!r}; ask it by its number")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise _Refused(403, f"a page of {origin!r} cannot use this gateway; use its own page")
        if request.method == "POST" and request.content_type != "application/json":
            raise _Refused(415, f"the body is {request.content_type}; send application/json")

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        own = (socket.gethostname().lower(), self._gateway.name.lower())
        return name in ("localhost", *own, *(f"{one}.local" for one in own)) or _is_number(name)

    async def _note(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Note what has been asked and what is answered; of a login not what was typed."""
        body = "" if request.path == "/api/auth" else await _text(request)
        asked = f"{request.method} {request.path_qs} {body}".rstrip()
        said = answer.text if isinstance(answer, web.Response) else ""
        tap, name = self._gateway.tap, self._gateway.name
        tap.note(WIRE, "client", name, asked)
        tap.note(WIRE, name, "client", f"{answer.status} {said or ''}".rstrip())


def _remedy(error: OSError | OverflowError) -> str:
    """Say which of address and port stands in the way."""
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


def _static(name: str, kind: str) -> Handler:
    content = files("simulators.iskra_sg").joinpath("web", name).read_bytes()

    async def give(request: web.Request) -> web.Response:
        return web.Response(body=content, content_type=kind, charset="utf-8")

    return give


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _number(request: web.Request) -> int:
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise rest.Unknown(f"there is no {text[:40]!r}; give a whole number")
    return int(text)


async def _body(request: web.Request) -> object:
    """Read the JSON of a request; without a body it is an empty object."""
    content = await request.read()
    if not content:
        return {}
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _Refused(400, f"the body is no JSON ({error}); send an object") from error


async def _nothing(request: web.Request) -> None:
    rest.Given(await _body(request)).no_more()


async def _text(request: web.Request) -> str:
    try:
        return (await request.read()).decode(errors="replace")
    except web.HTTPException:  # too long: it has been refused
        return ""


def _json(body: Json) -> web.Response:
    return web.json_response(body)


def _problem(status: int, sentence: str, **more: str) -> web.Response:
    return web.json_response({"error": sentence, **more}, status=status)


def _sentence(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = " or ".join(sorted(error.allowed_methods))
        return f"{request.path} takes no {request.method}; use {allowed}"
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return f"the body is longer than {BODY_LIMIT_BYTES} bytes; send less"
    return f"there is nothing at {request.path}; the API is described at /openapi.json"
