"""The Logix message router: takes one CIP request and finds the object that answers it."""

from __future__ import annotations

import struct

from .attributes import (
    GET_ALL,
    GET_LIST,
    GET_SINGLE,
    SET_LIST,
    AttributeReader,
    attribute_list,
    attribute_single,
)
from .cip import (
    EMBEDDED_ERROR,
    NOT_ENOUGH_DATA,
    PARTIAL,
    PATH_UNKNOWN,
    REPLY_TOO_LARGE,
    SERVICE_UNSUPPORTED,
    SUCCESS,
    CipError,
    Request,
    Segment,
    parse_request,
    reply,
    unpack,
)
from .tag_list import GET_INSTANCE_ATTRIBUTES, list_symbols, template_service
from .tag_services import READ, TagServices
from .tags import VirtualController

IDENTITY, MESSAGE_ROUTER, PROGRAM_NAME, SYMBOL, TEMPLATE = 0x01, 0x02, 0x64, 0x6B, 0x6C
WALL_CLOCK, PROGRAM_CHANGE = 0x8B, 0xAC
MULTIPLE_SERVICE = 0x0A
CLOCK_ATTRIBUTES = (5, 6, 11)  # all three give UTC microseconds here


class LogixRouter:
    """Answers message-router requests for one Logix controller."""

    def __init__(self, controller: VirtualController) -> None:
        self.controller = controller
        self.tags = TagServices(controller)

    def handle(self, message: bytes, limit: int) -> bytes:
        """The reply to one request, at most `limit` bytes; a bad request is answered with its status, never raised."""
        service = message[0] if message else 0
        try:
            request = parse_request(message)
            with self.controller.lock:
                return self._dispatch(request, limit)
        except CipError as error:
            return reply(service, error.status, b"", error.extended)

    def _dispatch(self, request: Request, limit: int) -> bytes:
        first = request.path[:1]
        if first == b"\x91" and request.service != GET_INSTANCE_ATTRIBUTES:
            return self.tags.handle(request, limit)
        segments = request.segments()
        if request.service == GET_INSTANCE_ATTRIBUTES and segments:
            return list_symbols(self.controller, request, segments, limit)
        if not segments or segments[0][0] != "class":
            raise CipError(PATH_UNKNOWN)
        class_id = segments[0][1]
        if class_id == SYMBOL:
            return self.tags.handle(request, limit)
        instance, attribute = _instance_and_attribute(segments)
        if class_id == MESSAGE_ROUTER and request.service == MULTIPLE_SERVICE:
            return self._multiple(request, limit)
        if class_id == TEMPLATE:
            return template_service(self.controller, request, instance, limit)
        return self._object(request, int(class_id), attribute)

    def _object(self, request: Request, class_id: int, attribute: int | None) -> bytes:
        if class_id == IDENTITY:
            return self._identity(request, attribute)
        if class_id == PROGRAM_NAME and request.service == GET_ALL:
            name = self.controller.name.encode("latin-1")
            return reply(request.service, SUCCESS, struct.pack("<H", len(name)) + name)
        if class_id == WALL_CLOCK:
            return self._clock(request, attribute)
        if class_id == PROGRAM_CHANGE:
            signature = self.controller.signature

            def read(number: int) -> bytes | None:
                size = signature.sizes.get(number)
                return signature.attributes[number].to_bytes(size, "little") if size else None

            return _attributes(request, attribute, read)
        raise CipError(PATH_UNKNOWN)

    def _identity(self, request: Request, attribute: int | None) -> bytes:
        identity, keyswitch = self.controller.identity, self.controller.keyswitch
        if request.service == GET_ALL:
            return reply(request.service, SUCCESS, identity.all_attributes(keyswitch))
        return _attributes(request, attribute, lambda number: identity.attribute(number, keyswitch))

    def _clock(self, request: Request, attribute: int | None) -> bytes:
        controller = self.controller
        if request.service == SET_LIST:
            count, number, value = unpack("<HHQ", request.data)
            if count != 1 or number not in CLOCK_ATTRIBUTES:
                raise CipError(NOT_ENOUGH_DATA)
            controller.clock_offset_s += (value - controller.clock_us()) / 1_000_000
            return reply(request.service, SUCCESS, struct.pack("<HHH", 1, number, 0))

        def read(number: int) -> bytes | None:
            return struct.pack("<Q", controller.clock_us()) if number in CLOCK_ATTRIBUTES else None

        return _attributes(request, attribute, read)

    def _multiple(self, request: Request, limit: int) -> bytes:
        """Multiple Service Packet: every inner request answered, as far as the replies fit."""
        count = unpack("<H", request.data)[0]
        offsets = unpack(f"<{count}H", request.data, 2)
        ends = (*offsets[1:], len(request.data))
        left = limit - 4 - 2 - 2 * count
        replies: list[bytes] = []
        for position, (start, end) in enumerate(zip(offsets, ends, strict=True)):
            room = left - 4 * (count - position - 1)  # every later reply needs at least its own header
            inner = request.data[start:end]
            answer = self.handle(inner, max(room, 4))
            if len(answer) > room or (answer[2] == PARTIAL and answer[0] == READ | 0x80):
                answer = reply(inner[0] if inner else 0, REPLY_TOO_LARGE)
            replies.append(answer)
            left -= len(answer)
        places, at = [], 2 + 2 * count
        for answer in replies:
            places.append(at)
            at += len(answer)
        status = EMBEDDED_ERROR if any(answer[2] for answer in replies) else SUCCESS
        return reply(request.service, status, struct.pack(f"<H{count}H", count, *places) + b"".join(replies))


def _attributes(request: Request, attribute: int | None, read: AttributeReader) -> bytes:
    if request.service == GET_LIST:
        return attribute_list(request, read)
    if request.service == GET_SINGLE:
        return attribute_single(request, attribute, read)
    raise CipError(SERVICE_UNSUPPORTED)


def _instance_and_attribute(segments: list[Segment]) -> tuple[int, int | None]:
    instance = next((int(value) for kind, value in segments if kind == "instance"), 0)
    attribute = next((int(value) for kind, value in segments if kind == "attribute"), None)
    return instance, attribute
