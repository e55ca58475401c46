# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""A worker whose executors are functions or coroutines."""
from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from gi.repository import Buildq, GObject

from buildq.errors import Closed, Invalid, WrongThread, raised
from buildq.pump import Owned, Pump
from buildq.queue import Queue
from buildq.texts import bytes_of_text, check_texts, list_of_texts

Executor: TypeAlias = "Callable[[Execution], Awaitable[None] | None]"
Function = TypeVar("Function", bound=Callable[..., Any])
_FAILED = Buildq.Outcome.FAILED
_CANCELLED = Buildq.Outcome.CANCELLED
_HOST_FAULT = Buildq.Outcome.HOST_FAULT
_TIMED_OUT = Buildq.Outcome.TIMED_OUT


class JobFailed(Exception):
    """What an executor raises to fail its job with an outcome of its choice."""

    def __init__(self, message: str, outcome: Buildq.Outcome = _FAILED):
        super().__init__(message)
        if not isinstance(outcome, Buildq.Outcome):
            raise TypeError(f"an outcome is a buildq.Outcome, not {outcome!r}")
        self.outcome = outcome


class Execution:
    """One job that is being done, as its executor sees it."""

    __slots__ = ("gobject", "job", "_thread", "_spoke")

    def __init__(self, gobject: Buildq.Execution):
        #: The object of the library below.
        self.gobject = gobject
        #: What is to be done.
        self.job: Buildq.Job = gobject.get_job()
        self._thread = threading.get_ident()
        self._spoke = time.monotonic()

    def __repr__(self) -> str:
        return f"<buildq.Execution of {self.job.key}>"

    @property
    def key(self) -> str:
        """The key of the job."""
        return self.job.key

    @property
    def attempt(self) -> int:
        """Which attempt at the job this is, counted from 1."""
        return self.gobject.get_attempt()

    @property
    def cores(self) -> int:
        """How many cores the job may keep busy."""
        return self.gobject.get_cores()

    @property
    def build_dir(self) -> Path:
        """An empty directory to work in, which is removed after the job."""
        return Path(self.gobject.get_build_dir())

    @property
    def is_cancelled(self) -> bool:
        """Whether the work is to stop: nobody wants it, the lease is lost, or the worker stops.

        For functions that work long; coroutines are cancelled.
        """
        return self.gobject.get_cancellable().is_cancelled()

    def input(self, name: str) -> Path:
        """Where an input lies. It is not to be changed."""
        path = self.gobject.get_input_path(name)
        if path is None:
            raise KeyError(f"job '{self.key}' has no input '{name}'")
        return Path(path)

    def output(self, name: str = "out") -> Path:
        """Where an output is to be made."""
        path = self.gobject.get_output_path(name)
        if path is None:
            raise KeyError(f"job '{self.key}' has no output '{name}'")
        return Path(path)

    def log(self, text: str | bytes) -> None:
        """Adds to the log of the job."""
        self._check()
        data = bytes_of_text(text)
        self._spoke = time.monotonic()
        with raised():
            self.gobject.log(data)

    def set_exit_status(self, status: int) -> None:
        """Says how a command of the job ended, for its result."""
        self._check()
        self.gobject.set_exit_status(status)

    def _check(self) -> None:
        if threading.get_ident() != self._thread:
            raise WrongThread(f"{self} belongs to another thread")
        if self.gobject.is_answered():
            raise Closed(f"{self} has ended")


class _Trampoline:
    """What the library calls for each job of one kind. It knows no worker, and nothing of the
    program once the worker is closed."""

    def __init__(self, pump: Pump, function: Executor):
        self._pump = pump
        self._function: Executor | None = function

    def clear(self) -> None:
        self._function = None

    def __call__(self, gobject: Buildq.Execution, *_data: Any) -> bool:
        if self._function is None:
            return False
        try:
            execution = Execution(gobject)
            try:
                answer = self._function(execution)
            except BaseException as error:
                _fail(execution, error)
                if not isinstance(error, Exception):
                    raise
                return True
            if answer is None:
                if not gobject.is_answered():
                    gobject.complete()
            elif inspect.isawaitable(answer):
                self._follow(execution, answer)
            else:
                _fail(execution, TypeError(
                    f"the executor returned {type(answer).__name__}, not None or a coroutine"))
        except BaseException as error:  # GLib would print it, and go on
            self._pump.keep(error)
        return True

    def _follow(self, execution: Execution, answer: Awaitable[None]) -> None:
        loop = self._pump.loop
        task = asyncio.ensure_future(answer, loop=loop)
        cancellable = execution.gobject.get_cancellable()
        # Gio.Cancellable hides these two methods of objects by others of its own.
        signal = GObject.Object.connect(cancellable, "cancelled", lambda _: task.cancel())
        timers = _Timers(loop, execution, task)

        def done(task):
            GObject.Object.disconnect(cancellable, signal)
            timers.cancel()
            _conclude(execution, task)
            self._pump.turn()

        task.add_done_callback(done)
        if cancellable.is_cancelled():
            task.cancel()


