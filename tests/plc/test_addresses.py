"""Which controller addresses may be connected to."""

import pytest

from mes.plc.addresses import refusal


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:44818", "127.0.0.1/0", "127.0.0.1:44818/1", "localhost"])
def test_the_demo_connects_to_this_machine(address: str) -> None:
    assert refusal(address, loopback_only=True) is None


@pytest.mark.parametrize("address", ["10.1.1.7", "192.168.1.10/0", "169.254.169.254", "0.0.0.0", "8.8.8.8"])
def test_the_demo_connects_nowhere_else(address: str) -> None:
    assert "not this machine" in (refusal(address, loopback_only=True) or "")


@pytest.mark.parametrize("address", ["10.1.1.7", "10.1.1.7:44818/0", "172.16.5.5", "192.168.1.10/bp/0", "100.64.0.1"])
def test_a_plant_connects_to_its_own_networks(address: str) -> None:
    assert refusal(address, loopback_only=False) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "8.8.8.8", "0.0.0.0", "224.0.0.1", "172.32.0.1"])
def test_a_plant_connects_nowhere_else(address: str) -> None:
    assert "not in a plant network" in (refusal(address, loopback_only=False) or "")


@pytest.mark.parametrize("address", ["", "http://10.0.0.1", "10.0.0.1 ; rm", "[::1]", "a\0b", "-x", "user@10.0.0.1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert "is not a controller address" in (refusal(address, loopback_only=False) or "")
