"""The controller drivers: one port, several adapters. Nothing outside this room imports pycomm3 or pylogix."""

from mes.plc.drivers.factory import KINDS, make_driver
from mes.plc.drivers.port import (
    ControllerIdentity,
    PlcConfigError,
    PlcDriver,
    PlcError,
    PlcRefused,
    PlcTransportError,
    Quality,
    TagInfo,
    TagValue,
)

__all__ = [
    "KINDS",
    "ControllerIdentity",
    "PlcConfigError",
    "PlcDriver",
    "PlcError",
    "PlcRefused",
    "PlcTransportError",
    "Quality",
    "TagInfo",
    "TagValue",
    "make_driver",
]