class _Timers:
    """Ends a coroutine that takes too long, or logs nothing for too long."""

    def __init__(self, loop: asyncio.AbstractEventLoop, execution: Execution,
                 task: asyncio.Future):
        self._loop, self._execution, self._task = loop, execution, task
        self._timer: asyncio.TimerHandle | None = None
        self._silence: asyncio.TimerHandle | None = None
        timeout = execution.gobject.get_timeout_s()
        self._silent_s = execution.gobject.get_silent_timeout_s()
        if timeout:
            self._timer = loop.call_later(timeout, self._end, f"it took more than {timeout} s")
        if self._silent_s:
            self._listen()

    def _listen(self) -> None:
        left = self._execution._spoke + self._silent_s - time.monotonic()
        if left > 0:
            self._silence = self._loop.call_later(left, self._listen)
        else:
            self._end(f"it was silent for more than {self._silent_s} s")

    def _end(self, message: str) -> None:
        _answer(self._execution, _TIMED_OUT, message)
        self._task.cancel()

    def cancel(self) -> None:
        for timer in (self._timer, self._silence):
            if timer is not None:
                timer.cancel()


def _conclude(execution: Execution, task: asyncio.Future) -> None:
    if task.cancelled():
        stopped = execution.is_cancelled
        _answer(execution, _CANCELLED if stopped else _HOST_FAULT, "the executor was cancelled")
    elif (error := task.exception()) is not None:
        _fail(execution, error)
    elif task.result() is not None:
        _fail(execution, TypeError(
            f"the executor returned {type(task.result()).__name__}, not None"))
    elif not execution.gobject.is_answered():
        execution.gobject.complete()


def _fail(execution: Execution, error: BaseException) -> None:
    if isinstance(error, JobFailed):
        _answer(execution, error.outcome, str(error))
        return
    text = str(error)
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if not execution.gobject.is_answered():
        try:
            execution.log(_printable("".join(traceback.format_exception(error))))
        except Exception:
            pass  # a log that is full must not hide what is to be said
    _answer(execution, _FAILED if isinstance(error, Exception) else _HOST_FAULT, message)


def _answer(execution: Execution, outcome: Buildq.Outcome, message: str) -> None:
    if execution.gobject.is_answered():
        return
    if outcome == Buildq.Outcome.SUCCEEDED:
        outcome = _FAILED
    execution.gobject.fail(outcome, _printable(message).replace("\0", "\\0"))


