"""multipart/form-data (RFC 7578) of a few parts in memory, for bodies that the edge has bounded already."""

from __future__ import annotations

from email.message import Message

from api.errors import InputInvalid

MAX_PARTS = 8  # of one body
MAX_HEAD = 4_096  # octets of one part's headers
FORM_TYPE = "multipart/form-data"
_END = b"\r\n\r\n"


def read_form(content_type: str, body: bytes) -> dict[str, memoryview]:
    """Each part's octets by its name, not copied.

    Raises `InputInvalid` for a body that is no form, and for a name that comes twice.
    """
    boundary = _parameter(content_type, "content-type", "boundary")
    if not boundary or not boundary.isascii():
        raise InputInvalid("Content-Type", "has no boundary")
    mark = b"--" + boundary.encode()
    if not body.startswith(mark):
        raise InputInvalid("body", "does not begin with its boundary")
    view = memoryview(body)
    found: dict[str, memoryview] = {}
    at = len(mark)
    while body[at : at + 2] == b"\r\n":
        end = body.find(b"\r\n" + mark, at)
        head = body.find(_END, at, at + MAX_HEAD)
        if end < 0 or head < 0 or head > end or len(found) == MAX_PARTS:
            raise InputInvalid("body", "is no form of a few parts")
        name = _name(body[at + 2 : head + 2])
        if name in found:
            raise InputInvalid(name, "comes twice in the form")
        found[name] = view[head + len(_END) : end]
        at = end + 2 + len(mark)
    if body[at : at + 2] != b"--":
        raise InputInvalid("body", "does not end with its boundary")
    return found


def _name(head: bytes) -> str:
    for line in head.split(b"\r\n"):
        field, _, value = line.partition(b":")
        if field.strip().lower() == b"content-disposition":
            name = _parameter(value.decode("utf-8", "replace").strip(), "content-disposition", "name")
            if name:
                return name
    raise InputInvalid("body", "has a part without a name")


def _parameter(value: str, header: str, name: str) -> str:
    message = Message()
    message[header] = value.replace("\r", " ").replace("\n", " ")
    found = message.get_param(name, "", header=header)
    return found if isinstance(found, str) else ""
