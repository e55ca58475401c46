# SPDX-License-Identifier: LGPL-2.1-or-later
"""make installcheck: that Python finds what was installed below the folder that is named, and
that it works: the package, the override, the typelib, the library and its supervisor."""
import asyncio
import os
import sys
import tempfile

import buildq
from gi.overrides import Buildq as override

folder = sys.argv[1]
for module in (buildq, override):
    assert os.path.realpath(module.__file__).startswith(os.path.realpath(folder)), module.__file__
assert os.path.exists(os.path.join(folder, "gi-stubs", "repository", "Buildq.pyi"))


async def main(home):
    async with buildq.connect(f"{home}/journal.db") as queue:
        worker = buildq.Worker(queue, "m", store=f"file://{home}/store", work_dir=f"{home}/work",
                               systems=["any"], max_load_per_core=1000.0, min_memory_bytes=0,
                               min_disk_bytes=0, min_inodes=0)
        worker.executor("command", buildq.CommandExecutor())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            status = await queue.wait(await queue.submit(buildq.Job(
                key="a", kind="command", system="any", argv=["true"])), timeout=60)
            worker.drain()
        assert status.succeeded == 1, (await queue.job("a")).result


for run in asyncio.run, buildq.run:
    with tempfile.TemporaryDirectory() as home:
        run(main(home))
