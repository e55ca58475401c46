#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""embed.py FOLDER

A queue and two workers inside an asyncio program that has a loop of its own: a server that
squares the numbers that its clients send, one a line. The library needs no thread and no other
loop; the files of the workers are in FOLDER. It ends by ^C."""
import asyncio
import sys

import buildq


async def square(execution):
    number = int(execution.job.payload)
    await asyncio.sleep(0.01)  # where a real program would wait for something
    execution.log(str(number * number))


async def answer(queue, number):
    """Has a worker square it. Whoever asks for the same number has the answer of the same job."""
    request = await queue.submit(
        buildq.Job(key=number, kind="square", system="any", payload=number))
    await queue.wait(request, timeout=60)
    result = (await queue.job(number)).result
    return result.log_tail if result.outcome == buildq.Outcome.SUCCEEDED else result.message


async def main(folder):
    async with buildq.connect("memory:") as queue, asyncio.TaskGroup() as tasks:
        for name in "one", "two":
            worker = buildq.Worker(queue, name, store=f"{folder}/store",
                                   work_dir=f"{folder}/{name}", systems=["any"])
            worker.executor("square", square)
            tasks.create_task(worker.run())

        async def serve(reader, writer):
            async for line in reader:
                writer.write((await answer(queue, line.decode().strip())).encode() + b"\n")
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            print("port", server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()


try:
    asyncio.run(main(sys.argv[1]))
except KeyboardInterrupt:
    pass
