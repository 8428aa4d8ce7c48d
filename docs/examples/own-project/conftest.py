"""What the tests of this project have at hand, besides the fixtures of the bench."""

import json
import subprocess
import sys
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

pytest_plugins = ["harness.fixtures", "harness.sentences"]


class RunningBackend:
    """Our backend in a process of its own, as it runs at our customers'."""

    def __init__(self) -> None:
        command = [sys.executable, "own_backend.py"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read)
        self._reader.start()
        self.address = str(self._told()["address"])

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def next_bill(self) -> dict[str, Any]:
        """Wait for what it bills next, no longer than ten seconds."""
        return self._told()

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._lines.get(timeout=10))
        return told

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()


@pytest.fixture
def own_backend() -> Iterator[RunningBackend]:
    """Start our backend, and stop it when the test is over."""
    running = RunningBackend()
    yield running
    running.stop()
