"""
Backends that are elsewhere: real processes that come up, refuse, break down and hang.

And a central system from PyPI that is not ours, put under test as a user would.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from backend.errors import BackendError, CommandError, DeviceError, Refused
from harness.targets.control import Control, ControlRefused
from harness.targets.errors import NotOffered, TargetRefuses, TargetTrouble
from harness.targets.foreign import ForeignBackend
from harness.targets.target_file import read_target

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "targets" / "ocpp-csms"
START = datetime(2025, 6, 3, tzinfo=UTC)
PATIENT = "import signal, sys, json; print(json.dumps({}), flush=True); signal.pause()"


def started(folder: Path, code: str, more: str = "") -> ForeignBackend:
    """Give a target that runs some Python."""
    path = folder / "target.toml"
    command = json.dumps([sys.executable, "-c", code, "{settings}", "{start}"])
    path.write_text(f'name = "Theirs"\nstart = {command}\n{more}', encoding="utf-8")
    return ForeignBackend(read_target(path), {"station": []}, folder, START)


def addresses(**told: str) -> str:
    """Give Python that tells addresses, and waits for its end."""
    return PATIENT.format(repr(told))


class TestItsLife:
    """A target is started for a scenario, and ended with it."""

    def test_it_tells_its_addresses(self, tmp_path: Path) -> None:
        """In its first line; what it is given is a file."""
        backend = started(tmp_path, addresses(ocpp="ws://127.0.0.1:9000", web="http://x"))

        async def live() -> None:
            await backend.start()
            assert ("ws://127.0.0.1:9000", "http://x") == (backend.address, backend.web_address)
            await backend.stop()

        asyncio.run(live())

        assert {"station": []} == json.loads((tmp_path / "declared.json").read_text("utf-8"))

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("raise SystemExit('no database')", "has ended with 1 instead of listening: no data"),
            ("raise SystemExit(7)", "has ended with 7 instead of listening, without a word"),
            ("print('hello', flush=True)", "must tell its addresses in its first line"),
            ('print(\'{"web": "x"}\', flush=True)', "must tell its addresses"),
            ('print(\'{"ocpp": "rubbish"}\', flush=True)', "must tell its addresses"),
            ('print(\'{"ocpp": "ws://x", "control": 5}\', flush=True)', "must tell its addresses"),
            ("print('x' * 100_000, flush=True)", "must tell its addresses"),
        ],
    )
    def test_one_that_does_not_come_up(self, tmp_path: Path, code: str, words: str) -> None:
        """What it did, and what it said, is told."""
        with pytest.raises(TargetTrouble, match=re.escape(words)):
            asyncio.run(started(tmp_path, code).start())

    def test_one_that_stays_silent(self, tmp_path: Path) -> None:
        """It is ended."""
        backend = started(
            tmp_path, "import time; time.sleep(60)", "[time]\nstarts_within_s = 0.3\n"
        )

        with pytest.raises(TargetTrouble, match=r"told no addresses within 0\.3 s"):
            asyncio.run(backend.start())

    def test_one_that_refuses_its_settings(self, tmp_path: Path) -> None:
        """Exit code 2, and its sentence."""
        code = "import sys; sys.stderr.write('code: no such meter'); sys.exit(2)"

        with pytest.raises(TargetRefuses, match="code: no such meter"):
            asyncio.run(started(tmp_path, code).start())

    def test_one_that_cannot_be_run(self, tmp_path: Path) -> None:
        """The command is named."""
        path = tmp_path / "target.toml"
        path.write_text('name = "Theirs"\nstart = ["/no/such/program"]\n', encoding="utf-8")
        backend = ForeignBackend(read_target(path), {}, tmp_path, START)

        with pytest.raises(TargetTrouble, match=r"/no/such/program cannot be run \(No such file"):
            asyncio.run(backend.start())

    def test_one_that_ends_in_the_middle(self, tmp_path: Path) -> None:
        """Nothing can be said of it then, and that is told."""
        code = "import sys; print('{\"ocpp\": \"ws://x\"}', flush=True); sys.exit('out of memory')"
        backend = started(tmp_path, code)

        async def live() -> None:
            await backend.start()
            assert backend._process is not None
            await backend._process.wait()
            await backend.stop()

        with pytest.raises(TargetTrouble, match="has ended with 1 in the middle: out of memory"):
            asyncio.run(live())

    def test_one_that_has_just_ended_has_ended(self, tmp_path: Path) -> None:
        """Whether the loop has learned of it or not: no end of the scenario has ended it."""
        backend = started(
            tmp_path, 'print(\'{"ocpp": "ws://x"}\', flush=True); raise SystemExit(3)'
        )

        async def live() -> None:
            await backend.start()
            assert backend._process is not None
            _wait_behind_the_loop(backend._process.pid)
            await backend.stop()

        with pytest.raises(TargetTrouble, match="has ended with 3 in the middle"):
            asyncio.run(live())

    @pytest.mark.parametrize("is_over", [False, True], ids=["with it", "before it"])
    def test_what_it_has_started_ends_with_it(self, tmp_path: Path, is_over: bool) -> None:
        """A child that holds its output open keeps nobody waiting, and is not left behind."""
        code = (
            "import subprocess, sys, signal, pathlib\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            "pathlib.Path('child').write_text(str(child.pid))\n"
            'print(\'{"ocpp": "ws://x"}\', flush=True)\n'
            + ("sys.exit(7)" if is_over else "signal.pause()")
        )
        backend = started(tmp_path, code)

        async def live() -> None:
            await backend.start()
            if is_over:
                assert backend._process is not None
                _wait_behind_the_loop(backend._process.pid)
            await backend.stop()

        with pytest.raises(TargetTrouble) if is_over else contextlib.nullcontext():
            asyncio.run(live())

        child = int((tmp_path / "child").read_text("utf-8"))
        assert _is_gone(child)

    def test_one_that_will_not_end_is_killed(self, tmp_path: Path) -> None:
        """After the time that it may take."""
        code = (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            'print(\'{"ocpp": "ws://x"}\', flush=True); time.sleep(60)'
        )
        backend = started(tmp_path, code, "[time]\nstarts_within_s = 5\n")

        async def live() -> int | None:
            await backend.start()
            process = backend._process
            assert process is not None
            backend._target = read_target(self._hasty(tmp_path))
            await backend.stop()
            return process.returncode

        assert asyncio.run(live()) == -9

    def _hasty(self, folder: Path) -> Path:
        path = folder / "hasty.toml"
        path.write_text('name = "x"\nstart = ["x"]\n[time]\nstarts_within_s = 0.2\n', "utf-8")
        return path

    def test_one_that_stands_is_brought_to_a_new_beginning(self, tmp_path: Path) -> None:
        """By its own command, which gets what the scenario declares."""
        path = tmp_path / "target.toml"
        code = "import sys, pathlib; pathlib.Path('begun').write_text(sys.argv[1])"
        command = json.dumps([sys.executable, "-c", code, "{settings}"])
        path.write_text(
            f'name = "x"\nreset = {command}\n[addresses]\nocpp = "ws://x"\n', encoding="utf-8"
        )
        backend = ForeignBackend(read_target(path), {}, tmp_path, START)

        async def live() -> None:
            await backend.start()
            assert backend.address == "ws://x"
            await backend.stop()

        asyncio.run(live())

        assert str(tmp_path / "declared.json") == (tmp_path / "begun").read_text("utf-8")

    @pytest.mark.parametrize(
        ("code", "kind", "words"),
        [
            ("raise SystemExit('disk full')", TargetTrouble, "has ended with 1: disk full"),
            ("import sys; sys.stderr.write('no'); sys.exit(2)", TargetRefuses, "^no$"),
        ],
    )
    def test_one_that_cannot_begin_anew(
        self, tmp_path: Path, code: str, kind: type[Exception], words: str
    ) -> None:
        """Its command says why."""
        path = tmp_path / "target.toml"
        command = json.dumps([sys.executable, "-c", code])
        path.write_text(
            f'name = "x"\nreset = {command}\n[addresses]\nocpp = "ws://x"\n', encoding="utf-8"
        )

        with pytest.raises(kind, match=words):
            asyncio.run(ForeignBackend(read_target(path), {}, tmp_path, START).start())


def _wait_behind_the_loop(pid: int) -> None:
    """Wait until a process has ended, without the loop that has started it learning of it."""
    with contextlib.suppress(ChildProcessError):  # who watches for the loop was sooner
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _is_gone(pid: int) -> bool:
    """Tell whether a process has ended, reaped or not; a kill is not at once, so wait for it."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        if not stat.exists() or stat.read_text("utf-8").rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


