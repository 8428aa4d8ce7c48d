"""
A backend that is not ours, for the length of one scenario.

It is started with what the scenario declares as a file of JSON, and tells its addresses in one
line; or it stands already, and is brought to a new beginning. What else the bench asks of it goes
to its control address, and what it does not offer there is not applicable to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from backend.errors import BackendError, CommandError, DeviceError, Refused
from backend.ports import Step
from harness.targets.control import Control, ControlRefused
from harness.targets.errors import NotOffered, TargetRefuses, TargetTrouble
from harness.targets.target_file import Target

REFUSES = 2
"""The exit code with which a target says that it does not accept its settings."""
LINE_BYTES_MAX = 1 << 16
SAID_CHARS_MAX = 2_000
LEFT_BEHIND_S = 1.0
"""How long, in real seconds, is read on of who has ended, if another holds its output open."""


@dataclass(frozen=True, slots=True)
class ForeignDelivery:
    """A file on its way, as a target tells of it; see `backend.adapters.ledger.DeliveryView`."""

    name: str
    state: str
    tries: int = 0
    cause: str | None = None
    error: str | None = None
    next_try_at: datetime | None = None


class ForeignBackend:
    """
    A target at work.

    Parameters:
        target: what is known of it.
        settings: what the scenario declares, as the settings of the bundled backend have it.
        folder: of the scenario, for the file of these.
        start: the scenario's first instant.
    """

    def __init__(
        self, target: Target, settings: Mapping[str, Any], folder: Path, start: datetime
    ) -> None:
        self._target = target
        self._settings = settings
        self._folder = folder
        self._start = start
        self._process: asyncio.subprocess.Process | None = None
        self._errors = b""
        self._reading: list[asyncio.Task[None]] = []
        self._told: Mapping[str, Any] = {}
        #: Where it is asked for what chargers and files cannot tell.
        self.control = Control(None, target.answers_within_s)

    # ------------------------------------------------------------------ its life

    async def start(self) -> None:
        """
        Start it, or bring it to a new beginning, and learn its addresses.

        Raises:
            TargetRefuses: If it does not accept its settings.
            TargetTrouble: If it does not come up.
        """
        target = self._target
        path = self._folder / "declared.json"
        path.write_text(json.dumps(self._settings, indent=1, default=str), encoding="utf-8")
        if target.start:
            self._told = await self._come_up(self._command(target.start, path))
        else:
            if target.reset:
                await self._reset(self._command(target.reset, path))
            self._told = target.addresses
        self.control = Control(self._told.get("control"), target.answers_within_s)

    def _command(self, words: Sequence[str], settings: Path) -> list[str]:
        places = {
            "{settings}": str(settings),
            "{folder}": str(self._folder),
            "{start}": self._start.isoformat(),
            "{factor}": str(self._target.factor),
        }
        found = []
        for word in words:
            for place, value in places.items():
                word = word.replace(place, value)
            found.append(word)
        return found

    async def _come_up(self, command: list[str]) -> dict[str, Any]:
        process = self._process = await self._run(command)
        assert process.stdout is not None  # noqa: S101 - it was asked for
        limit_s = self._target.starts_within_s
        try:
            async with asyncio.timeout(limit_s):
                line = await process.stdout.readline()
        except TimeoutError:
            self._reading.append(asyncio.create_task(_drain(process.stdout)))
            await self.stop()
            raise TargetTrouble(
                f"{self._target.name} has told no addresses within {limit_s:g} s{self._said()}"
            ) from None
        except ValueError:
            line = b"a line without an end"
        # What else it says is of no use, but who does not read on blocks it in the end.
        self._reading.append(asyncio.create_task(_drain(process.stdout)))
        if not line:
            # Who has closed its output may go on all the same; then it is ended.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await process.wait()
            code = process.returncode
            await self.stop()
            if code is None:
                raise TargetTrouble(
                    f"{self._target.name} has closed its output and told no addresses{self._said()}"
                )
            if code == REFUSES:
                raise TargetRefuses(self._errors.decode(errors="replace").strip())
            raise TargetTrouble(
                f"{self._target.name} has ended with {code} instead of listening{self._said()}"
            )
        told = _addresses(line)
        if told is None:
            await self.stop()
            raise TargetTrouble(
                f"{self._target.name} must tell its addresses in its first line, as in "
                f'{{"ocpp": "ws://127.0.0.1:9000", "control": "http://127.0.0.1:9100"}}, and says '
                f"{line[:200]!r}"
            )
        return told

    async def _run(self, command: list[str]) -> asyncio.subprocess.Process:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._target.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_BYTES_MAX,
                # A group of its own, so that what it has started ends with it.
                start_new_session=True,
            )
        except OSError as error:
            raise TargetTrouble(
                f"{command[0]} cannot be run ({error.strerror}); mend the command of the target"
            ) from error
        self._errors = b""
        self._reading = [asyncio.create_task(self._listen(process))]
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        while said := await process.stderr.read(4096):
            self._errors = (self._errors + said)[-SAID_CHARS_MAX:]

    async def _reset(self, command: list[str]) -> None:
        process = await self._run(command)
        assert process.stdout is not None  # noqa: S101 - it was asked for
        self._reading.append(asyncio.create_task(_drain(process.stdout)))
        limit_s = self._target.starts_within_s
        try:
            async with asyncio.timeout(limit_s):
                await process.wait()
        except TimeoutError:
            raise TargetTrouble(f"{command[0]} has not ended within {limit_s:g} s") from None
        finally:
            await self._end(process)
        if process.returncode == REFUSES:
            raise TargetRefuses(self._errors.decode(errors="replace").strip())
        if process.returncode:
            raise TargetTrouble(f"{command[0]} has ended with {process.returncode}{self._said()}")

    def _said(self) -> str:
        said = self._errors.decode(errors="replace").strip()
        return f": {said}" if said else ", without a word"

    async def stop(self) -> None:
        """
        Let it end; one that does not is killed.

        Raises:
            TargetTrouble: If it had ended by itself, so that nothing can be said of it.
        """
        await self.control.close()
        process, self._process = self._process, None
        if process is None:
            return
        had_ended = _has_ended(process)
        if not had_ended:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._target.starts_within_s):
                    await process.wait()
        await self._end(process)
        if had_ended and self._told:
            code = process.returncode
            raise TargetTrouble(
                f"{self._target.name} has ended with {code} in the middle{self._said()}"
            )

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Kill what is left of a command and of what it has started, and read its last words."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        # Who has left the group may still hold the output open; nobody waits for that one.
        _, left = await asyncio.wait(self._reading, timeout=LEFT_BEHIND_S)
        for reading in left:
            reading.cancel()

    # ------------------------------------------------------------------ where it is

    @property
    def address(self) -> str:
        """Where chargers connect, without their identity."""
        return str(self._told.get("ocpp", ""))

    @property
    def web_address(self) -> str:
        """Where its web page and its API are, which are those of the bundled backend."""
        return str(self._address("web", "the operator's page and API of the bundled backend"))

    @property
    def database(self) -> Path:
        """Where its database lies, which is one of the bundled backend."""
        return Path(self._address("database", "the database of the bundled backend"))

    def push_address(self, gateway: str) -> tuple[str, int]:
        """Give host and port where the pushes of a gateway are listened for."""
        host, port = self._address("push", "where smart gateways push to")[gateway]
        return str(host), int(port)

    def _address(self, name: str, what: str) -> Any:
        if not self._told.get(name):
            raise NotOffered(f"the target tells no {name}: {what}")
        return self._told[name]

    # ------------------------------------------------------------------ what it is asked

    @property
    def commands(self) -> ForeignBackend:
        """The operator's hand."""
        return self

    async def run(
        self, station: str, action: str, payload: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send a command, see `face.Commands.run`."""
        asked = {"station": station, "action": action, "payload": dict(payload)}
        told = await self._ask("command", asked)
        remedy = "the target says so at its control address"
        if "refused" in told:
            code, description = told["refused"], str(told.get("description", ""))
            raise Refused(str(code), description, f"refused with {code}", station, remedy)
        if "breaks" in told:
            what = str(told.get("detail", "it must not be sent"))
            field, rule = str(told.get("field", "")), str(told["breaks"])
            raise CommandError(what, station, remedy, field=field, rule=rule)
        if not isinstance(told.get("answer"), dict):
            raise _nonsense("command", told)
        return told["answer"], dict(payload)

    async def remote_start(self, station: str, id_tag: str) -> str:
        """Ask a charger to start a session."""
        return await self._status(
            station, "RemoteStartTransaction", {"idTag": id_tag, "connectorId": 1}
        )

    async def get_configuration(
        self, station: str, keys: Iterable[str] | None = None
    ) -> dict[str, str]:
        """Read configuration keys of a charger."""
        asked = {} if keys is None else {"key": list(keys)}
        answer, _ = await self.run(station, "GetConfiguration", asked)
        return {one["key"]: one.get("value", "") for one in answer.get("configurationKey", [])}

    async def change_configuration(self, station: str, key: str, value: str) -> str:
        """Set a configuration key of a charger."""
        return await self._status(station, "ChangeConfiguration", {"key": key, "value": value})

    async def trigger(self, station: str, message: str) -> str:
        """Ask a charger to send a message now."""
        return await self._status(station, "TriggerMessage", {"requestedMessage": message})

    async def _status(self, station: str, action: str, payload: Mapping[str, Any]) -> str:
        answer, _ = await self.run(station, action, payload)
        return str(answer.get("status", ""))

    async def export_now(self, task: str, first_day: date, last_day: date) -> None:
        """Make the files of local days now, and deliver them."""
        first, last = first_day.isoformat(), last_day.isoformat()
        await self._ask("export", {"task": task, "first": first, "last": last})

    async def test_connection(self, account: str, destination: str) -> Sequence[Step]:
        """Try all that a delivery needs, step by step."""
        asked = {"account": account, "destination": destination}
        told = await self._ask("connection-test", asked)
        try:
            return [Step(one["name"], one["done"], one.get("words", "")) for one in told["steps"]]
        except (AttributeError, KeyError, TypeError) as error:
            raise _nonsense("connection-test", told) from error

    async def deliveries(self) -> Sequence[ForeignDelivery]:
        """Give all deliveries, in the order in which their files were made."""
        told = await self._ask("deliveries", {})
        try:
            return [_delivery(one) for one in told["deliveries"]]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _nonsense("deliveries", told) from error

    async def hold_delivery(self, task: str) -> ForeignDelivery | None:
        """Stop the delivery of a task's oldest file that has not arrived."""
        return await self._one_delivery("hold", task)

    async def release_delivery(self, task: str) -> ForeignDelivery | None:
        """Let it go on."""
        return await self._one_delivery("release", task)

    async def _one_delivery(self, path: str, task: str) -> ForeignDelivery | None:
        told = await self._ask(path, {"task": task})
        try:
            return None if told.get("delivery") is None else _delivery(told["delivery"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _nonsense(path, told) from error

    async def _ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self.control.ask(path, body)
        except ControlRefused as refused:
            remedy = "the target says so at its control address"
            kind = DeviceError if path == "command" else BackendError
            raise kind(str(refused), f"/{path}", remedy) from refused


def _has_ended(process: asyncio.subprocess.Process) -> bool:
    """Tell whether a process has ended by now; the loop learns of it only later."""
    if process.returncode is not None or not hasattr(os, "waitid"):
        return process.returncode is not None
    try:
        how = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return how is not None


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(LINE_BYTES_MAX):
        pass


def _addresses(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict) or not _is_url(told.get("ocpp"), "ws"):
        return None
    is_right = all(_is_url(told[one], "http") for one in ("web", "control") if told.get(one))
    return told if is_right else None


def _is_url(told: object, scheme: str) -> bool:
    return isinstance(told, str) and told.startswith((f"{scheme}://", f"{scheme}s://"))


def _delivery(told: Mapping[str, Any]) -> ForeignDelivery:
    again = told.get("next_try_at")
    return ForeignDelivery(
        name=str(told["name"]),
        state=str(told["state"]),
        tries=int(told.get("tries", 0)),
        cause=told.get("cause"),
        error=told.get("error"),
        next_try_at=None if again is None else datetime.fromisoformat(again),
    )


def _nonsense(path: str, told: Mapping[str, Any]) -> TargetTrouble:
    return TargetTrouble(f"/{path}: {str(told)[:SAID_CHARS_MAX]} is answered; see the protocol")
