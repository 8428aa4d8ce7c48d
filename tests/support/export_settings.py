"""Settings of two chargers, one of them in the files of a task; its table is the last."""

from __future__ import annotations

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"
CODE = "CH1012301234500000000000000012345"

SETTINGS = f"""
[backend]
port = 0
database = "backend.sqlite"
[[account]]
name = "Stadtwerke"
ise = true
[[station]]
account = "Stadtwerke"
identity = "WB-1"
[station.ise]
metering_code = "{CODE}"
[[station]]
account = "Stadtwerke"
identity = "WB-2"
[[format]]
account = "Stadtwerke"
name = "ePonet"
[[destination]]
account = "Stadtwerke"
name = "EDM"
host = "sftp.example.ch"
user = "ise"
secret = "geheim"
host_key = "{KEY}"
[[task]]
account = "Stadtwerke"
name = "daily"
format = "ePonet"
destination = "EDM"
"""
