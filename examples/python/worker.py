#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""worker.py URI NAME FOLDER

Works for the queue at URI as the machine NAME, with its files in FOLDER: jobs of the kind "primes"
have a number as their payload, and make the list of the primes below it. It ends when it is
drained (buildq worker drain NAME, or SIGTERM) or by ^C."""
import asyncio
import signal
import sys

import buildq


async def primes(execution):
    """What it raises fails the job. It is cancelled when nobody wants the job any more."""
    if not execution.job.payload.isdecimal():
        raise buildq.JobFailed("the payload is no number")
    found = []
    for number in range(2, int(execution.job.payload)):
        if all(number % prime for prime in found):
            found.append(number)
            execution.log(f"found {number}\n")
        await asyncio.sleep(0)  # the worker goes on meanwhile
    execution.output().write_text(f"{found}\n")


async def main(uri, name, folder):
    async with buildq.connect(uri) as queue:
        worker = buildq.Worker(queue, name, store=f"{folder}/store", work_dir=f"{folder}/work",
                               mirrors=f"{folder}/mirror")
        worker.executor("primes", primes)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.drain)
        await worker.run()


try:
    asyncio.run(main(*sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit("stopped; what was under way is given back")