Answering = Callable[[dict[str, Any]], web.Response]


def controlled(
    test: Callable[[ForeignBackend], Coroutine[Any, Any, None]],
    folder: Path,
    **paths: Answering,
) -> list[tuple[str, dict[str, Any]]]:
    """Run a test against a control address that answers so, and give what it was asked."""
    asked: list[tuple[str, dict[str, Any]]] = []

    async def run() -> None:
        app = web.Application()
        for name, answering in paths.items():

            async def serve(
                request: web.Request, name: str = name, answering: Answering = answering
            ) -> web.Response:
                body = await request.json()
                asked.append((name, body))
                return answering(body)

            app.router.add_post(f"/{name.replace('_', '-')}", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        backend = started(folder, "")
        backend.control = Control(f"http://127.0.0.1:{runner.addresses[0][1]}/", 5)
        try:
            await test(backend)
        finally:
            await backend.stop()
            await runner.cleanup()

    asyncio.run(run())
    return asked


class TestWhatItIsAsked:
    """At its control address."""

    def test_commands(self, tmp_path: Path) -> None:
        """All go one way, by OCPP's own names."""

        async def test(backend: ForeignBackend) -> None:
            assert await backend.remote_start("A", "0123") == "Accepted"
            assert await backend.trigger("A", "Heartbeat") == "Accepted"
            assert await backend.change_configuration("A", "Key", "1") == "Accepted"
            assert await backend.get_configuration("A", ["Key"]) == {"Key": "1"}

        def answer(body: dict[str, Any]) -> web.Response:
            keys = [{"key": "Key", "value": "1"}]
            return web.json_response({"answer": {"status": "Accepted", "configurationKey": keys}})

        asked = controlled(test, tmp_path, command=answer)

        assert [body["action"] for _, body in asked] == [
            "RemoteStartTransaction",
            "TriggerMessage",
            "ChangeConfiguration",
            "GetConfiguration",
        ]
        assert asked[0][1] == {
            "station": "A",
            "action": "RemoteStartTransaction",
            "payload": {"idTag": "0123", "connectorId": 1},
        }

    @pytest.mark.parametrize(
        ("told", "status", "kind"),
        [
            ({"refused": "NotSupported", "description": "no"}, 200, Refused),
            ({"breaks": "required", "field": "key"}, 200, CommandError),
            ({"detail": "it is not connected"}, 409, DeviceError),
        ],
    )
    def test_commands_that_come_to_nothing(
        self, tmp_path: Path, told: dict[str, str], status: int, kind: type[Exception]
    ) -> None:
        """Told apart as the bundled backend does."""

        async def test(backend: ForeignBackend) -> None:
            with pytest.raises(kind):
                await backend.run("A", "Reset", {})

        controlled(test, tmp_path, command=lambda _: web.json_response(told, status=status))

    def test_deliveries(self, tmp_path: Path) -> None:
        """What waits, and why."""
        one = {"name": "a.csv", "state": "waiting", "tries": 2, "cause": "login"}
        again = {**one, "next_try_at": "2025-06-03T01:00:00+00:00"}

        async def test(backend: ForeignBackend) -> None:
            (first,) = await backend.deliveries()
            assert (first.name, first.tries, first.cause) == ("a.csv", 2, "login")
            assert first.next_try_at == datetime(2025, 6, 3, 1, tzinfo=UTC)
            held = await backend.hold_delivery("Task")
            assert held is not None
            assert held.next_try_at is None
            assert await backend.release_delivery("Task") is None
            (step,) = await backend.test_connection("EW", "EW")
            assert (step.name, step.is_done, step.words) == ("connect", False, "nobody")
            await backend.export_now("Task", date(2025, 6, 3), date(2025, 6, 4))

        asked = controlled(
            test,
            tmp_path,
            deliveries=lambda _: web.json_response({"deliveries": [again]}),
            hold=lambda _: web.json_response({"delivery": one}),
            release=lambda _: web.json_response({"delivery": None}),
            connection_test=lambda _: web.json_response(
                {"steps": [{"name": "connect", "done": False, "words": "nobody"}]}
            ),
            export=lambda _: web.json_response({}),
        )

        assert asked[-1] == (
            "export",
            {"task": "Task", "first": "2025-06-03", "last": "2025-06-04"},
        )

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("deliveries", {"deliveries": 5}),
            ("hold", {"delivery": "x"}),
            ("release", {"delivery": {"name": "x"}}),
            ("connection_test", {"steps": [5]}),
            ("command", {"answer": [1]}),
            ("command", {}),
        ],
    )
    def test_what_makes_no_sense(self, tmp_path: Path, path: str, told: dict[str, Any]) -> None:
        """An answer against the protocol is the target's trouble, and is shown."""

        async def test(backend: ForeignBackend) -> None:
            asked: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
                "deliveries": backend.deliveries,
                "hold": lambda: backend.hold_delivery("Task"),
                "release": lambda: backend.release_delivery("Task"),
                "connection_test": lambda: backend.test_connection("EW", "EW"),
                "command": lambda: backend.run("Dorfplatz", "ClearCache", {}),
            }
            with pytest.raises(TargetTrouble, match=re.escape(f"{told} is answered")):
                await asked[path]()

        controlled(test, tmp_path, **{path: lambda _: web.json_response(told)})

    def test_what_it_will_not(self, tmp_path: Path) -> None:
        """Its reason stands in the error."""

        async def test(backend: ForeignBackend) -> None:
            with pytest.raises(BackendError, match="no such task"):
                await backend.export_now("x", date(2025, 6, 3), date(2025, 6, 3))

        controlled(
            test,
            tmp_path,
            export=lambda _: web.json_response({"detail": "no such task"}, status=409),
        )

    def test_what_it_does_not_offer(self, tmp_path: Path) -> None:
        """A path that there is not; addresses that it does not tell; no control address at all."""

        async def test(backend: ForeignBackend) -> None:
            with pytest.raises(NotOffered, match="does not offer /deliveries"):
                await backend.deliveries()
            for told in ("web_address", "database"):
                with pytest.raises(NotOffered, match="the target tells no"):
                    getattr(backend, told)
            with pytest.raises(NotOffered, match="where smart gateways push to"):
                backend.push_address("SG")
            await backend.control.close()
            backend.control = Control(None, 1)
            with pytest.raises(NotOffered, match="no control address"):
                await backend.deliveries()

        controlled(test, tmp_path)

    @pytest.mark.parametrize("text", ["", "[]", "<html>"])
    def test_what_is_no_answer(self, tmp_path: Path, text: str) -> None:
        """It is quoted."""

        async def test(backend: ForeignBackend) -> None:
            with pytest.raises(TargetTrouble, match="see the protocol"):
                await backend.deliveries()

        controlled(test, tmp_path, deliveries=lambda _: web.Response(text=text))

    def test_nobody_there(self) -> None:
        """The address is named."""

        async def ask() -> None:
            control = Control("http://127.0.0.1:1", 5)
            try:
                await control.ask("deliveries", {})
            finally:
                await control.close()

        with pytest.raises(TargetTrouble, match=r"http://127\.0\.0\.1:1/deliveries: "):
            asyncio.run(ask())

    def test_a_reason_is_not_owed(self, tmp_path: Path) -> None:
        """Who refuses without one is quoted so."""

        async def test(backend: ForeignBackend) -> None:
            with pytest.raises(ControlRefused, match="it gives no reason"):
                await backend.control.ask("export", {})

        controlled(test, tmp_path, export=lambda _: web.json_response({}, status=409))


