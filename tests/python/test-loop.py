# SPDX-License-Identifier: LGPL-2.1-or-later
"""Both kinds of loop: that of GLib does all that asyncio does, and what is GLib's runs in both."""
import asyncio
import contextvars
import gc
import os
import selectors
import signal
import socket
import threading
import time
import weakref

from gi.repository import Gio, GLib

from harness import Buildq, LOOPS, Raises, buildq, collected, job, main, test, until, watch_end


@test
async def sockets_timers_and_threads_work():
    async def echo(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        async def talk(number):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"%d\n" % number)
            answer = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return int(answer)
        assert await asyncio.gather(*(talk(n) for n in range(50))) == list(range(50))
    began = time.monotonic()
    await asyncio.gather(*(asyncio.sleep(0.05) for _ in range(100)))
    assert 0.049 < time.monotonic() - began < 5
    assert await asyncio.to_thread(lambda: 7) == 7
    with Raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    order = []
    asyncio.get_running_loop().call_soon(order.append, 1)
    asyncio.get_running_loop().call_soon(order.append, 2)
    await asyncio.sleep(0)
    assert order == [1, 2]


@test
async def processes_and_signals_work():
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", "read line; echo $line; exit 3", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate(b"hello\n")
    assert (out, process.returncode) == (b"hello\n", 3)
    got = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await got.wait()
    asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)


@test
async def sources_of_glib_run():
    async with buildq.connect("memory:"):
        ticks = []

        def tick():
            ticks.append(1)
            return len(ticks) < 3
        GLib.timeout_add(1, tick)
        await until(lambda: len(ticks) == 3)
        info = asyncio.get_running_loop().create_future()
        Gio.File.new_for_path("/").query_info_async(
            "standard::type", 0, 0, None, lambda file, result: info.set_result(
                file.query_info_finish(result)))
        assert (await info).get_file_type() == Gio.FileType.DIRECTORY


@test
async def other_objects_can_be_called():
    store = Buildq.Store.new_for_uri("file:///nowhere/store", None)
    with Raises(buildq.Error):
        await buildq.call(store, "query", "/buildq/store/" + "0" * 32 + "-x")
    with Raises(AttributeError):
        await buildq.call(store, "no_such_thing")
    with Raises(TypeError, "query takes store_path"):
        await buildq.call(store, "query")
    with Raises(TypeError):
        await buildq.call(store, "query", 3)


@test
async def quick_answers_let_others_have_their_turn():
    async with buildq.connect("memory:") as queue:
        turns = []

        async def count():
            while True:
                turns.append(1)
                await asyncio.sleep(0)
        counting = asyncio.create_task(count())
        for _ in range(400):
            await queue.stats()
        counting.cancel()
        assert len(turns) >= 10, len(turns)


@test
async def cancelled_calls_leave_nothing_behind():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with buildq.connect(f"http://127.0.0.1:{port}") as queue:
            for _ in range(20):
                asking = asyncio.create_task(queue.stats())
                await asyncio.sleep(0.001)
                asking.cancel()
                with Raises(asyncio.CancelledError):
                    await asking
            assert not queue.pending
            with Raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await queue.stats()
            ends = [watch_end(queue.gobject)]
        await collected(ends)


@test
async def a_task_keeps_its_own_context():
    variable = contextvars.ContextVar("variable", default="outside")
    async with buildq.connect("memory:") as queue:
        async def ask(name):
            variable.set(name)
            for _ in range(50):
                await queue.stats()
                assert variable.get() == name
        await asyncio.gather(*(ask(name) for name in "abc"))
        assert variable.get() == "outside"


@test
def one_loop_after_the_other():
    async def farm():
        async with buildq.connect("memory:") as queue:
            return (await queue.submit(job())).total
    for _ in range(3):
        for run in LOOPS.values():
            assert run(farm()) == 1


