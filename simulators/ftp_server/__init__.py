"""
The utility's servers: where files are dropped, and who collects them.

`SftpServer` listens on a port; its `Drop` remembers who saw what when; its faults are switched
and scheduled. `Collector` plays the utility's importer and says what IS-E now believes.
"""

from simulators.ftp_server.collector import Belief, Collector, Pickup
from simulators.ftp_server.drop import Drop, Event, User
from simulators.ftp_server.sftp_io import SftpServer
from simulators.ftp_server.timeseries_csv import Layout

__all__ = [
    "Belief",
    "Collector",
    "Drop",
    "Event",
    "Layout",
    "Pickup",
    "SftpServer",
    "User",
]
