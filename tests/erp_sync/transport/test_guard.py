"""S1: no address of an ERP leads to this machine, to keys of the cloud, or anywhere but to the IP that was checked."""

import pytest

from erp_sync.errors import AddressError, TransientError
from erp_sync.transport.folder import folder_of
from erp_sync.transport.guard import Address, address_of, checked_ips

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "erp.plant", "//erp.plant/", "ftp://erp.plant/", "file:///etc/passwd", "gopher://erp.plant:70/"),
        *("http://", "http://user@erp.plant/", "http://user:word@erp.plant/", "http://erp.plant@169.254.169.254/"),
        *("http://erp.plant\\@evil/", "http://erp.plant/\r\nX: y", "http://erp.plant:99999/", "http://erp.plant:0/"),
        *("http://erp.plant/?a=b", "http://erp.plant/#x", "http://erp plant/", "http://erp\x00.plant/"),
        *("http://127.1/", "http://0x7f000001/", "http://0x7f.1/", "http://2130706433/", "http://017700000001/"),
        *("http://127.0.0.1./x", "http://1.2.3.0x4/", "http://300.1.1.1/", "http://1.2.3/", "http://①②⑦.0.0.1/"),
        *("http://[fe80::1%25eth0]/", "http://[::1", "http://-erp.plant/", "http://erp..plant/", "http://[v1.x]/"),
    ],
)
def test_an_address_that_is_none_or_is_spelt_to_deceive_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        address_of(text)


def test_an_address_is_taken_apart() -> None:
    assert address_of("https://ERP.plant.example/base/") == Address("https", "erp.plant.example", 443, "/base")
    assert address_of("http://10.1.2.3:8000").origin == "10.1.2.3:8000"
    assert address_of("http://[fd12::7]:80/").origin == "[fd12::7]"


@pytest.mark.parametrize(
    "ip",
    [
        *(
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "169.254.1.1",
            "fe80::1",
            "fe80::1%eth0",
        ),
        *(
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ),
        *("240.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "::ffff:0.0.0.0", "64:ff9b:1::7f00:1"),
    ],
)
def test_no_name_leads_where_no_erp_can_stand(ip: str) -> None:
    with pytest.raises(AddressError) as refusal:
        checked_ips("erp.plant", 443, demo=False, resolve=lambda host, port: [ip])
    assert "erp.plant" in str(refusal.value)
    with pytest.raises(AddressError):  # one bad address among good ones is enough
        checked_ips("erp.plant", 443, demo=False, resolve=lambda host, port: [PUBLIC, ip])


@pytest.mark.parametrize("ip", ["10.1.2.3", "172.16.0.9", "192.168.1.5", "fd12:3456::7", PUBLIC, "2606:2800:220:1::1"])
def test_erps_of_the_plants_own_network_and_elsewhere_are_reached(ip: str) -> None:
    assert checked_ips("erp.plant", 443, demo=False, resolve=lambda host, port: [ip, PUBLIC, ip]) == list(
        dict.fromkeys((ip, PUBLIC))
    )


@pytest.mark.parametrize("ip", ["::ffff:127.0.0.1", "169.254.169.254", "0.0.0.0", "fd00:ec2::254"])
def test_the_demo_may_reach_this_machine_and_nothing_else_that_is_forbidden(ip: str) -> None:
    assert checked_ips("localhost", 80, demo=True, resolve=lambda host, port: ["127.0.0.1"]) == ["127.0.0.1"]
    with pytest.raises(AddressError):
        checked_ips("erp.plant", 80, demo=True, resolve=lambda host, port: [ip])


def test_a_name_that_nobody_knows_is_asked_for_again_later() -> None:
    with pytest.raises(TransientError):
        checked_ips("erp.invalid", 443, demo=False, resolve=lambda host, port: [])


def test_folders_lie_below_the_roots_of_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    top = tmp_path_factory.mktemp("roots")
    root, other = top / "erp", top / "other"
    for folder in (root / "sap", other):
        folder.mkdir(parents=True)
    (root / "link").symlink_to(other)
    roots = (str(root), str(other / "deep"))
    assert folder_of("sap", roots) == root / "sap"
    assert folder_of(str(other / "deep" / "x"), roots) == other / "deep" / "x"
    for outside in (
        "",
        ".",
        "..",
        "../erp",
        "/etc",
        "sap/../../other",
        "link",
        "link/x",
        "a\x00b",
        str(root),
        str(other),
    ):
        with pytest.raises(AddressError):
            folder_of(outside, roots)
    with pytest.raises(AddressError):
        folder_of("sap", ())
