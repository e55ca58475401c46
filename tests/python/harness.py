# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the package buildq: coroutines, each run in a plain asyncio loop and in one that is
GLib's as well. Warnings are errors, and so is what Python or PyGObject would only print."""
import asyncio
import gc
import os
import sys
import tempfile
import traceback
import warnings

warnings.simplefilter("error")
# PyGObject 3.42 itself.
warnings.filterwarnings("ignore", category=ImportWarning)
sys.path.append(os.path.join(os.environ["top_srcdir"], "tests", "project"))

import buildq  # noqa: E402
import tap  # noqa: E402
from buildq import Buildq  # noqa: E402

DEADLINE_S = 60
LOOPS = {"plain": asyncio.run, "glib": buildq.run}
_tests = []
_noise = []


def test(function):
    """Registers a test: a coroutine function for both kinds of loop, or a plain function."""
    _tests.append(function)
    return function


def job(key="a", **fields):
    return buildq.Job(**{"key": key, "kind": "command", "system": "any", "argv": ["true"], **fields})


class Raises:
    """A block that must raise this, with a message that contains that."""

    def __init__(self, kind, part=""):
        self.kind, self.part, self.error = kind, part, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        if error is None:
            raise AssertionError(f"nothing was raised instead of {self.kind}")
        if not isinstance(error, self.kind):
            return False
        assert self.part in str(error), f"'{error}' does not say '{self.part}'"
        self.error = error
        return True


async def until(condition, what="it"):
    """Waits until something is so. It is looked at again after each turn of the loop."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.005)


async def gone(weak):
    """Waits until what a list of weak references names is no more; garbage is collected."""
    def is_gone():
        gc.collect()
        return all(ref() is None for ref in weak)
    await until(is_gone)


async def collected(gobject_refs):
    """The same for objects of the library: `watch_end ()` made the list."""
    def is_gone():
        gc.collect()
        return all(ref for ref in gobject_refs)
    await until(is_gone)


def watch_end(gobject):
    """A list that is empty until the object of the library is finalized."""
    ended = []
    gobject.weak_ref(ended.append, True)
    return ended


def _note(*what):
    _noise.append("".join(str(part) for part in what))


def listen():
    """What would only be printed."""
    sys.excepthook = lambda kind, error, trace: _note(
        *traceback.format_exception(kind, error, trace))
    sys.unraisablehook = lambda what: _note(
        what.err_msg, what.object, *traceback.format_exception(what.exc_value))


def noise():
    """Lines of what was printed since the last time."""
    gc.collect()
    found = [line for each in _noise for line in each.splitlines()]
    _noise.clear()
    return found


def _run_one(function, name, run):
    noise()
    details = []

    async def limited():
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: _note(context.get("message"), context.get("exception")))
        async with asyncio.timeout(DEADLINE_S):
            await function()
    try:
        if run is None:
            function()
        else:
            run(limited())
    except BaseException:
        details += traceback.format_exc().splitlines()
    details += noise()
    tap.ok(not details, name, details)


def main():
    listen()
    only = sys.argv[1:]
    for function in _tests:
        name = function.__name__.replace("_", " ")
        if only and not any(word in name for word in only):
            continue
        if asyncio.iscoroutinefunction(function):
            for loop, run in LOOPS.items():
                _run_one(function, f"{name}, {loop} loop", run)
        else:
            _run_one(function, name, None)
    tap.done()


def folder():
    """A temporary folder, as a context manager."""
    return tempfile.TemporaryDirectory(prefix="buildq-python-")


__all__ = ["Buildq", "LOOPS", "Raises", "buildq", "collected", "folder", "gone", "job", "listen",
           "main", "noise", "tap", "test", "until", "watch_end"]
