# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""How calls of the library become awaitable, and who runs its main context meanwhile.

An object of the library belongs to the main context of its thread (doc/threads.md), and
something has to iterate that one. In an asyncio loop that is not GLib's, a `Buildq.Poller` makes
the context one descriptor that the loop watches. `buildq.new_event_loop ()`, and the loop of
PyGObject 3.50 and later, iterate it themselves.
"""
from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable

from gi.repository import Buildq, Gio, GLib

from buildq.errors import Closed, Error, NotSupported, WrongThread, from_glib
from buildq.loop import EventLoop

try:
    from gi.events import GLibEventLoop as _TheirLoop  # PyGObject 3.50 and later
except ImportError:
    _TheirLoop = ()

# An answer that is there at once does not suspend the coroutine. After so many of them it does,
# so that the other tasks have their turn.
_AT_ONCE = 32
_SPARES = 16
_local = threading.local()


class _Answer:
    """The callback of one asynchronous call, and what becomes of its result."""

    __slots__ = ("pump", "cancellable", "result", "future", "late")

    def __init__(self, pump, cancellable):
        self.pump = pump
        self.cancellable = cancellable
        self.result = self.future = self.late = None

    def __call__(self, source, result, *data):
        try:
            self.result = result
            if self.future is None:
                return
            if self.late is not None:
                self.late(result)
            elif not self.future.done() and not self.pump.loop.is_closed():
                self.future.set_result(None)
        except asyncio.InvalidStateError:
            pass  # ^C has just cancelled it
        except BaseException as error:  # GLib would print it, and go on
            self.pump.keep(error)


class Pump:
    """What runs the main context of one asyncio loop."""

    is_closed = False

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop
        self.thread = threading.get_ident()
        self.users = 0
        self.pending: set[_Answer] = set()
        self._spare: list[Gio.Cancellable] = []
        self._at_once = 0
        self._turning = self._turns_soon = False
        self._poller: Buildq.Poller | None = None
        self._pushed: GLib.MainContext | None = None
        self._step: Callable[[], Any] = lambda: None
        if isinstance(loop, EventLoop):
            context = loop.context
            self._step = lambda: context.iteration(False)
        elif not isinstance(loop, _TheirLoop):
            self._watch()

    def _watch(self) -> None:
        """Has the loop watch the context of this thread."""
        default = GLib.MainContext.get_thread_default()
        if default is None and threading.current_thread() is not threading.main_thread():
            self._pushed = own = GLib.MainContext.new()
            own.push_thread_default()
        try:
            self._poller = poller = Buildq.Poller.new(None)
            self._step = poller.dispatch
            self.loop.add_reader(poller.get_fd(), self.turn)
        except GLib.Error as error:
            self.close()
            raise from_glib(error) from error
        except NotImplementedError as error:
            self.close()
            raise NotSupported(f"{self.loop!r} cannot watch a descriptor") from error

    @classmethod
    def acquire(cls) -> Pump:
        """The pump of the running loop, to be released."""
        loop = asyncio.get_running_loop()
        pump = getattr(_local, "pump", None)
        if pump is None or pump.loop is not loop:
            pump = _local.pump = cls(loop)
        pump.users += 1
        return pump

    def release(self) -> None:
        self.users -= 1
        if self.users == 0:
            self.close()

    def close(self) -> None:
        if getattr(_local, "pump", None) is self:
            del _local.pump
        if self._poller is not None and not self.loop.is_closed():
            self.loop.remove_reader(self._poller.get_fd())
        self._poller = None
        self._step = lambda: None
        if self._pushed is not None:
            self._pushed.pop_thread_default()
            self._pushed = None

    def keep(self, error: BaseException) -> None:
        """Has the loop raise what a callback of GLib cannot, or tell of it. It is nothing that
        the call under way, in which GLib happens to dispatch, should fail with."""
        if self.loop.is_closed():
            return
        if isinstance(error, Exception):
            self.loop.call_exception_handler(
                {"message": f"in a callback of libbuildq: {error}", "exception": error})
        else:
            self.loop.call_soon(_raise, error)

    def turn(self) -> None:
        """Dispatches what is ready, and what a call has just started."""
        if self._turning:
            return
        self._turning = True
        try:
            self._step()
        finally:
            self._turning = False

    def turn_soon(self) -> None:
        """The same after what else is to be done now has been."""
        if not self._turns_soon:
            self._turns_soon = True
            self.loop.call_soon(self._turn_now)

    def _turn_now(self) -> None:
        self._turns_soon = False
        self.turn()

    async def call(self, owner: Owned | Pump, start: Callable, finish: Callable,
                   *arguments: Any, late: Callable[[Any], object] | None = None,
                   gathers: bool = False) -> Any:
        """Starts an asynchronous call of the owner's, and returns what it ends with.

        Cancelling the await cancels the call. A result that comes all the same goes to `late`.
        With `gathers` nothing is dispatched before other tasks have had their turn: the library
        puts into one message what they all call then.
        """
        cancellable = self._spare.pop() if self._spare else Gio.Cancellable.new()
        answer = _Answer(self, cancellable)
        start(*arguments, cancellable, answer)
        if gathers:
            self.turn_soon()
        else:
            self.turn()
        if answer.result is None or self._at_once == _AT_ONCE:
            self._at_once = 0
            await self._wait(owner, answer, _late(finish, late))
        else:
            self._at_once += 1
        if len(self._spare) < _SPARES and not cancellable.is_cancelled():
            self._spare.append(cancellable)
        try:
            return finish(answer.result)
        except GLib.Error as error:
            raise self._error_of(owner, error) from error

    async def _wait(self, owner: Owned | Pump, answer: _Answer, give_up: Callable) -> None:
        answer.future = self.loop.create_future()
        owner.pending.add(answer)
        try:
            await (answer.future if answer.result is None else asyncio.sleep(0))
        except GeneratorExit:  # nobody runs the coroutine any more; this may be any thread
            answer.late = give_up
            raise
        except BaseException:
            if answer.result is not None:
                give_up(answer.result)
            else:
                answer.late = give_up
                answer.cancellable.cancel()
            self.turn()
            raise
        finally:
            owner.pending.discard(answer)

    async def call_to_end(self, owner: Owned, start: Callable, finish: Callable,
                          *arguments: Any) -> Any:
        """The same for what has to end in good order: cancelling the await asks it to, and the
        await goes on until it has."""
        answer = _Answer(self, Gio.Cancellable.new())
        answer.future = self.loop.create_future()
        owner.pending.add(answer)
        start(*arguments, answer.cancellable, answer)
        self.turn()
        cancelled = None
        while answer.result is None:
            try:
                await asyncio.shield(answer.future)
            except asyncio.CancelledError as error:
                cancelled = error
                answer.cancellable.cancel()
                self.turn()
        owner.pending.discard(answer)
        try:
            result = finish(answer.result)
        except GLib.Error as error:
            if cancelled is None:
                raise self._error_of(owner, error) from error
        if cancelled is not None:
            raise cancelled
        return result

    @staticmethod
    def _error_of(owner: Owned | Pump, error: GLib.Error) -> Error:
        if owner.is_closed:
            return Closed(f"{owner} was closed meanwhile")
        return from_glib(error)


def _raise(error):
    raise error


def _late(finish, late):
    def give_up(result):
        try:
            value = finish(result)
        except GLib.Error:
            return
        if late is not None:
            late(value)
    return give_up


class Owned:
    """Something that belongs to a loop and its thread, from when it is opened until it is
    closed."""

    def __init__(self) -> None:
        self._pump: Pump | None = None
        self.is_closed = False
        self.pending: set[_Answer] = set()

    def _use(self) -> Pump:
        """The pump, if this may be used now and here."""
        pump = self._pump
        if pump is None:
            raise Closed(f"{self} is {'closed' if self.is_closed else 'not open yet'}")
        loop = asyncio._get_running_loop()
        if loop is not pump.loop and (loop is not None or threading.get_ident() != pump.thread):
            raise WrongThread(f"{self} belongs to another thread, or to another loop")
        return pump

    async def close(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        """Nothing more can be called, and what is under way ends."""
        self.is_closed = True
        self._pump = None
        for answer in self.pending:
            answer.cancellable.cancel()


class Entered(Owned):
    """What `async with` opens, once, and closes."""

    async def close(self) -> None:
        raise NotImplementedError

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    def _check_is_new(self) -> None:
        if self._pump is not None or self.is_closed:
            raise RuntimeError(f"{self} was entered already")


async def call(owner: Any, name: str, *arguments: Any, io_priority: int = 0) -> Any:
    """What `owner.NAME_async ()` ends with, such as `await buildq.call(store, "add", path, …)`.

    It is for objects of `gi.repository.Buildq` that the package has no class for. The arguments
    are those before `io_priority` or `cancellable`.
    """
    start = getattr(owner, f"{name}_async")
    names = [argument.get_name() for argument in start.get_arguments()]
    wanted = names[:names.index("cancellable")]
    if wanted[-1:] == ["io_priority"]:
        arguments += (io_priority,)
    if len(arguments) != len(wanted):
        raise TypeError(f"{name} takes {', '.join(wanted)}")
    pump = Pump.acquire()
    try:
        return await pump.call(pump, start, getattr(owner, f"{name}_finish"), *arguments)
    finally:
        pump.release()
