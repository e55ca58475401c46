#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""submit.py [URI]

Submits a graph of jobs to a queue, the one at BUILDQ_URI by default, and shows how it goes until
it is done."""
import asyncio
import os
import sys

import buildq


def shell(key, script, *inputs):
    """A job that runs a script; `inputs` are the keys of jobs whose outputs it reads."""
    return buildq.Job(
        key=key, kind="command", system=f"{os.uname().machine}-linux", argv=["sh", "-c", script],
        inputs=[buildq.Input.new_for_job(name, name, "out") for name in inputs], outputs=["out"])


JOBS = [
    shell("left", "echo Hello > $out"),
    shell("right", "echo World > $out"),
    shell("both", "cat $BUILDQ_INPUT_left $BUILDQ_INPUT_right > $out", "left", "right"),
    shell("loud", "tr a-z A-Z < $BUILDQ_INPUT_both > $out", "both"),
]


async def main(uri=None):
    async with buildq.connect(uri) as queue:
        request = await queue.submit(JOBS)
        async for status in queue.watch(request):
            print(f"{status.succeeded} of {status.total} done, {status.leased} running")
        async for job in queue.jobs(request):
            paths = [artifact.store_path for artifact in job.result.artifacts]
            print(f"{job.key}: {job.result.outcome.value_nick}", *paths)
        return 0 if status.state == buildq.RequestState.SUCCEEDED else 1


sys.exit(asyncio.run(main(*sys.argv[1:])))