def _printable(text: str) -> str:
    """What is no UTF-8, such as of the names of some files, is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


class Worker(Owned):
    """Takes jobs from a queue, fetches their inputs, has executors do them, and publishes what
    they make.

    `store` is where inputs and outputs lie, `mirrors` where outputs are published and inputs
    fetched from; both are URIs or objects of `Buildq`. `work_dir` is the worker's own: what one
    that was killed left there is gone on with. The other settings are those of `Buildq.Worker`.
    """

    def __init__(self, queue: Queue, name: str, *, store: str | Buildq.Store,
                 work_dir: str | os.PathLike[str],
                 mirrors: str | Buildq.Mirror | Iterable[str | Buildq.Mirror] = (),
                 systems: Iterable[str] | None = None, features: Iterable[str] | None = None,
                 slots: int | None = None, compression: str | None = None,
                 keep_running_s: int | None = None, max_load_per_core: float | None = None,
                 min_memory_bytes: int | None = None, min_disk_bytes: int | None = None,
                 min_inodes: int | None = None):
        super().__init__()
        if not name:
            raise Invalid("a worker needs a name")
        self.name = name
        pump = queue._use()
        settings = {"systems": None if systems is None else list_of_texts(systems),
                    "features": None if features is None else list_of_texts(features),
                    "slots": slots, "compression": compression, "keep_running_s": keep_running_s,
                    "max_load_per_core": max_load_per_core, "min_memory_bytes": min_memory_bytes,
                    "min_disk_bytes": min_disk_bytes, "min_inodes": min_inodes}
        mirrors = [mirrors] if isinstance(mirrors, (str, Buildq.Mirror)) else list(mirrors)
        check_texts(name, store, os.fspath(work_dir), mirrors, *settings.values())
        for setting, value in settings.items():
            least = 1 if setting == "slots" else 0
            if isinstance(value, (int, float)) and not value >= least:  # nor a NaN
                raise Invalid(f"{setting} is {least} or more, not {value}")
        with raised():
            if isinstance(store, str):
                store = Buildq.Store.new_for_uri(store, None)
            worker = Buildq.Worker.new(queue.gobject, name, store, os.fspath(work_dir))
            for mirror in mirrors:
                worker.add_mirror(Buildq.Mirror.new_for_uri(mirror) if isinstance(mirror, str)
                                  else mirror)
            for setting, value in settings.items():
                if value is not None:
                    getattr(worker, f"set_{setting}")(value)
        self._gobject = worker  # and the queue: only while it is open
        self._queue = queue
        self._pump = pump
        self._trampolines: list[_Trampoline] = []
        self._ended: asyncio.Future[None] | None = None
        queue._members.add(self)

    def __repr__(self) -> str:
        return f"<buildq.Worker {self.name}>"

    @property
    def gobject(self) -> Buildq.Worker:
        """The object of the library below, for its signals."""
        self._use()
        return self._gobject

    def executor(self, kind: str,
                 function: Executor | Buildq.Executor | None = None) -> Any:
        """Has jobs of a kind done by a function, a coroutine function, or a `Buildq.Executor`
        such as `Buildq.CommandExecutor ()`. Without one it is a decorator.

        It is called with an `Execution`. When it returns, the job is done; what it raises fails
        the job, and is in its message and its log. A function must not work long, as everything
        in the loop waits for it: `asyncio.to_thread ()` in a coroutine helps. A coroutine is
        cancelled when nobody wants the job any more, when the lease is lost, after the timeouts
        of the job, in all and of silence, and when the worker stops.
        """
        if function is None:
            def decorate(function: Function) -> Function:
                self.executor(kind, function)
                return function
            return decorate
        pump = self._use()
        if not isinstance(function, Buildq.Executor):
            if not callable(function):
                raise TypeError(f"an executor is a function, not {function!r}")
            trampoline = _Trampoline(pump, function)
            self._trampolines.append(trampoline)
            function = Buildq.FuncExecutor.new(trampoline)
        check_texts(kind)
        self._gobject.add_executor(kind, function)
        return None

    async def run(self) -> None:
        """Takes jobs and does them until `drain ()`; once only.

        When this is cancelled, running jobs are cancelled and given back before it ends.
        """
        pump, worker = self._use(), self._gobject
        if self._ended is not None:
            raise Invalid(f"{self} runs already")
        self._ended = ended = pump.loop.create_future()
        try:
            await pump.call_to_end(self, worker.run_async, worker.run_finish)
        finally:
            ended.set_result(None)
            self._retire()

    async def close(self) -> None:
        """Stops the worker, as the end of its queue does; `run ()` raises `Closed` then."""
        pump, ended = self._pump, self._ended
        if ended is not None and pump is not None:
            self._end()
            pump.turn()
            await asyncio.shield(ended)
        self._retire()

    def _retire(self) -> None:
        self._end()
        for trampoline in self._trampolines:
            trampoline.clear()
        self._trampolines.clear()
        if hasattr(self, "_gobject"):
            self._queue._members.discard(self)
            del self._gobject, self._queue

    def _do(self, name: str) -> None:
        pump = self._use()
        getattr(self._gobject, name)()
        pump.turn()

    def drain(self) -> None:
        """Takes no more jobs. When those that it has are done, `run ()` ends."""
        self._do("drain")

    def pause(self) -> None:
        """Takes no more jobs until `resume ()`."""
        self._do("pause")

    def resume(self) -> None:
        """Takes jobs again."""
        self._do("resume")

    @property
    def state(self) -> Buildq.WorkerState:
        """Whether it takes jobs."""
        return self.gobject.get_state()

    @property
    def reasons(self) -> list[str]:
        """Why it takes no jobs, if it takes none."""
        return self.gobject.get_reasons()

    @property
    def running(self) -> int:
        """How many jobs it has."""
        return self.gobject.get_running()
