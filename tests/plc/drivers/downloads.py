"""What a program download does to a virtual controller, done while drivers are connected."""

from mes.plc.simulator.tags import TagSpec, UdtType, VirtualController


def exchange_ids(controller: VirtualController, one: str, other: str) -> None:
    """Two tags swap their instance ids."""
    with controller.lock:
        tags = controller.scopes[""].tags
        first, second = tags[one.lower()], tags[other.lower()]
        first.instance_id, second.instance_id = second.instance_id, first.instance_id
        controller.generation += 1


def replace_tag(controller: VirtualController, spec: TagSpec) -> None:
    """A tag is deleted and made anew with another type."""
    with controller.lock:
        del controller.scopes[""].tags[spec.name.lower()]
        controller.add_tag(spec)


def lay_out_again(controller: VirtualController, udt: UdtType, tag: str, value: dict[str, object]) -> None:
    """A structure gets another order of members under its old name, and its tag new memory."""
    with controller.lock:
        controller.types.pop(udt.name)
        controller.define_udt(udt)
        replace_tag(controller, TagSpec(tag, udt.name, value=value))
