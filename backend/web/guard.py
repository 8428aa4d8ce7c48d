"""
Who may come in, and what a browser may do with what it gets.

Rule 1: who has the token may do everything; nobody else may do anything. Programs send it as a
bearer token; a person enters it once and gets a cookie that no script can read and that no other
site can have sent (HttpOnly, SameSite=Strict).
Rule 2: the API goes by the token alone and the pages by the cookie alone, so that no other site can
make a browser ask the API for something in its user's name. A page's form also carries a word that
only the page knows, and must come from here.
Rule 3: comparing takes the same time whatever is wrong.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from backend.settings import WebSettings
from backend.web.site import Time

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SESSION_LASTS = timedelta(hours=12)
SESSIONS_MOST = 100
OUTCOMES_MOST = 20
OPEN_PATHS = ("/login", "/static/", "/api/openapi.json")

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer: no script but the page's own, nobody's frame, nothing kept."""


@dataclass(slots=True)
class WebSession:
    """
    A person who is logged in.

    Attributes:
        word: what forms carry.
        ends: when the login is over.
        outcomes: what became of the last commands, by number.
    """

    word: str
    ends: datetime
    outcomes: OrderedDict[int, Any] = field(default_factory=OrderedDict)
    _last: int = 0

    def keep(self, outcome: object) -> int:
        """Keep what became of a command; gives its number."""
        self._last += 1
        self.outcomes[self._last] = outcome
        if len(self.outcomes) > OUTCOMES_MOST:
            self.outcomes.popitem(last=False)
        return self._last


class Guard:
    """Knows the token and who is logged in."""

    def __init__(self, settings: WebSettings, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._sessions: OrderedDict[str, WebSession] = OrderedDict()
        self.cookie = "__Host-isebench" if settings.behind_https else "isebench"

    def knows(self, token: str) -> bool:
        """Tell whether a text is the token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._settings.token.encode())

    # ------------------------------------------------------------ people

    def log_in(self, response: web.StreamResponse) -> None:
        """Begin a session and give its cookie."""
        name = secrets.token_urlsafe(32)
        now = self._time.now()
        self._sessions[name] = WebSession(secrets.token_urlsafe(32), now + SESSION_LASTS)
        if len(self._sessions) > SESSIONS_MOST:
            self._sessions.popitem(last=False)
        response.set_cookie(
            self.cookie,
            name,
            max_age=int(SESSION_LASTS.total_seconds()),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._settings.behind_https,
        )

    def log_out(self, request: web.Request, response: web.StreamResponse) -> None:
        """End a session."""
        self._sessions.pop(request.cookies.get(self.cookie, ""), None)
        response.del_cookie(self.cookie, path="/")

    def session_of(self, request: web.Request) -> WebSession | None:
        """Give the session of a request; None for who is not logged in."""
        name = request.cookies.get(self.cookie, "")
        found = self._sessions.get(name)
        if found is not None and found.ends <= self._time.now():
            del self._sessions[name]
            return None
        return found

    def person(self, request: web.Request) -> WebSession:
        """
        Give the session of a request.

        Raises:
            HTTPSeeOther: To the login, for who is not logged in.
        """
        session = self.session_of(request)
        if session is None:
            raise web.HTTPSeeOther("/login")
        return session

    async def check_form(self, request: web.Request) -> Mapping[str, str]:
        """
        Give the fields of a form that was sent from one of our pages.

        Raises:
            HTTPForbidden: If it may have come from elsewhere.
        """
        check_origin(request)
        fields = {name: str(value) for name, value in (await request.post()).items()}
        word, wanted = fields.pop("word", ""), self.person(request).word
        if not hmac.compare_digest(word.encode("utf-8", "replace"), wanted.encode()):
            raise web.HTTPForbidden(text="this form is an old one; go back and load it again")
        return fields

    # ------------------------------------------------------------ every request

    async def let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or send it away."""
        path = request.path
        if path in OPEN_PATHS or path.startswith("/static/"):
            return await handler(request)
        if path.startswith("/api/"):
            self._check_token(request)
            return await handler(request)
        self.person(request)
        return await handler(request)

    def _check_token(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.knows(token.strip()):
            raise web.HTTPUnauthorized(
                text="send the token of the settings: Authorization: Bearer …",
                headers={"WWW-Authenticate": 'Bearer realm="isebench"'},
            )


def check_origin(request: web.Request) -> None:
    """
    See that a browser sent a form from here; browsers without Sec-Fetch-Site say Origin.

    Raises:
        HTTPForbidden: If it came from another site.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "")
    is_ours = not origin or origin == "null" or origin.partition("://")[2] == request.host
    if site not in ("same-origin", "none") or not is_ours:
        raise web.HTTPForbidden(text="this form was sent from another site")
