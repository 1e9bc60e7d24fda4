"""Which adapter serves which kind of controller. Adapters are imported when first used: they take a while to load."""

from typing import Protocol

from mes.plc.drivers.port import PlcConfigError, PlcDriver

KINDS = ("pycomm3-logix", "pylogix", "pycomm3-slc")


class DriverSpec(Protocol):
    """What an adapter must be told; mes.plc.engine.ControllerSpec has it."""

    @property
    def kind(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def timeout_s(self) -> float: ...


def make_driver(spec: DriverSpec) -> PlcDriver:
    """A new, unopened driver. Raises PlcConfigError for an unknown kind or a malformed address."""
    if spec.kind == "pycomm3-logix":
        from mes.plc.drivers.pycomm3_logix import Pycomm3LogixDriver

        return Pycomm3LogixDriver(spec.address, spec.timeout_s)
    if spec.kind == "pycomm3-slc":
        from mes.plc.drivers.pycomm3_slc import Pycomm3SlcDriver

        return Pycomm3SlcDriver(spec.address, spec.timeout_s)
    if spec.kind == "pylogix":
        from mes.plc.drivers.pylogix_logix import PylogixDriver

        return PylogixDriver(spec.address, spec.timeout_s)
    raise PlcConfigError(f"'{spec.kind}' is no kind of driver; choose one of {', '.join(KINDS)}.")
