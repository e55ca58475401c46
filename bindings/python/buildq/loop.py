# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""asyncio and GLib in one loop: asyncio's own, over a selector that iterates a main context."""
from __future__ import annotations

import asyncio
import contextlib
import math
import selectors
import signal
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from gi.repository import GLib

Result = TypeVar("Result")
_TO_READ = GLib.IOCondition.IN | GLib.IOCondition.HUP | GLib.IOCondition.ERR
_TO_WRITE = GLib.IOCondition.OUT | GLib.IOCondition.HUP | GLib.IOCondition.ERR


class _Source(GLib.Source):
    """Waits for the descriptors of asyncio, and no longer than until its next timer.

    GLib looks at the descriptors by itself. A ready time is not set: GLib would wake the context
    up for each new one.
    """

    def __init__(self):
        super().__init__()
        self.timeout_ms = -1
        self.tags: dict[int, Any] = {}
        self.ready: list[tuple[int, GLib.IOCondition]] = []

    def prepare(self):
        return False, self.timeout_ms

    def check(self):
        return False

    def dispatch(self, callback, data):
        # Afterwards GLib would not tell.
        for fd, tag in self.tags.items():
            condition = self.query_unix_fd(tag)
            if condition:
                self.ready.append((fd, condition))
        return GLib.SOURCE_CONTINUE


class _Selector(selectors.BaseSelector):
    """Waits for descriptors by iterating a main context."""

    def __init__(self, context: GLib.MainContext):
        self._context = context
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._source = _Source()
        self._source.set_name("buildq asyncio")
        self._source.attach(context)

    def register(self, fileobj, events, data=None):
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} is registered already")
        if not events or events & ~(selectors.EVENT_READ | selectors.EVENT_WRITE):
            raise ValueError(f"invalid events: {events!r}")
        condition = GLib.IOCondition(0)
        if events & selectors.EVENT_READ:
            condition |= GLib.IOCondition.IN
        if events & selectors.EVENT_WRITE:
            condition |= GLib.IOCondition.OUT
        self._source.tags[fd] = self._source.add_unix_fd(fd, condition)
        self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return self._keys[fd]

    def unregister(self, fileobj):
        fd = fileobj if fileobj in self._keys else self._fd_of(fileobj)
        self._source.remove_unix_fd(self._source.tags.pop(fd))
        return self._keys.pop(fd)

    def _fd_of(self, fileobj):
        """Of one that is registered, also when it was closed since."""
        for fd, key in self._keys.items():
            if fileobj in (fd, key.fileobj):
                return fd
        raise KeyError(f"{fileobj!r} is not registered")

    def select(self, timeout=None):
        source = self._source
        source.timeout_ms = -1 if timeout is None else math.ceil(max(timeout, 0) * 1000)
        source.ready.clear()
        self._context.iteration(source.timeout_ms != 0)
        found = []
        for fd, condition in source.ready:
            key = self._keys.get(fd)  # a callback of GLib may have removed it
            events = (selectors.EVENT_READ * bool(condition & _TO_READ)
                      | selectors.EVENT_WRITE * bool(condition & _TO_WRITE))
            if key is not None and events & key.events:
                found.append((key, events & key.events))
        return found

    def get_map(self):
        return self._keys

    def get_key(self, fileobj):
        return self._keys[fileobj if fileobj in self._keys else self._fd_of(fileobj)]

    def close(self):
        self._source.destroy()
        self._keys.clear()
        self._source.tags.clear()


class EventLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, which iterates `context` while it waits."""

    def __init__(self, context: GLib.MainContext | None = None):
        if context is None:
            context = GLib.MainContext.get_thread_default() or (
                GLib.MainContext.default() if _is_main_thread() else GLib.MainContext.new())
        self.context = context
        super().__init__(_Selector(context))

    def run_forever(self) -> None:
        if not self.context.acquire():
            raise RuntimeError("the main context of this loop is run by another thread")
        # Where it is the default already, pushing it says no more.
        self.context.push_thread_default()
        try:
            with self._deferred_interrupt():
                super().run_forever()
        finally:
            self.context.pop_thread_default()
            self.context.release()

    @contextlib.contextmanager
    def _deferred_interrupt(self) -> Iterator[None]:
        """Has ^C raise KeyboardInterrupt between callbacks, as it would get lost in one that GLib
        calls; the second one raises it at once. asyncio.Runner has a handler of its own."""
        def interrupt(*_signal: object) -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.call_soon_threadsafe(_raise_interrupt)

        if not _is_main_thread() or signal.getsignal(signal.SIGINT) != signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGINT) == interrupt:
                signal.signal(signal.SIGINT, signal.default_int_handler)


def _raise_interrupt() -> None:
    raise KeyboardInterrupt


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def new_event_loop(context: GLib.MainContext | None = None) -> asyncio.AbstractEventLoop:
    """A new asyncio loop that also runs what is GLib's.

    It iterates `context`; without one, the thread-default one, or the default one in the main
    thread and one of its own in another.
    """
    return EventLoop(context)


def run(main: Coroutine[Any, Any, Result], *, debug: bool | None = None) -> Result:
    """As `asyncio.run ()`, in a loop that is GLib's as well."""
    with asyncio.Runner(debug=debug, loop_factory=new_event_loop) as runner:
        return runner.run(main)
