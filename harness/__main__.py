"""Run the command line with ``python -m harness``."""

import signal
import sys

# Until the command line can tell of an interrupt, it ends the process without a traceback. One
# that a shell has started with "&" ignores interrupts, and goes on doing so.
HEEDS = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if HEEDS:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from harness.cli import main  # noqa: E402

if HEEDS:
    signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main())
