"""A whole PDF in memory, or mapped, as a file that libraries read from: no copy is made of it."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from signing.document import Buffer


def as_file(data: Buffer) -> BinaryIO:
    """The buffer as a file to read from, to be closed before the buffer is."""
    # BytesIO shares the octets of `bytes`, and reads them twice as fast; all else it would copy.
    return io.BytesIO(data) if isinstance(data, bytes) else cast("BinaryIO", BufferFile(data))


class BufferFile(io.RawIOBase):
    """Reads a buffer; closing it lets go of the buffer, so that a map can be closed."""

    name = "document"  # as it stands in messages of libraries

    def __init__(self, data: Buffer) -> None:
        super().__init__()
        self._view = memoryview(data).toreadonly()
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Octets before the place."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves the place, as files do."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: len(self._view)}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Buffer, /) -> int:  # type: ignore[override]  # the type's name is private
        """Fills `buffer` as far as there are octets."""
        target = memoryview(buffer).cast("B")
        part = self._view[self._place : self._place + len(target)]
        target[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        """Lets go of the buffer."""
        if not self.closed:
            self._view.release()
        super().close()
