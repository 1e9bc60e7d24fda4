"""The virtual controller proven by programs that are not Python of ours: cpppo's client and st-ethernet-ip on Node."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest

from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import VirtualController

STANDARD_PORT = 44818  # st-ethernet-ip knows no other
HOW_TO_GET_NODE_PEER = (
    "Peer st-ethernet-ip is absent ({why}). To have it: install Node, then "
    "`npm install --prefix DIR st-ethernet-ip` and run the tests with NODE_PATH=DIR/node_modules."
)
SCRIPT = """
const {Controller, Tag, TagGroup} = require("st-ethernet-ip");
(async () => {
  const plc = new Controller();
  await plc.connect("127.0.0.1", 0);
  const tags = [new Tag("Count"), new Tag("Real"), new Tag("Count", "Main"), new Tag("Row[12]"), new Tag("Flag")];
  const group = new TagGroup();
  tags.forEach(tag => group.add(tag));
  await plc.readTagGroup(group);
  const line = new Tag("Line_1");
  await plc.readTag(line);
  tags[0].value = 555;
  await plc.writeTag(tags[0]);
  console.log(JSON.stringify({
    name: plc.properties.name, version: plc.properties.version, values: tags.map(tag => tag.value),
    line: line.value.toString("hex").slice(0, 16),
  }));
  await plc.disconnect();
  process.exit(0);
})().catch(error => { console.error(error); process.exit(3); });
"""


def cpppo(server: ControllerServer, *arguments: str) -> list[str]:
    """Lines that cpppo's client prints, blanks squeezed."""
    command = [sys.executable, "-m", "cpppo.server.enip.client", "-a", server.path, "-p", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("how", [(), ("-m",), ("-S",), ("-f",)], ids=["single", "multiple", "simple", "fragmented"])
def test_cpppos_client_reads_and_writes(
    server: ControllerServer, controller: VirtualController, how: tuple[str, ...]
) -> None:
    asked = ("Count", "Real", "Row[10-14]", "Grid[0]", "Program:Main.Count", "Count=(DINT)4711", "Count")
    lines = cpppo(server, *how, *asked)
    assert lines == [
        "Count == [1001]: 'OK'",
        "Real == [2.5]: 'OK'",
        "Row[10][ 10-14 ]+ 0 == [10, 11, 12, 13, 14]: 'OK'",
        "Grid[0][ 0-0 ]+ 0 == [300]: 'OK'",
        "Program:Main.Count == [77]: 'OK'",
        "Count <= [4711]: 'OK'",
        "Count == [4711]: 'OK'",
    ]
    assert controller["Count"] == 4711


def test_cpppos_client_knows_who_it_is(server: ControllerServer) -> None:
    text = "\n".join(cpppo(server, "-i", "-s"))
    assert "'item[0].communications_service.service_name': 'Communications'" in text
    assert "'item[0].identity_object.product_name': '1756-L83E/B'" in text
    assert "'item[0].identity_object.serial_number': 12648430" in text
    assert f"'item[0].identity_object.sin_port': {server.port}" in text


def why_no_node_peer() -> str:
    """Why st-ethernet-ip cannot be run here; empty when it can."""
    if shutil.which("node") is None:
        return "there is no Node"
    found = subprocess.run(["node", "-e", "require('st-ethernet-ip')"], capture_output=True, timeout=60, check=False)
    if found.returncode != 0:
        return "the package is not installed"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", STANDARD_PORT))
        except OSError:
            return f"port {STANDARD_PORT}, which it insists on, is in use"
    return ""


def test_st_ethernet_ip_reads_and_writes(controller: VirtualController, capsys: pytest.CaptureFixture[str]) -> None:
    why = why_no_node_peer()
    if why:
        with capsys.disabled():
            print("\n" + HOW_TO_GET_NODE_PEER.format(why=why))
        return
    with ControllerServer(controller, port=STANDARD_PORT):
        done = subprocess.run(
            ["node", "-e", SCRIPT], capture_output=True, text=True, timeout=60, check=False, env=os.environ
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["name"], told["version"]) == ("1756-L83E/B", "33.11")
    assert told["values"] == [555, 2.5, 77, 12, True]
    assert told["line"] == (111).to_bytes(4, "little").hex() + (222).to_bytes(4, "little").hex()
    assert controller["Count"] == 555
