"""
Run commands side by side, so that no processor waits: ``python tests/side_by_side.py A -- B``.

What stands between ``--`` is a command; ``+`` in it parts commands that follow each other. The
output of each is shown when it has ended; one that fails lets the whole end with 1.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence


def divided(words: Iterable[str], mark: str) -> Iterator[list[str]]:
    """Give what stands between the marks."""
    part: list[str] = []
    for word in words:
        if word == mark:
            yield part
            part = []
        else:
            part.append(word)
    yield part


class Run:
    """
    Commands one after the other, in a thread of their own.

    Parameters:
        commands: those that follow each other; the first that fails ends it.
    """

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = commands
        self._thread = threading.Thread(target=self._run)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self.failed = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def stop(self) -> None:
        """End what runs, and begin nothing more."""
        self._stopped = True
        if self._process is not None:
            self._process.terminate()

    def _run(self) -> None:
        for command in self._commands:
            if self.failed or self._stopped:
                return
            begin = time.monotonic()
            with tempfile.TemporaryFile() as output:
                self._process = subprocess.Popen(command, stdout=output, stderr=output)
                code = self._process.wait()
                output.seek(0)
                text = output.read().decode("utf-8", "replace")
            took_s = time.monotonic() - begin
            self.failed = code != 0
            end = f"--- exit {code} after {took_s:.0f} s"
            sys.stdout.write(f"--- {shlex.join(command)}\n{text}{end}\n")
            sys.stdout.flush()


def main(words: Sequence[str]) -> int:
    """Run the commands; give 0 where all have ended well."""
    runs = [Run(list(divided(part, "+"))) for part in divided(words, "--")]
    for run in runs:
        run.start()
    try:
        for run in runs:
            run.wait()
    except KeyboardInterrupt:
        for run in runs:
            run.stop()
        raise
    return int(any(run.failed for run in runs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
