# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bindings.c does, with the package buildq. See README.md."""
import asyncio
import ctypes
import os
import sys
import time

import buildq

BATCH = 64
count = 0


def make_jobs(number):
    global count
    first, count = count, count + number
    return [buildq.Job(key=f"job-{i}", kind="work", system="any", payload=f"job-{i}")
            for i in range(first, first + number)]


async def measure(func, number):
    """Runs it and prints seconds, on the wall and of this thread's processor."""
    await func(max(number // 4, 1))  # warm
    wall, processor = time.monotonic(), time.thread_time()
    await func(number)
    print(f"{time.monotonic() - wall:.6f} {time.thread_time() - processor:.6f}")


async def run_cycle(batches):
    """Submits 64 jobs, leases them one by one, completes them all."""
    async with buildq.connect("memory:") as queue:
        offer = buildq.offer(["any"], kinds=["work"], slots=BATCH)
        async with queue.agent("bench", offer) as agent:
            async def cycle(batches):
                for _ in range(batches):
                    await queue.submit(make_jobs(BATCH))
                    leases = [await agent.lease() for _ in range(BATCH)]
                    await asyncio.gather(*(lease.succeed() for lease in leases))

            await measure(cycle, batches)


def add_c_executor(worker):
    """Lets the worker use the executor of executor.c."""
    library = ctypes.CDLL(os.path.join(os.environ["BUILD"], "bench", ".libs", "libexecutor.so"))
    library.bench_executor_new.restype = ctypes.c_void_p
    library.buildq_worker_add_executor.argtypes = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p
    # The hash of an object is where it lies.
    library.buildq_worker_add_executor(hash(worker.gobject), b"work", library.bench_executor_new())


def function(_execution):
    pass


async def coroutine(_execution):
    pass


async def run_executor(executor, jobs, folder):
    """Has a worker do jobs whose executor does nothing."""
    async with buildq.connect("memory:") as queue:
        worker = buildq.Worker(queue, "bench", store=f"{folder}/store",
                               work_dir=f"{folder}/work", systems=["any"])
        if executor is None:
            add_c_executor(worker)
        else:
            worker.executor("work", executor)
        left, done = 0, None

        def finished(_worker, key, outcome):
            nonlocal left
            if outcome != buildq.Outcome.SUCCEEDED:
                sys.exit(f"{key}: {outcome}")
            left -= 1
            if left == 0:
                done.set_result(None)

        async def do_jobs(jobs):
            nonlocal left, done
            left, done = jobs, asyncio.get_running_loop().create_future()
            await queue.submit(make_jobs(jobs))
            await done

        worker.gobject.connect("job-finished", finished)
        running = asyncio.create_task(worker.run())
        await measure(do_jobs, jobs)
        worker.drain()
        await running


def main(loop, what, number, *folder):
    run = {"asyncio": asyncio.run, "glib": buildq.run}[loop]
    if what == "cycle":
        run(run_cycle(int(number)))
    else:
        executor = {"c": None, "function": function, "coroutine": coroutine}[what]
        run(run_executor(executor, int(number), *folder))


main(*sys.argv[1:])
