"""The web server: the API and the pages on one port, behind one guard."""

from __future__ import annotations

import logging
from http import HTTPStatus

from aiohttp import web

from backend.errors import BackendError, SettingsError
from backend.settings import WebSettings
from backend.web.api import Api, problem_of
from backend.web.guard import HEADERS, Guard, Handler
from backend.web.pages import Pages, problem_page
from backend.web.site import Site, Time

_log = logging.getLogger(__name__)

#: A local list of 10,000 cards fits.
BODY_BYTES_MAX = 4 * 2**20
_SHUTDOWN_S = 2.0


class WebServer:
    """
    The server.

    Parameters:
        site: what is shown and asked.
        settings: where it listens, and the token.
        time: for the ends of logins.
    """

    def __init__(self, site: Site, settings: WebSettings, time: Time) -> None:
        self._settings = settings
        self._guard = Guard(settings, time)
        self._app = web.Application(
            middlewares=[self._answer], client_max_size=BODY_BYTES_MAX, logger=_log
        )
        Api(site).add_to(self._app.router)
        Pages(site, self._guard).add_to(self._app.router)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """
        Listen.

        Returns:
            The address: ``http://127.0.0.1:9080``.
        """
        settings = self._settings
        # No access log: it would hold what stands in addresses.
        # Who leaves is not served on: a command of theirs that still waits is not sent any more.
        runner = web.AppRunner(
            self._app, access_log=None, shutdown_timeout=_SHUTDOWN_S, handler_cancellation=True
        )
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise SettingsError(
                f"cannot be listened on ({error.strerror or error})",
                f"[web], host {settings.host!r} and port {settings.port}",
                "name an address of this machine and a port that is free, or port 0",
            ) from error
        self._runner = runner
        host, port = runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Listen no more, and end what is under way."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in, and see that every answer has its headers, errors too."""
        try:
            response = await self._guard.let_in(request, handler)
        except web.HTTPException as error:
            response = _refusal(request, error)
        except BackendError as error:
            response = _refusal(request, error)
        except Exception as error:
            _log.exception("%s %s failed", request.method, request.path)
            response = _refusal(request, error)
        response.headers.update(HEADERS)
        return response


def _refusal(request: web.Request, error: Exception) -> web.StreamResponse:
    if isinstance(error, web.HTTPException) and error.status < 400:
        return _plain(error)
    problem = problem_of(error)
    if request.path.startswith("/api/"):
        return problem
    detail = "the backend failed; its log says why"
    if isinstance(error, web.HTTPException):
        detail = error.text or error.reason
    elif isinstance(error, BackendError):
        detail = str(error)
    return problem_page(problem.status, HTTPStatus(problem.status).phrase, detail)


def _plain(moved: web.HTTPException) -> web.Response:
    """Give a redirection as a response, with its cookies."""
    response = web.Response(status=moved.status, headers={"Location": moved.headers["Location"]})
    for name, morsel in moved.cookies.items():
        response.cookies[name] = morsel
    return response
