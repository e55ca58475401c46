# SPDX-License-Identifier: LGPL-2.1-or-later
"""Workers with executors in Python."""
import asyncio
import contextlib
import weakref

from harness import (LOOPS, Buildq, Raises, buildq, collected, folder, gone, job, main, test, until,
                     watch_end)


@contextlib.asynccontextmanager
async def farm(*, remote=False, **settings):
    """A queue, and a worker that is not running yet."""
    async with contextlib.AsyncExitStack() as stack:
        home = stack.enter_context(folder())
        queue = await stack.enter_async_context(buildq.connect("memory:"))
        if remote:
            server = await stack.enter_async_context(buildq.Server(queue))
            queue = await stack.enter_async_context(buildq.connect(server.uri))
        yield queue, buildq.Worker(
            queue, "snake", store=f"file://{home}/store", work_dir=f"{home}/work",
            mirrors=f"file://{home}/mirror", systems=["any"], max_load_per_core=1000.0,
            min_memory_bytes=0, min_disk_bytes=0, min_inodes=0, **settings)


async def result_of(queue, key):
    return (await queue.job(key)).result


async def do(queue, worker, *jobs):
    """Has the worker do jobs, and drains it."""
    running = asyncio.create_task(worker.run())
    status = await queue.wait(await queue.submit(jobs), timeout=50, interval=0.02)
    worker.drain()
    await running
    return status


@test
async def functions_and_coroutines_do_jobs():
    async with farm() as (queue, worker):
        calls = []

        @worker.executor("function")
        def plain(execution):
            calls.append((execution.key, execution.attempt, execution.build_dir.is_dir()))
            execution.output("out").write_text(f"made by {execution.job.payload}")
            execution.log("plain\n")

        @worker.executor("coroutine")
        async def slow(execution):
            await asyncio.sleep(0.01)
            made = execution.input("lib").read_text()
            execution.output().write_text(made.upper())
            execution.log(b"slow\n")
            execution.set_exit_status(0)
        worker.executor("command", buildq.CommandExecutor())
        status = await do(
            queue, worker,
            job("a", kind="function", outputs=["out"], payload="hand"),
            job("b", kind="coroutine", outputs=["out"], depends=["a"],
                inputs=[buildq.Input.new_for_job("lib", "a", None)]),
            job("c", kind="command", argv=["sh", "-c", "tr D d < $BUILDQ_INPUT_lib > $out"], outputs=["out"],
                inputs=[buildq.Input.new_for_job("lib", "b", None)]))
        assert status.succeeded == 3, await result_of(queue, "c")
        assert calls == [("a", 1, True)], calls
        assert (await result_of(queue, "b")).log_tail == "slow\n"


@test
async def what_executors_raise_fails_their_jobs():
    async with farm(slots=8) as (queue, worker):
        async def coroutine(execution):
            await asyncio.sleep(0)
            raise KeyError("of the coroutine")

        def function(execution):
            raise RuntimeError("of the function")

        def chooses(execution):
            raise buildq.JobFailed("the disk", buildq.Outcome.LIMIT_EXCEEDED)

        async def returns(execution):
            return 3
        for kind, executor in (("coroutine", coroutine), ("function", function),
                               ("chooses", chooses), ("returns", returns),
                               ("wrong", lambda execution: "done"), ("good", lambda _: None)):
            worker.executor(kind, executor)
        kinds = ("coroutine", "function", "chooses", "returns", "wrong", "good")
        status = await do(queue, worker, *(job(kind, kind=kind) for kind in kinds))
        assert (status.succeeded, status.failed) == (1, 5), status
        found = {kind: await result_of(queue, kind) for kind in kinds}
        assert found["coroutine"].message == "KeyError: 'of the coroutine'"
        assert found["function"].message == "RuntimeError: of the function"
        assert found["function"].outcome == buildq.Outcome.FAILED
        assert "in function\n" in found["function"].log_tail
        assert found["chooses"].message == "the disk"
        assert found["chooses"].outcome == buildq.Outcome.LIMIT_EXCEEDED
        assert "returned int, not None" in found["returns"].message
        assert "returned str, not None or a coroutine" in found["wrong"].message


@test
async def an_execution_has_its_thread_and_its_end():
    async with farm() as (queue, worker):
        kept = []

        @worker.executor("command")
        async def work(execution):
            kept.append(execution)

            def elsewhere():
                for use in (lambda: execution.log("x"), lambda: execution.set_exit_status(1)):
                    with Raises(buildq.WrongThread, "another thread"):
                        use()
            await asyncio.to_thread(elsewhere)
            with Raises(KeyError, "has no input 'nothing'"):
                execution.input("nothing")
            with Raises(KeyError, "has no output 'out'"):
                execution.output()
        assert (await do(queue, worker, job())).succeeded == 1, await result_of(queue, "a")
        execution, = kept
        for use in (lambda: execution.log("x"), lambda: execution.set_exit_status(1)):
            with Raises(buildq.Closed, "has ended"):
                use()


@test
async def what_is_no_exception_ends_the_program():
    class Stop(SystemExit):
        pass

    async def main(coroutine):
        async with farm() as (queue, worker):
            def function(execution):
                raise Stop

            async def other(execution):
                raise Stop
            worker.executor("command", other if coroutine else function)
            await queue.submit(job())
            await worker.run()

    def loops():
        for run in LOOPS.values():
            for coroutine in (True, False):
                with Raises(Stop):
                    run(main(coroutine))
    await asyncio.to_thread(loops)


