# SPDX-License-Identifier: LGPL-2.1-or-later
"""Abuse of the package: odd values, and callbacks that misbehave. Each is a clear error; none is
a crash or a critical of GLib, which ends the program here."""
import asyncio
import gc
import math
import time
from contextlib import asynccontextmanager

from gi.repository import GLib

from harness import Buildq, Raises, buildq, folder, job, main, test

TEXT = "a\0b", "\ud800", 1, b"\xff", object()
TEXTS = "text", ["a\0b"], ["\ud800"], [None], [1], [b"\xff"], 1
NUMBER = -1, 1 << 70, -(1 << 63), "1", math.nan
OBJECT = "text", 1, [None], object()
# What says clearly what is wrong: UnicodeEncodeError and Invalid are a ValueError, too.
CLEAR = TypeError, ValueError, OverflowError, buildq.Error


@asynccontextmanager
async def farm(*keys):
    async with buildq.connect("memory:") as queue:
        if keys:
            await queue.submit([job(key) for key in keys])
        async with queue.agent("m", buildq.offer(["any"], slots=8)) as agent:
            yield queue, agent


async def refuses(name, call, values):
    """Each of the values is refused; the call may also begin and only then refuse."""
    for value in values:
        try:
            answer = call(value)
            if hasattr(answer, "__anext__"):
                answer = answer.__anext__()
            if asyncio.iscoroutine(answer):
                answer = await answer
        except CLEAR as error:
            assert str(error), f"{name} says nothing about {value!r}"
            continue
        raise AssertionError(f"{name} took {value!r}, and gave {answer!r}")


@test
def values_refuse_odd_fields():
    odd = {"key": TEXT, "system": TEXT, "payload": TEXT, "argv": TEXTS, "depends": TEXTS,
           "features": TEXTS, "texts": TEXTS, "env": (*TEXTS, {"A": "a\0b"}, {"A\0": "b"}),
           "inputs": OBJECT, "outputs": ([1], ["a\0b"], [None], "text"), "cores": NUMBER,
           "memory_bytes": NUMBER, "timeout_s": NUMBER, "colour": ("red",)}
    for field, values in odd.items():
        for value in values:
            with Raises(CLEAR):
                job(**{field: value})
    for value in (*TEXT, "{", "[]", '{"key": 1}'):
        with Raises((*CLEAR, GLib.Error)):
            Buildq.Job.new_from_json(value)


@test
async def queues_refuse_odd_values():
    async with farm("a") as (queue, _):
        for name, call in {
                "connect": lambda value: buildq.connect(value).__aenter__(),
                "token": lambda value: buildq.connect("http://localhost:1", value).__aenter__(),
                "request": queue.request, "cancel": queue.cancel, "wait": queue.wait,
                "watch": queue.watch, "retry": queue.retry, "jobs": queue.jobs,
                "retry of a job": lambda value: queue.retry(key=value), "job": queue.job,
                "log": queue.read_log, "get_text": queue.get_text,
                "worker": lambda value: queue.set_worker_state(value, buildq.WorkerState.READY),
                "agent": lambda value: queue.agent(value, buildq.offer(["any"])).__aenter__(),
                "id": lambda value: queue.submit(job("b"), id=value),
                "server": lambda value: buildq.Server(queue, value).__aenter__()}.items():
            await refuses(name, call, TEXT)
        for name, call in {
                "submit": queue.submit, "list_jobs": queue.list_jobs, "sync": queue.sync,
                "state": lambda value: queue.set_worker_state("m", value),
                "offer": lambda value: queue.agent("n", value).__aenter__(),
                "authority": lambda value: buildq.Server(
                    queue, authority=value).__aenter__()}.items():
            await refuses(name, call, OBJECT)
        await refuses("missing_texts", queue.missing_texts, TEXTS)
        await refuses("wanted", lambda value: queue.submit(job("b"), wanted=value), TEXTS)
        await refuses("systems", buildq.offer, TEXTS)
        await refuses("offset", lambda value: queue.read_log("a", value), NUMBER)
        await refuses("priority", lambda value: queue.submit(job("b"), priority=value),
                      (1 << 70, 1 << 62, "1"))
        await refuses("port", lambda value: buildq.Server(queue, port=value).__aenter__(), NUMBER)
        await refuses("retry", queue.retry, [None])
        await refuses("state", lambda value: queue.set_worker_state("m", value),
                      [buildq.WorkerState.BUSY, buildq.WorkerState.GATED, None])
        assert (await queue.request((await queue.job("a")).requests[0])).total == 1


@test
async def leases_refuse_odd_values():
    async with farm("a") as (queue, agent):
        lease = await agent.lease()
        for value in OBJECT[1:]:
            with Raises(CLEAR):
                lease.send_log(value, offset=0)
        with Raises(CLEAR):
            lease.send_log("text", offset=1 << 70)
        for fields in ({"message": "a\0b"}, {"artifacts": [1]}, {"exit_status": "1"}, {"odd": 1},
                       {"message": "\ud800"}):
            await refuses("succeed", lambda value: lease.succeed(**value), [fields])
        await refuses("complete", lease.complete, (*OBJECT, None))
        assert lease.is_finished is False, "what was refused is no answer"
        receipt = await lease.succeed()
        assert receipt.verdict == Buildq.Verdict.ACCEPTED, receipt


