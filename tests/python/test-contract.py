# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells the stories of tests/contract from Python, over every kind of queue; see the README
there. Stories of one kind are told at the same time, each with a queue of its own; of those in
which time matters only a few, as each waits for the others' work."""
import asyncio
import contextlib
import json
import os
import sys

from harness import LOOPS, Buildq, buildq, folder, listen, noise, tap

DEADLINE_S = 60
STORIES = os.path.join(os.environ["top_srcdir"], "tests", "contract")
# What is told in which loop.
RUNS = (("memory", "plain"), ("memory", "glib"), ("journal", "plain"), ("remote", "plain"),
        ("remote", "glib"), ("remote-post", "glib"))


class Wrong(Exception):
    """What is not as the story says."""


class Telling:
    """One story over one kind of queue."""

    def __init__(self, kind, story, home):
        self.kind, self.story, self.home = kind, story, home
        self.saved = {}
        self.pushes = asyncio.Queue()
        self.queue = self.stack = None
        self.port = 0

    async def open(self):
        self.stack = contextlib.AsyncExitStack()
        settings = self.story.get("settings", {})
        uri = "memory:" if self.kind == "memory" else f"{self.home}/journal.db"
        self.queue = await self.stack.enter_async_context(buildq.connect(uri))
        self.queue.gobject.set_session_ms(settings.get("session_ms", 30000))
        self.queue.gobject.set_claim_ms(settings.get("claim_ms", 10000))
        if self.kind.startswith("remote"):
            server = await self.stack.enter_async_context(buildq.Server(self.queue))
            self.queue = await self.stack.enter_async_context(buildq.connect(server.uri))
            self.queue.gobject.set_use_websocket(self.kind == "remote")
        handler = self.queue.gobject.connect(
            "pushed", lambda _queue, _session, reply: self.pushes.put_nowait(reply))
        self.stack.callback(self.queue.gobject.disconnect, handler)

    async def tell(self):
        await self.open()
        try:
            for number, step in enumerate(self.story["steps"], 1):
                try:
                    await self.step(step)
                except Wrong as wrong:
                    raise Wrong(f"step {number} ({step['call']}): {wrong}") from None
        finally:
            await self.stack.aclose()

    async def step(self, step):
        """One with "until" is tried until it is as expected: something has to happen first."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    return await self.try_step(step)
                except Wrong:
                    if "until" not in step:
                        raise
                await asyncio.sleep(0.02)

    async def try_step(self, step):
        try:
            answer = await self.call(self.fill(step))
        except buildq.Error as error:
            if step.get("error") != error.code:
                raise Wrong(f"it failed: {error.code}: {error}") from None
            if step.get("message", "") not in str(error):
                raise Wrong(f"'{error}' does not say '{step['message']}'") from None
            return
        if "error" in step:
            raise Wrong(f"it succeeded, instead of '{step['error']}'")
        if "expect" in step:
            match(self.fill(step["expect"]), answer, "answer")
        for name, place in step.get("save", {}).items():
            self.saved[name] = find(answer, place)

    def fill(self, value):
        if isinstance(value, dict):
            return {name: self.fill(each) for name, each in value.items() if name != "expect"}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, str) and value.startswith("$"):
            return self.saved[value[1:]]
        return value

    async def call(self, step):
        """What a call of the queue answers, as JSON says it."""
        call, name, queue = step["call"], step.get("name"), self.queue
        with_ = json.dumps(step["with"]) if "with" in step else None
        match call:
            case "restart":
                await self.stack.aclose()
                await self.open()
                return {}
            case "push":
                return read(await self.pushes.get())
            case "submit":
                return read(await queue.submit(value(Buildq.Request, with_)))
            case "sync":
                return read(await queue.sync(value(Buildq.SyncMessage, with_)))
            case "list_jobs":
                return read(await queue.list_jobs(value(Buildq.Query, with_)))
            case "cancel":
                return read(await queue.cancel(name))
            case "retry":
                return read(await queue.retry(name, key=step.get("key")))
            case "get_request":
                return read(await queue.request(name))
            case "get_job":
                return read(await queue.job(name))
            case "read_log":
                return read(await queue.read_log(name, step.get("offset", 0)))
            case "list_workers":
                return [read(worker) for worker in await queue.workers()]
            case "set_worker_state":
                state = getattr(buildq.WorkerState, step["state"].upper())
                return read(await queue.set_worker_state(name, state))
            case "put_text":
                return await queue.put_text(name)
            case "get_text":
                return (await queue.get_text(name)).decode()
        raise Wrong(f"there is no call '{call}'")


def value(kind, text):
    with buildq.errors.raised():
        return kind.new_from_json(text)


def read(answer):
    return json.loads(str(answer))


def find(value, place):
    for part in place.split("."):
        try:
            value = value[int(part) if isinstance(value, list) else part]
        except (KeyError, IndexError):
            raise Wrong(f"there is nothing at {place} to save") from None
    return value


def match(expected, actual, where):
    """Raises where the answer is not as it must be, as far as the story tells."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, wanted in expected.items():
            if name in actual:
                match(wanted, actual[name], f"{where}.{name}")
            elif wanted is not None:
                raise Wrong(f"{where}.{name} is not there")
        return
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            raise Wrong(f"{where}: {len(actual)} elements instead of {len(expected)}")
        for number, (wanted, found) in enumerate(zip(expected, actual)):
            match(wanted, found, f"{where}[{number}]")
        return
    if isinstance(expected, str) and (expected == "*" or (
            expected.startswith("~") and isinstance(actual, str) and expected[1:] in actual)):
        return
    if type(expected) is not type(actual) or expected != actual:
        raise Wrong(f"{where} is {json.dumps(actual)} instead of {json.dumps(expected)}")


def can_tell(kind, story):
    needs = story.get("needs", [])
    return not ("push" in needs and kind == "remote-post" or "journal" in needs and kind == "memory")


async def tell(kind, story, turn):
    """What is wrong with a story; an empty text if nothing is."""
    async with turn:
        with folder() as home:
            try:
                async with asyncio.timeout(2 * DEADLINE_S):
                    await Telling(kind, story, home).tell()
            except Exception as error:
                return f"{type(error).__name__}: {error}"
            return ""


async def tell_all(kind, stories):
    """The same for each story, by its name."""
    wrong = {}
    for at_a_time, hasty in ((40, False), (4, True)):
        turn = asyncio.Semaphore(at_a_time)
        told = {name: story for name, story in stories.items() if ("settings" in story) == hasty}
        wrong.update(zip(told, await asyncio.gather(
            *(tell(kind, story, turn) for story in told.values()))))
    return wrong


def main():
    listen()
    stories = {}
    for name in sorted(os.listdir(STORIES)):
        if name.endswith(".json") and (not sys.argv[1:] or name[:-5] in sys.argv[1:]):
            with open(os.path.join(STORIES, name), encoding="utf-8") as file:
                stories[name[:-5]] = json.load(file)
    for kind, loop in RUNS:
        told = {name: story for name, story in stories.items() if can_tell(kind, story)}
        for name, wrong in LOOPS[loop](tell_all(kind, told)).items():
            tap.ok(not wrong, f"{name}, {kind}, {loop} loop", [wrong])
        tap.nothing(noise(), f"nothing was printed, {kind}, {loop} loop")
    tap.done()


main()