@test
async def a_coroutine_is_cancelled_with_its_job():
    for remote in (False, True):
        async with farm(remote=remote) as (queue, worker):
            began, ended = asyncio.Event(), asyncio.Event()

            @worker.executor("command")
            async def endless(execution):
                began.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    assert execution.is_cancelled
                    ended.set()
                    raise
            running = asyncio.create_task(worker.run())
            request = await queue.submit(job())
            await began.wait()
            await queue.cancel(request)
            await ended.wait()
            worker.drain()
            await running


@test
async def a_coroutine_is_cancelled_when_its_lease_is_lost():
    async with buildq.connect("memory:") as local:
        local.gobject.set_session_ms(300)
        async with buildq.Server(local) as server, buildq.connect(server.uri) as queue:
            with folder() as home:
                worker = buildq.Worker(queue, "snake", store=f"file://{home}/store",
                                       work_dir=f"{home}/work", systems=["any"])
                began, ended = asyncio.Event(), asyncio.Event()

                @worker.executor("command")
                async def endless(execution):
                    began.set()
                    try:
                        await asyncio.Event().wait()
                    finally:
                        ended.set()
                running = asyncio.create_task(worker.run())
                await local.submit(job())
                await began.wait()
                # The machine is out of reach until another could have the job; then it is back.
                port = int(server.uri.rstrip("/").rpartition(":")[2])
                await server.close()
                await until(lambda: not worker.gobject.get_agent().is_attached())
                async with local.agent("other", buildq.offer(["any"])) as other:
                    async with other.lease() as lease:
                        assert lease.attempt == 2
                        await lease.succeed()
                async with buildq.Server(local, port=port):
                    await ended.wait()
                    worker.drain()
                    await running


@test
async def a_job_has_a_timeout():
    async with farm() as (queue, worker):
        @worker.executor("command")
        async def endless(execution):
            await asyncio.Event().wait()
        await do(queue, worker, job(timeout_s=1))
        result = await result_of(queue, "a")
        assert result.outcome == buildq.Outcome.TIMED_OUT, result
        assert result.message == "it took more than 1 s"


@test
async def silence_has_a_timeout():
    async with farm() as (queue, worker):
        @worker.executor("command")
        async def talk_and_stop(execution):
            for _ in range(3):
                await asyncio.sleep(0.4)
                execution.log("still here\n")
            await asyncio.Event().wait()
        await do(queue, worker, job(silent_timeout_s=1))
        result = await result_of(queue, "a")
        assert result.outcome == buildq.Outcome.TIMED_OUT, result
        assert result.message == "it was silent for more than 1 s"
        assert result.log_tail == "still here\n" * 3


@test
async def a_worker_that_is_cancelled_gives_its_jobs_back():
    async with farm() as (queue, worker):
        began = asyncio.Event()
        stopped = []

        @worker.executor("command")
        async def endless(execution):
            began.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stopped.append(execution.key)
                raise
        running = asyncio.create_task(worker.run())
        await queue.submit(job())
        await began.wait()
        running.cancel()
        with Raises(asyncio.CancelledError):
            await running
        assert stopped == ["a"]
        assert (await queue.job("a")).state == buildq.JobState.READY
        with Raises(buildq.Closed):
            await worker.run()


@test
async def a_worker_ends_with_its_queue():
    async with farm() as (queue, worker):
        ends = [watch_end(worker.gobject), watch_end(queue.gobject)]
        began = asyncio.Event()

        class Executor:
            async def run(self, execution):
                self.worker.gobject  # a circle through the library
                began.set()
                await asyncio.Event().wait()
        executor = Executor()
        executor.worker = worker
        worker.executor("command", executor.run)
        weak = [weakref.ref(executor), weakref.ref(worker), weakref.ref(queue)]
        running = asyncio.create_task(worker.run())
        await queue.submit(job())
        await began.wait()
    with Raises(buildq.Closed):
        await running
    with Raises(buildq.Closed):
        worker.state
    del queue, worker, running, executor, Executor, began
    await collected(ends)
    await gone(weak)


@test
async def a_worker_says_what_is_wrong():
    async with farm() as (queue, worker):
        with Raises(buildq.Invalid, "has no executor"):
            await worker.run()
        with Raises(TypeError, "an executor is a function"):
            buildq.Worker(queue, "x", store="file:///tmp/s", work_dir="/tmp/w").executor("a", 3)
        with Raises(buildq.Error):
            buildq.Worker(queue, "x", store="gopher://x", work_dir="/tmp/w")
        with Raises(buildq.Invalid, "needs a name"):
            buildq.Worker(queue, "", store="file:///tmp/s", work_dir="/tmp/w")


@test
async def a_worker_pauses_and_goes_on():
    async with farm() as (queue, worker):
        done = []
        worker.executor("command", lambda execution: done.append(execution.key))
        running = asyncio.create_task(worker.run())
        await until(lambda: worker.state == buildq.WorkerState.READY)
        worker.pause()
        await until(lambda: worker.state == buildq.WorkerState.PAUSED)
        assert worker.running == 0
        request = await queue.submit(job())
        assert not done
        worker.resume()
        await until(lambda: worker.state == buildq.WorkerState.READY)
        assert worker.reasons == []
        await queue.wait(request)
        worker.drain()
        await running
        assert done == ["a"]


main()