@test
async def workers_refuse_odd_values():
    with folder() as home:
        async with farm() as (queue, _):
            settings = {"name": "w", "store": f"{home}/store", "work_dir": f"{home}/work"}
            odd = {"name": (*TEXT, ""), "store": (*TEXT, "no/where", None),
                   "work_dir": ("a\0b", 1, None), "mirrors": (*TEXTS, "ftp://x"),
                   "systems": TEXTS, "features": TEXTS, "compression": (*TEXT, "squeeze"),
                   "slots": (*NUMBER, 0), "keep_running_s": NUMBER,
                   "max_load_per_core": (-1, "1", math.nan), "min_memory_bytes": NUMBER,
                   "min_disk_bytes": NUMBER, "min_inodes": NUMBER}
            for name, values in odd.items():
                await refuses(name, lambda value: buildq.Worker(queue, **{**settings, name: value}),
                              values)
            worker = buildq.Worker(queue, **settings)
            await refuses("executor", lambda value: worker.executor("kind", value), OBJECT)
            await refuses("kind", lambda value: worker.executor(value, print), TEXT)


async def _do_all(executors, timeout_s=30):
    """The results of jobs of these kinds, by kind, of a worker with these executors."""
    with folder() as home:
        async with buildq.connect("memory:") as queue:
            worker = buildq.Worker(queue, "w", store=f"{home}/store", work_dir=f"{home}/work",
                                   systems=["any"], slots=4)
            for kind, executor in executors.items():
                worker.executor(kind, executor)
            running = asyncio.create_task(worker.run())
            request = await queue.submit([job(kind, kind=kind) for kind in executors])
            await queue.wait(request, timeout=timeout_s, interval=0.05)
            results = {kind: (await queue.job(kind)).result for kind in executors}
            worker.drain()
            await running
    return results


@test
async def executors_may_raise_and_return_anything():
    class Odd(Exception):
        def __str__(self):
            return "\ud800 \0"

    def raises(error):
        def executor(_execution):
            raise error
        return executor

    async def raises_later(_execution):
        await asyncio.sleep(0)
        raise OSError(2, "not there", b"\xff".decode("utf-8", "surrogateescape"))

    async def returns_later(_execution):
        return {}

    def loops_in_a_loop(_execution):
        coroutine = asyncio.sleep(0)
        try:
            asyncio.run(coroutine)
        finally:
            coroutine.close()

    results = await _do_all({
        "odd": raises(Odd()), "nul": raises(buildq.JobFailed("a\0b")),
        "empty": raises(AssertionError()), "later": raises_later, "number": lambda _: 42,
        "false": lambda _: False, "class": lambda _: Odd, "dict": returns_later,
        "outcome": lambda _: raises(buildq.JobFailed("a", "succeeded"))(_),
        "loop": loops_in_a_loop, "fields": lambda execution: execution.nothing,
        "log": lambda execution: execution.log(1), "surrogate": lambda e: e.log("\ud800"),
        "output": lambda execution: execution.output("nothing")})
    for kind, result in results.items():
        assert result.outcome == buildq.Outcome.FAILED and result.message, (kind, result)
    assert results["odd"].message == r"Odd: \ud800 \0", results["odd"].message
    assert results["nul"].message == r"a\0b", results["nul"].message
    assert "udcff" in results["later"].message, results["later"].message
    assert "returned int" in results["number"].message, results["number"].message


@test
async def executors_may_take_long_and_call_back():
    """What is called from inside a callback works, and nothing is lost behind a slow one."""
    async def asks(_execution, queue):
        return (await queue.stats()) and None

    def blocks(_execution):
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            pass

    with folder() as home:
        async with buildq.connect("memory:") as queue:
            worker = buildq.Worker(queue, "w", store=f"{home}/store", work_dir=f"{home}/work",
                                   systems=["any"], slots=4)
            tasks = []

            def reenters(_execution):
                GLib.MainContext.default().iteration(False)
                tasks.append(asyncio.ensure_future(queue.job("asks")))
                worker.pause()
                worker.resume()
                worker.drain() if len(tasks) == 2 else None

            worker.executor("asks", lambda execution: asks(execution, queue))
            worker.executor("blocks", blocks)
            worker.executor("reenters", reenters)
            await queue.submit([job(key, kind=key.rstrip("2")) for key in (
                "blocks", "asks", "blocks2", "asks2", "reenters", "reenters2")])
            await worker.run()  # until the second that reenters has it drain
            assert [status.key for status in await asyncio.gather(*tasks)] == ["asks", "asks"]
            done = [status async for status in queue.jobs(states=[buildq.JobState.SUCCEEDED])]
            assert len(done) >= 4, done
            assert not [status async for status in queue.jobs(states=[buildq.JobState.LEASED])]


@test
async def thousands_of_jobs_survive_collections():
    gc.collect()
    gc.freeze()  # so that a collection looks at what is made here
    try:
        async with buildq.connect("memory:") as queue:
            async with queue.agent("m", buildq.offer(["any"], slots=64)) as agent:
                seen = []
                agent.gobject.connect("attached", lambda *_: gc.collect())
                for batch in range(32):
                    await queue.submit([job(f"{batch}-{i}") for i in range(64)])
                    leases = []
                    for _ in range(64):
                        leases.append(await agent.lease())
                        gc.collect()
                    seen += [lease.key for lease in leases]
                    answers = [asyncio.ensure_future(lease.succeed()) for lease in leases]
                    leases.clear()
                    await asyncio.sleep(0)
                    gc.collect()
                    for receipt in await asyncio.gather(*answers):
                        assert receipt.verdict == Buildq.Verdict.ACCEPTED, receipt
                assert len(set(seen)) == len(seen) == 2048
    finally:
        gc.unfreeze()


@test
async def executors_survive_collections():
    def executor(_kind):
        async def run(execution):
            gc.collect()
            await asyncio.sleep(0)
            gc.collect()
            execution.log(execution.key)
        return run

    kinds = [f"kind-{i}" for i in range(100)]
    results = await _do_all({kind: executor(kind) for kind in kinds}, timeout_s=60)
    assert [results[kind].log_tail for kind in kinds] == kinds


main()
