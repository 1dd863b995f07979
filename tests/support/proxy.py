"""A loopback proxy before PostgreSQL that a test stops, starts again, or breaks around a COMMIT."""

from __future__ import annotations

import contextlib
import enum
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

COMMIT = b"COMMIT"
CHUNK = 65_536
PATIENCE_S = 10


class Break(enum.Enum):
    """When the connection dies."""

    BEFORE_COMMIT = "the COMMIT never reaches the server"
    AFTER_COMMIT = "the server commits, and its answer is lost"


class Proxy:
    """Forwards each connection, in the clear, until it is told otherwise."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self._break: tuple[Break, int] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._spawn(self._accept, self._listener)

    def break_at(self, when: Break, commits: int = 1) -> None:
        """Kill the connection at the `commits`-th COMMIT from now on; once."""
        self._break = when, commits

    def stop(self) -> None:
        """As a server that is stopped: every connection dies, new ones are refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _end(*pair)

    def start(self) -> None:
        """Listen again, at the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._spawn(self._accept, self._listener)

    def close(self) -> None:
        """For good."""
        self.stop()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _spawn(self, run: object, *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            with self._lock:
                self._pairs.append((client, server))
            self._spawn(self._upward, client, server)
            self._spawn(self._downward, client, server)

    def _upward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(CHUNK):
                now = self._breaks(data)
                if now is Break.BEFORE_COMMIT:
                    break
                if now is Break.AFTER_COMMIT:
                    # The answer must not pass, so the client goes first; that it came proves the commit.
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    server.settimeout(PATIENCE_S)
                    server.recv(CHUNK)
                    break
                server.sendall(data)
        _end(client, server)

    def _breaks(self, data: bytes) -> Break | None:
        with self._lock:
            if self._break is None or COMMIT not in data:
                return None
            when, left = self._break
            self._break = None if left == 1 else (when, left - 1)
            return when if left == 1 else None

    def _downward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(CHUNK):
                client.sendall(data)
        _end(client, server)


def _end(*ends: socket.socket) -> None:
    for one in ends:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def open_proxy(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the server of `url`, and the URL that leads through it."""
    target = sa.make_url(url)
    proxy = Proxy((target.host or "127.0.0.1", target.port or 5432))
    through = target.set(host="127.0.0.1", port=proxy.port)
    through = through.update_query_dict({"sslmode": "disable", "gssencmode": "disable"})
    try:
        yield proxy, through.render_as_string(hide_password=False)
    finally:
        proxy.close()
