"""
The utility's servers: where files are dropped, and who collects them.

`SftpServer` and `FtpServer` listen on a port; their `Drop` remembers who saw what when; their
faults are switched and scheduled. `Collector` plays the utility's importer and says what IS-E
now believes.
"""

from typing import TYPE_CHECKING, Any

from simulators.ftp_server.collector import Belief, Collector, Pickup
from simulators.ftp_server.drop import Drop, Event, User
from simulators.ftp_server.sftp_io import SftpServer
from simulators.ftp_server.timeseries_csv import Layout

if TYPE_CHECKING:
    from simulators.ftp_server.ftp_io import FtpServer
    from simulators.ftp_server.tls import Certificate

__all__ = [
    "Belief",
    "Certificate",
    "Collector",
    "Drop",
    "Event",
    "FtpServer",
    "Layout",
    "Pickup",
    "SftpServer",
    "User",
]


def __getattr__(name: str) -> Any:
    """Load FTP and TLS when they are asked for: most benches have neither."""
    if name == "FtpServer":
        from simulators.ftp_server.ftp_io import FtpServer

        return FtpServer
    if name == "Certificate":
        from simulators.ftp_server.tls import Certificate

        return Certificate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
