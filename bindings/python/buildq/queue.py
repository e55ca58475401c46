# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""A queue, here or elsewhere: submit, wait, look."""
from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from typing import TypeAlias

from gi.repository import Buildq

from buildq.agent import Agent
from buildq.errors import Error, Invalid, raised
from buildq.pump import Entered, Owned, Pump
from buildq.texts import bytes_of_text, check_texts, list_of_texts

DEFAULT_URI = "http://127.0.0.1:8720"
_FIRST_WAIT_S = 0.05
_CLOSING_S = 1.0
_PAGE = 1000

RequestLike: TypeAlias = "str | Buildq.RequestStatus"


def read_token() -> str | None:
    """The token in the file that BUILDQ_TOKEN_FILE names; None without that."""
    path = os.environ.get("BUILDQ_TOKEN_FILE")
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def connect(uri: str | os.PathLike[str] | Buildq.Queue | None = None,
            token: str | None = None) -> Queue:
    """The queue at `uri`, to be entered with `async with`.

    http: and https: are a queue elsewhere; file: and an absolute path are one here with its
    journal in that file; "memory:" is one here without a journal. Without a URI it is what BUILDQ_URI
    says, or http://127.0.0.1:8720; without a token what is in the file BUILDQ_TOKEN_FILE. A
    `Buildq.Queue` that was made otherwise is taken as it is.
    """
    return Queue(uri, token)


def _id_of(request: RequestLike) -> str:
    if isinstance(request, str):
        return request
    if isinstance(request, (Buildq.RequestStatus, Buildq.Request)):
        return request.id
    raise TypeError(f"a request is an id, a RequestStatus or a Request, not {request!r}")


def _id_or_none(request: RequestLike | None) -> str | None:
    return None if request is None else _id_of(request)


