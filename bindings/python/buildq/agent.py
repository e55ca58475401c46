# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""Leases: for programs that do the work themselves."""
from __future__ import annotations

import asyncio
import functools
import weakref
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any

from gi.repository import Buildq, GLib

from buildq.errors import Invalid, LeaseLost, raised
from buildq.pump import Entered, Pump
from buildq.texts import bytes_of_text, check_texts, list_of_texts

if TYPE_CHECKING:
    from buildq.queue import Queue

_SUCCESS = Buildq.Result(outcome=Buildq.Outcome.SUCCEEDED)


def offer(systems: Iterable[str], *, kinds: Iterable[str] = ("command",), slots: int = 1,
          cores: int = 0, memory_bytes: int = 0, features: Iterable[str] = ()) -> Buildq.Offer:
    """What one machine can take: `slots` jobs of these kinds for these systems at a time.

    Cores and memory that are 0 are not counted.
    """
    texts = list_of_texts(systems), list_of_texts(features), list_of_texts(kinds)
    check_texts(*texts)
    return Buildq.Offer.new([Buildq.MachineGroup.new(*texts, cores, memory_bytes, slots)])


class Lease:
    """One job that this machine holds. It ends with `succeed ()`, `fail ()` or `release ()`.

    As a context manager it is given back at the end of the block unless it has ended before.
    """

    __slots__ = ("agent", "grant", "token", "job", "is_finished", "on_log_wanted", "_told", "_waiter")

    def __init__(self, agent: Agent, grant: Buildq.Grant):
        self.agent = agent
        self.grant = grant
        self.token = grant.token
        #: What is to be done.
        self.job: Buildq.Job = grant.job  # type: ignore[assignment]
        #: Whether it has ended, from here.
        self.is_finished = False
        #: Called with an offset when somebody watches the log; see `send_log ()`.
        self.on_log_wanted: Callable[[int], object] | None = None
        self._told: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"<buildq.Lease {self.token} of {self.key}>"

    @property
    def key(self) -> str:
        """The key of the job."""
        return self.job.key

    @property
    def attempt(self) -> int:
        """Which attempt at the job this is, counted from 1."""
        return self.grant.attempt

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still wants the work, and it is still ours."""
        return self._told is None

    async def unwanted(self) -> str:
        """Waits until nobody wants the work any more ("cancelled"), or it is not ours any more
        ("lost"), and returns which."""
        pump = self.agent._use()
        while self._told is None:
            if self._waiter is None:
                self._waiter = pump.loop.create_future()
            await asyncio.shield(self._waiter)
            self.agent._use()
        return self._told

    async def succeed(self, artifacts: Iterable[Buildq.Artifact] = (),
                      **fields: Any) -> Buildq.Receipt:
        """Hands in that the job is done. The fields are those of a `Buildq.Result`."""
        if artifacts or fields:
            return await self.complete(Buildq.Result(
                outcome=Buildq.Outcome.SUCCEEDED, artifacts=artifacts, **fields))
        return await self.complete(_SUCCESS)

    async def fail(self, message: str, outcome: Buildq.Outcome = Buildq.Outcome.FAILED,
                   **fields: Any) -> Buildq.Receipt:
        """Hands in that the job is not done, and why."""
        return await self.complete(Buildq.Result(outcome=outcome, message=message, **fields))

    async def complete(self, result: Buildq.Result) -> Buildq.Receipt:
        """Hands in how the job ended, as often as it takes until the queue has answered.

        When this is cancelled, the result is handed in all the same.
        """
        if not isinstance(result, Buildq.Result):
            raise TypeError(f"a lease is completed with a Buildq.Result, not {result!r}")
        pump = self._finish()
        agent = self.agent._gobject
        return await pump.call(self.agent, agent.complete_async, agent.complete_finish,
                               self.token, result, gathers=True)

    def release(self) -> None:
        """Gives the job back, so that another machine can have it."""
        pump = self._finish()
        with raised():
            self.agent._gobject.release(self.token)
        pump.turn()

    def send_log(self, data: str | bytes, *, offset: int, finished: bool = False) -> None:
        """Sends a piece of the log, from `offset` on, to those who watch it.

        It may get lost, and is asked for again then.
        """
        pump = self.agent._use()
        self.agent._gobject.send_log(
            Buildq.LogChunk.new(self.token, offset, bytes_of_text(data), finished, None))
        pump.turn()

    def _finish(self) -> Pump:
        pump = self.agent._use()
        if self.is_finished:
            raise LeaseLost(f"the lease of job '{self.key}' has ended already")
        self.is_finished = True
        self.agent._leases.pop(self.token, None)
        return pump

    def _tell(self, what: str) -> None:
        self._told = what
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _give_back(self) -> None:
        if self.is_finished or self.agent.is_closed:
            return
        try:
            self.release()
        except LeaseLost:
            pass

    async def __aenter__(self) -> Lease:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._give_back()


class Leasing:
    """What `agent.lease ()` gives: await it, or enter it with `async with`."""

    __slots__ = ("_agent", "_lease")

    def __init__(self, agent: Agent):
        self._agent = agent

    def __await__(self) -> Generator[Any, None, Lease]:
        return self._agent._next().__await__()

    async def __aenter__(self) -> Lease:
        self._lease = await self._agent._next()
        return self._lease

    async def __aexit__(self, *_exception: object) -> None:
        self._lease._give_back()


class Agent(Entered):
    """A machine that takes jobs from a queue; `queue.agent ()` makes one.

    It is known to the queue while it is entered. It attaches again by itself when the connection
    breaks. In the end it gives back all that it holds.
    """

    def __init__(self, queue: Queue, name: str, offer: Buildq.Offer, *,
                 holding: Iterable[Buildq.Grant] = ()):
        super().__init__()
        if not name:
            raise Invalid("an agent needs a name")
        check_texts(name)
        self.name = name
        self._queue = queue
        self._offer = offer
        self._holding = list(holding)
        self._gobject: Buildq.Agent  # and that of the queue: only while it is open
        self._leases: dict[str, Lease] = {}
        self._told_early: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<buildq.Agent {self.name}>"

    @property
    def gobject(self) -> Buildq.Agent:
        """The object of the library below."""
        self._use()
        return self._gobject

    async def __aenter__(self) -> Agent:
        self._check_is_new()
        pump = self._queue._use()
        agent = self._gobject = Buildq.Agent.new(self._queue.gobject, self.name)
        self._pump = pump
        self._late = functools.partial(_release_late, agent)
        myself = weakref.ref(self)
        for signal in ("cancelled", "lost", "log-wanted"):
            agent.connect(signal, _told, myself, signal)
        for grant in self._holding:
            agent.hold(grant)
            self._leases[grant.token] = Lease(self, grant)
        agent.set_offer(self._offer)
        self._queue._members.add(self)
        agent.start()
        pump.turn()
        return self

    async def close(self) -> None:
        """Leaves the queue, and gives back all that is held."""
        if self._pump is None:
            self.is_closed = True
            return
        pump, agent = self._use(), self._gobject
        self._end()
        try:
            await pump.call(pump, agent.leave_async, agent.leave_finish)
        finally:
            self._queue._members.discard(self)
            del self._gobject, self._queue, self._late
            for lease in self._leases.values():
                lease._tell("lost")
            self._leases.clear()

    def lease(self) -> Leasing:
        """The next job, as soon as there is one.

        `async with agent.lease() as lease:` gives it back if the block ends without an answer,
        by an exception or otherwise. `await agent.lease()` leaves that to the caller. One that
        arrives after the await was cancelled is given back.
        """
        return Leasing(self)

    async def _next(self) -> Lease:
        pump, agent = self._use(), self._gobject
        grant = await pump.call(self, agent.next_async, agent.next_finish, late=self._late)
        lease = Lease(self, grant)
        if self._told_early:
            lease._told = self._told_early.pop(lease.token, None)
        self._leases[lease.token] = lease
        return lease

    @property
    def held(self) -> list[Lease]:
        """The leases that are held, and that `lease ()` gave, or `holding` named."""
        return list(self._leases.values())

    def set_offer(self, offer: Buildq.Offer) -> None:
        """Changes what the machine can take. Its slots count what it holds already."""
        pump = self._use()
        self._gobject.set_offer(offer)
        pump.turn()

    @property
    def is_attached(self) -> bool:
        """Whether the queue knows the machine, as far as one can tell here."""
        return self.gobject.is_attached()

    @property
    def wanted_state(self) -> Buildq.WorkerState:
        """PAUSED or DRAINING when the queue wants the machine to take no more jobs."""
        return self.gobject.get_wanted_state()

    @property
    def store_dir(self) -> str | None:
        """The store directory of the farm; None before it has attached."""
        return self.gobject.get_store_dir()


def _release_late(agent: Buildq.Agent, grant: Buildq.Grant) -> None:
    try:
        agent.release(grant.token)
    except GLib.Error:
        pass  # it is not ours any more


def _told(_agent: Buildq.Agent, token: str, *rest: Any) -> None:
    """A signal about a lease; `rest` ends with a weak reference to the agent and its name."""
    agent, signal = rest[-2](), rest[-1]
    if agent is None or agent._pump is None:
        return
    pump = agent._pump
    try:
        lease = agent._leases.get(token)
        if signal == "log-wanted":
            if lease is not None and lease.on_log_wanted is not None:
                lease.on_log_wanted(rest[0])
        elif lease is not None:
            lease._tell(signal)
        else:
            agent._told_early[token] = signal
    except BaseException as error:  # GLib would print it, and go on
        pump.keep(error)
