from __future__ import annotations

import socket

from edge_app.frames.connection import Connection


def test_bytes_that_wait_are_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Connection(port) as connection:
            client = socket.create_connection(("127.0.0.1", port))
        camera, _ = server.accept()
        with client, camera:
            assert not connection.is_more_waiting()
            camera.sendall(bytes(10_000))
            assert len(client.recv(1000, socket.MSG_WAITALL)) == 1000
            _ = client.recv(9000, socket.MSG_WAITALL | socket.MSG_PEEK)
            assert connection.is_more_waiting()
            # As a camera's sound, which comes between its pictures.
            client.recv(8000, socket.MSG_WAITALL)
            assert not connection.is_more_waiting()
        # Its number is nobody's now.
        assert not connection.is_more_waiting()


def test_others_are_left_alone() -> None:
    """One to that port from before, one to another port or to none, and one that waits."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_connection(server.getsockname()) as before,
    ):
        accepted, _ = server.accept()
        with Connection(server.getsockname()[1]) as connection:
            after = socket.create_connection(other.getsockname())
            asked, _ = other.accept()
            waits = socket.create_server(("127.0.0.1", 0))
            one, another = socket.socketpair()
        with accepted, after, asked, waits, one, another:
            accepted.sendall(bytes(10_000))
            asked.sendall(bytes(10_000))
            for each in (before, after):
                _ = each.recv(10_000, socket.MSG_WAITALL | socket.MSG_PEEK)
            assert not connection.is_more_waiting()
