"""What can happen to a worker at one moment. Not here: which moment (`boundaries`)."""

import os
import signal
from pathlib import Path

from crash.boundaries import Act, Boundary
from support.postgres import Server

CRASHED = 137


def die(note: Path) -> Act:
    """The process is gone at once, as after `kill -9` or a loss of power; the note says where."""

    def act(boundary: Boundary) -> None:
        note.write_text(str(boundary), encoding="utf-8")
        os._exit(CRASHED)

    return act


def hang(note: Path) -> Act:
    """The process stands still until somebody continues it: a paused machine, a long garbage collection."""

    def act(boundary: Boundary) -> None:
        note.write_text(str(boundary), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGSTOP)

    return act


def cut_connection(server: Server, note: Path) -> Act:
    """The connection to the store breaks around a COMMIT: before it nothing is committed, after it everything is.

    Either way the worker sees the same error and cannot know which it was.
    """

    def act(boundary: Boundary) -> None:
        note.write_text(str(boundary), encoding="utf-8")
        with server.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [boundary.connection.info.backend_pid])
        if boundary.moment == "after":
            # Finds out that the server is gone, and raises what a COMMIT without an answer raises.
            boundary.connection.execute("SELECT 1")
            raise AssertionError("the connection should be broken")

    return act
