# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""A queue that others reach over HTTP."""
from __future__ import annotations

from gi.repository import Buildq

from buildq.errors import raised
from buildq.pump import Entered
from buildq.queue import Queue
from buildq.texts import check_texts


class Server(Entered):
    """Lets others at a queue while it is entered: `async with buildq.Server(queue) as server`.

    It listens on `address` and `port`, where 0 is any free one; `uri` then says where. Without an
    `authority` everybody may do everything.
    """

    def __init__(self, queue: Queue, address: str = "127.0.0.1", port: int = 0, *,
                 authority: Buildq.Authority | None = None):
        super().__init__()
        self._queue = queue
        self._address, self._port = address, port
        self._authority = authority
        self._gobject: Buildq.Server  # and the queue: only while it is open

    def __repr__(self) -> str:
        return f"<buildq.Server {self._address}:{self._port}>"

    @property
    def gobject(self) -> Buildq.Server:
        """The object of the library below."""
        self._use()
        return self._gobject

    @property
    def uri(self) -> str:
        """Where it is, for `connect ()`."""
        return self.gobject.get_uri() or ""

    async def __aenter__(self) -> Server:
        self._check_is_new()
        pump = self._queue._use()
        check_texts(self._address)
        server = Buildq.Server.new(self._queue.gobject, self._authority)
        with raised():
            server.listen(self._address, self._port)
        self._gobject = server
        self._pump = pump
        self._queue._members.add(self)
        pump.turn()
        return self

    async def close(self) -> None:
        """Stops to listen, and ends what is connected."""
        if self._pump is None:
            self.is_closed = True
            return
        pump = self._use()
        self._end()
        self._gobject.stop()
        self._queue._members.discard(self)
        del self._gobject, self._queue
        pump.turn()