class Queue(Entered):
    """What `connect ()` gives. It belongs to the loop and the thread in which it was entered."""

    def __init__(self, uri: str | os.PathLike[str] | Buildq.Queue | None = None,
                 token: str | None = None):
        super().__init__()
        if isinstance(uri, os.PathLike):
            uri = os.path.abspath(uri)
        self._uri = uri if uri is not None else os.environ.get("BUILDQ_URI") or DEFAULT_URI
        self._token = token
        self._gobject: Buildq.Queue  # only while it is open
        self._is_ours = True
        self._members: set[Owned] = set()

    def __repr__(self) -> str:
        return f"<buildq.Queue {self._uri}>"

    @property
    def gobject(self) -> Buildq.Queue:
        """The object of the library below."""
        self._use()
        return self._gobject

    async def __aenter__(self) -> Queue:
        self._check_is_new()
        pump = Pump.acquire()
        try:
            if isinstance(self._uri, str):
                token = self._token if self._token is not None else read_token()
                check_texts(self._uri, token)
                with raised():
                    self._gobject = Buildq.Queue.new_for_uri(self._uri, token)
            elif not isinstance(self._uri, Buildq.Queue):
                raise TypeError(f"a queue is a URI or a Buildq.Queue, not {self._uri!r}")
            else:
                self._gobject, self._uri = self._uri, type(self._uri).__name__
                self._is_ours = False
        except BaseException:
            pump.release()
            raise
        self._pump = pump
        return self

    async def close(self) -> None:
        """Ends all that was made with this queue, and lets go of it.

        Nothing else can open a journal until then, so this waits for what still uses it, for a
        second at most.
        """
        if self.is_closed or self._pump is None:
            self.is_closed = True
            return
        pump = self._use()
        try:
            for member in list(self._members):
                await member.close()
        finally:
            self._end()
            try:
                await self._let_go(pump)
            finally:
                pump.release()

    async def _let_go(self, pump: Pump) -> None:
        gone = pump.loop.create_future()

        def tell() -> None:
            if not gone.done():
                gone.set_result(None)

        self._gobject.weak_ref(tell)
        has_journal = isinstance(self._gobject, Buildq.LocalQueue) and self._uri != "memory:"
        del self._gobject
        pump.turn()
        if has_journal and self._is_ours:
            await asyncio.wait([gone], timeout=_CLOSING_S)

    # --- requests and jobs ---

    async def submit(self, jobs: Buildq.Request | Buildq.Job | Iterable[Buildq.Job], *,
                     id: str | None = None, wanted: Iterable[str] = (), priority: int = 0,
                     group: str | None = None, submitter: str | None = None,
                     rebuild: bool = False) -> Buildq.RequestStatus:
        """Asks for jobs, and for all that they depend on.

        The other arguments are those of a `Buildq.Request`. The same `id` with the same jobs may
        be submitted again, and is one request.
        """
        if not isinstance(jobs, Buildq.Request):
            jobs = Buildq.Request(
                jobs=[jobs] if isinstance(jobs, Buildq.Job) else jobs, id=id,
                wanted=list_of_texts(wanted), priority=priority, group=group, submitter=submitter,
                rebuild=rebuild)
        return await self._call("submit", jobs, 0)

    async def request(self, request: RequestLike) -> Buildq.RequestStatus:
        """How far a request is."""
        return await self._call("get_request", _id_of(request), 0)

    async def watch(self, request: RequestLike, *,
                    interval: float = 1.0) -> AsyncIterator[Buildq.RequestStatus]:
        """How far a request is, at once and after each change, until it is finished.

        It asks again and again, after `interval` seconds at last. While the queue cannot be
        reached it goes on asking.
        """
        wait, last = min(_FIRST_WAIT_S, interval), None
        while True:
            try:
                status = await self.request(request)
            except Error as error:
                if not error.is_transient:
                    raise
                wait = interval
            else:
                if status != last:
                    wait, last = min(_FIRST_WAIT_S, interval), status
                    yield status
                if status.state != Buildq.RequestState.ACTIVE:
                    return
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, interval)

    async def wait(self, request: RequestLike, *, timeout: float | None = None,
                   interval: float = 1.0) -> Buildq.RequestStatus:
        """Waits until a request is finished, well or not, and returns how.

        After `timeout` seconds it raises TimeoutError; the request goes on.
        """
        async with asyncio.timeout(timeout):
            async for status in self.watch(request, interval=interval):
                pass
        return status

    async def cancel(self, request: RequestLike) -> Buildq.RequestStatus:
        """Withdraws a request. Jobs that nobody else wants are stopped."""
        return await self._call("cancel", _id_of(request), 0)

    async def retry(self, request: RequestLike | None = None, *,
                    key: str | None = None) -> Buildq.RequestStatus:
        """Tries again what failed in a request, or the one job `key`."""
        if request is None and key is None:
            raise Invalid("what to try again is neither a request nor a job")
        return await self._call("retry", _id_or_none(request), key, 0)

    async def job(self, key: str) -> Buildq.JobStatus:
        """How far a job is, and what came of it."""
        return await self._call("get_job", key, 0)

    async def jobs(self, request: RequestLike | None = None, *,
                   states: Iterable[Buildq.JobState] = ()) -> AsyncIterator[Buildq.JobStatus]:
        """All jobs, or those of a request; only those in certain states, if any are named."""
        wanted = [Buildq.JobState.to_string(state) for state in states]
        after = 0
        while True:
            page = await self.list_jobs(
                Buildq.Query.new(_id_or_none(request), wanted, after, _PAGE))
            for job in page.jobs:
                yield job
            after = page.next
            if after == 0:
                return

    async def list_jobs(self, query: Buildq.Query) -> Buildq.JobPage:
        """One page of jobs, for those who turn pages themselves."""
        return await self._call("list_jobs", query, 0)

    async def read_log(self, key: str, offset: int = 0) -> Buildq.LogChunk:
        """A piece of the log of a job, as far as the queue has it."""
        if offset < 0:
            raise Invalid(f"a log has no offset {offset}")
        return await self._call("read_log", key, offset, 0)

    async def follow_log(self, key: str, *, interval: float = 1.0) -> AsyncIterator[bytes]:
        """The log of a job as it is written, until the job has ended.

        Of a long log the queue keeps the end only.
        """
        offset, wait = 0, min(_FIRST_WAIT_S, interval)
        while True:
            chunk = await self.read_log(key, offset)
            start, data = chunk.offset, _bytes_of(chunk)
            if start + len(data) > offset:
                yield data[max(offset - start, 0):]
                offset, wait = start + len(data), min(_FIRST_WAIT_S, interval)
            elif chunk.finished:
                return
            else:
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, interval)

    # --- texts ---

    async def put_text(self, text: str | bytes) -> str:
        """Keeps a text for jobs that name it, and returns its hash."""
        return await self._call("put_text", bytes_of_text(text), 0)

    async def get_text(self, hash: str) -> bytes:
        """A text that was put."""
        return (await self._call("get_text", hash, 0)).get_data()

    async def missing_texts(self, hashes: Iterable[str]) -> list[str]:
        """Which of these texts the queue does not have."""
        return await self._call("missing_texts", list_of_texts(hashes), 0)

    # --- the farm ---

    async def workers(self) -> list[Buildq.WorkerStatus]:
        """The machines that the queue knows."""
        return await self._call("list_workers", 0)

    async def set_worker_state(self, name: str,
                               state: Buildq.WorkerState) -> Buildq.WorkerStatus:
        """Has a machine pause, drain, or be ready again."""
        wishes = Buildq.WorkerState.PAUSED, Buildq.WorkerState.DRAINING, Buildq.WorkerState.READY
        if state not in wishes:
            raise Invalid(f"a machine can be told to be paused, draining or ready, not {state!r}")
        return await self._call("set_worker_state", name, state, 0)

    async def stats(self) -> Buildq.Stats:
        """What the queue counts."""
        return await self._call("get_stats", 0)

    async def sync(self, message: Buildq.SyncMessage) -> Buildq.SyncReply:
        """One turn of the protocol of leases, for those who speak it themselves."""
        return await self._call("sync", message, 0)

    def agent(self, name: str, offer: Buildq.Offer) -> Agent:
        """A machine called `name` that takes jobs, to be entered with `async with`."""
        return Agent(self, name, offer)

    def _call(self, name: str, *arguments: object):
        pump = self._use()
        check_texts(*arguments)
        queue = self._gobject
        return pump.call(self, getattr(queue, f"{name}_async"), getattr(queue, f"{name}_finish"),
                         *arguments)


def _bytes_of(chunk: Buildq.LogChunk) -> bytes:
    data = chunk.get_bytes()
    return data.get_data() or b"" if data is not None else b""