@pytest.fixture(scope="session")
def central_system() -> Path:
    """Install a central system from PyPI into a folder that is kept between runs."""
    folder = ROOT / ".tox" / "ocpp-csms"
    if not (folder / "ocpp_csms").is_dir():
        # What it stands on is here already.
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--retries", "1"]
        done = subprocess.run(
            [*command, "--target", str(folder), "ocpp-csms==0.1.*"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            pytest.skip(f"pip cannot install ocpp-csms here: {done.stderr.strip()[-200:]}")
    return folder


def test_a_central_system_of_somebody_else(central_system: Path, tmp_path: Path) -> None:
    """It passes where it does what is asked, and where it fails the report says why."""
    path = os.pathsep.join((str(central_system), os.environ.get("PYTHONPATH", "")))
    # `python` in its file is the one that runs the bench.
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "harness", "conform", "--quiet", "--report", str(tmp_path)),
            *("--target", str(EXAMPLE / "target.toml")),
            *("TC_010_CSMS", "TC_073_CSMS", "TC_043_4_CSMS", "ISE-03"),
        ],
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), "PATH": programs},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert "3 failed, 1 passed, 1 skipped" in told
    assert "no file has arrived" in told
    assert "no entry of a local list crossed the wire" in told
    assert "the target does not say that it supports" in told
    assert "ocpp-csms" in (tmp_path / "matrix.md").read_text(encoding="utf-8")