@test
def a_queue_of_another_loop_is_refused():
    for first, second in ((buildq.run, asyncio.run), (asyncio.run, buildq.run)):
        async def leave(queue):
            await queue.__aenter__()

        async def use(queue):
            with Raises(buildq.WrongThread, "another loop"):
                await queue.stats()
        left = buildq.connect("memory:")
        first(leave(left))
        second(use(left))


@test
def a_loop_may_have_a_context_of_its_own():
    context = GLib.MainContext.new()
    loop = buildq.new_event_loop(context)

    async def farm():
        assert GLib.MainContext.get_thread_default() == context
        async with buildq.connect("memory:") as queue:
            return (await queue.submit(job())).total
    assert loop.run_until_complete(farm()) == 1
    assert GLib.MainContext.get_thread_default() is None
    loop.close()
    loop.close()


@test
def threads_have_contexts_of_their_own():
    found = []

    async def look():
        async with buildq.connect("memory:"):
            found.append(GLib.MainContext.ref_thread_default())
    for run in LOOPS.values():
        thread = threading.Thread(target=lambda: run(look()))
        thread.start()
        thread.join()
    assert len(found) == 2 and found[0] != found[1]
    assert GLib.MainContext.default() not in found
    assert GLib.MainContext.get_thread_default() is None


@test
def a_loop_that_cannot_watch_is_refused():
    class Blind(asyncio.SelectorEventLoop):
        def add_reader(self, fd, callback, *arguments):
            raise NotImplementedError

    async def look():
        with Raises(buildq.NotSupported, "cannot watch a descriptor"):
            async with buildq.connect("memory:"):
                pass
    with asyncio.Runner(loop_factory=Blind) as runner:
        runner.run(look())


@test
def a_context_that_others_run_is_refused():
    async def main():
        async with buildq.connect("memory:"):
            pass
    inside, leave = threading.Event(), threading.Event()
    context = GLib.MainContext.default()

    def hold():
        context.acquire()
        inside.set()
        leave.wait()
        context.release()
    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    with Raises(buildq.Conflict, "run by another thread"):
        asyncio.run(main())
    coroutine, loop = main(), buildq.new_event_loop()
    with Raises(RuntimeError, "run by another thread"):
        loop.run_until_complete(coroutine)
    loop.close()
    coroutine.close()
    leave.set()
    thread.join()


@test
def an_interrupt_is_not_lost_in_a_callback_of_glib():
    async def main():
        async with buildq.connect("memory:") as queue:
            GLib.timeout_add(1, lambda: os.kill(os.getpid(), signal.SIGINT))
            while True:
                await queue.stats()
    loop = buildq.new_event_loop()
    task = loop.create_task(main())
    with Raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    task.cancel()
    with Raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


@test
def a_loop_goes_away():
    weak = []

    async def farm():
        weak.append(weakref.ref(asyncio.get_running_loop()))
        async with buildq.connect("memory:") as queue:
            await queue.submit(job())
    for run in LOOPS.values():
        run(farm())
    gc.collect()
    assert [ref() for ref in weak] == [None, None], weak


@test
def the_selector_is_one():
    loop = buildq.new_event_loop(GLib.MainContext.new())
    selector = loop._selector
    one, other = socket.socketpair()
    with one, other:
        key = selector.register(one, selectors.EVENT_READ, "data")
        assert selector.get_key(one) == key == selector.get_key(one.fileno())
        with Raises(KeyError):
            selector.register(one, selectors.EVENT_READ)
        with Raises(KeyError):
            selector.unregister(other)
        with Raises(ValueError):
            selector.register(other, 0)
        assert selector.select(0) == []
        began = time.monotonic()
        assert selector.select(0.02) == [] and time.monotonic() - began >= 0.02
        other.send(b"x")
        assert selector.select() == [(key, selectors.EVENT_READ)]
        key = selector.modify(one, selectors.EVENT_READ | selectors.EVENT_WRITE)
        assert selector.select() == [(key, selectors.EVENT_READ | selectors.EVENT_WRITE)]
        other.close()
        assert selector.select(1)[0][1] & selectors.EVENT_READ
        selector.unregister(one)
        assert selector.select(0) == []
    loop.close()


main()
