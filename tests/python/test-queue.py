# SPDX-License-Identifier: LGPL-2.1-or-later
"""Queues: calls, errors, waiting, closing, threads."""
import asyncio
import os
import pathlib
import threading
import weakref

from harness import (Buildq, Raises, buildq, collected, folder, gone, job, main, test, until,
                     watch_end)

OFFER = buildq.offer(["any"], slots=4)


@test
async def calls_answer_with_values():
    async with buildq.connect("memory:") as queue:
        status = await queue.submit([job("a"), job("b", depends=["a"])], id="r", priority=2)
        assert status.id == "r" and status.total == 2 and status.priority == 2
        assert status == await queue.submit(
            buildq.Request(id="r", jobs=[job("a"), job("b", depends=["a"])], priority=2))
        assert (await queue.request(status)).ready == 1
        assert (await queue.job("b")).waiting_for == ["a"]
        assert [each.key async for each in queue.jobs("r")] == ["a", "b"]
        waiting = [each.key async for each in queue.jobs(states=[buildq.JobState.WAITING])]
        assert waiting == ["b"], waiting
        assert (await queue.stats()).requests
        assert await queue.workers() == []
        assert (await queue.cancel("r")).state == buildq.RequestState.CANCELLED
        assert (await queue.retry("r")).state == buildq.RequestState.ACTIVE
        assert (await queue.submit(job("c"))).wanted == ["c"]


@test
async def texts_come_back():
    async with buildq.connect("memory:") as queue:
        name = await queue.put_text("Grüße\n")
        assert await queue.get_text(name) == "Grüße\n".encode()
        assert await queue.missing_texts([name]) == []
        unknown = name[:-1] + ("0" if name[-1] != "0" else "1")
        assert await queue.missing_texts([name, unknown]) == [unknown]


@test
async def errors_say_what_is_wrong():
    async with buildq.connect("memory:") as queue:
        with Raises(buildq.NotFound, "'nothing' is not known") as raised:
            await queue.job("nothing")
        assert raised.error.code == "not-found" and not raised.error.is_transient
        with Raises(buildq.NotFound, "depends on 'missing'"):
            await queue.submit([job("a", depends=["missing"])])
        with Raises(TypeError):
            await queue.job(3)
    with Raises(buildq.Error):
        async with buildq.connect("/nowhere/at/all/journal.db"):
            pass
    with Raises(buildq.NotSupported, "gopher"):
        async with buildq.connect("gopher://x"):
            pass
    with Raises(buildq.Invalid, "'journal.db'"):
        async with buildq.connect("journal.db"):
            pass
    with Raises(buildq.Unavailable) as raised:
        async with buildq.connect("http://127.0.0.1:1") as queue:
            await queue.stats()
    assert raised.error.is_transient


@test
async def watch_and_wait_end_with_the_request():
    async with buildq.connect("memory:") as queue, queue.agent("m", OFFER) as agent:
        request = await queue.submit([job("a"), job("b", depends=["a"])])

        async def work():
            for _ in range(2):
                async with agent.lease() as lease:
                    await asyncio.sleep(0.05)
                    await lease.succeed()
        seen = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work())
            waiting = tasks.create_task(queue.wait(request))
            async for status in queue.watch(request, interval=0.01):
                seen.append((status.state, status.succeeded))
        assert seen[-1] == (buildq.RequestState.SUCCEEDED, 2) and len(seen) > 2, seen
        assert len(set(seen)) >= 3
        assert waiting.result() == status
        later = await queue.submit(job("c"))
        with Raises(TimeoutError):
            await queue.wait(later, timeout=0.05)


@test
async def a_log_is_followed():
    async with buildq.connect("memory:") as queue, queue.agent("m", OFFER) as agent:
        await queue.submit(job("a"))
        text = b"".join(b"line %d\n" % number for number in range(100))
        async with agent.lease() as lease:
            asked = []

            def send(offset):
                asked.append(offset)
                lease.send_log(text[offset:offset + 300], offset=offset)
            lease.on_log_wanted = send

            async def follow():
                return b"".join([part async for part in queue.follow_log("a", interval=0.02)])
            following = asyncio.create_task(follow())
            await until(lambda: len(asked) > 2)
            await lease.succeed(log_tail=text.decode(), log_bytes=len(text))
        assert await following == text


@test
async def the_environment_says_where():
    os.environ["BUILDQ_URI"] = "memory:"
    try:
        async with buildq.connect() as queue:
            assert isinstance(queue.gobject, Buildq.LocalQueue)
    finally:
        del os.environ["BUILDQ_URI"]
    assert "127.0.0.1:8720" in repr(buildq.connect())


@test
async def tokens_are_taken_from_a_file():
    with folder() as home:
        authority = Buildq.Authority.new(f"{home}/tokens")
        token = authority.add_token("me", Buildq.Role.SUBMITTER)
        with open(f"{home}/token", "w", encoding="utf-8") as file:
            file.write(token + "\n")
        async with (buildq.connect("memory:") as local,
                    buildq.Server(local, authority=authority) as server):
            async with buildq.connect(server.uri, "wrong") as queue:
                with Raises(buildq.Unauthorized):
                    await queue.submit(job())
            os.environ["BUILDQ_TOKEN_FILE"] = f"{home}/token"
            try:
                async with buildq.connect(server.uri) as queue:
                    assert (await queue.submit(job())).submitter == "me"
            finally:
                del os.environ["BUILDQ_TOKEN_FILE"]


@test
async def a_journal_is_closed_in_the_end():
    with folder() as home:
        for times in range(3):
            async with buildq.connect(pathlib.Path(home, "journal.db")) as queue:
                await queue.submit(job(f"j{times}"))
            async with buildq.connect(f"file://{home}/journal.db") as queue:
                assert len([each async for each in queue.jobs()]) == times + 1


@test
async def after_the_end_all_is_closed():
    async with buildq.connect("memory:") as queue:
        async with queue.agent("m", OFFER) as agent:
            await queue.submit(job())
            lease = await agent.lease()
        for use in (agent.lease().__aenter__, lease.succeed, lambda: lease.fail("x"),
                    lease.unwanted):
            with Raises(buildq.Closed, "is closed"):
                await use()
        for use in (lambda: agent.is_attached, lambda: agent.set_offer(OFFER), lease.release):
            with Raises(buildq.Closed, "is closed"):
                use()
        waiting = asyncio.create_task(queue.wait(await queue.submit(job("z"))))
        await asyncio.sleep(0)
    with Raises(buildq.Closed):
        await waiting
    for use in (queue.stats, lambda: queue.job("a"), lambda: queue.submit(job()),
                queue.agent("m", OFFER).__aenter__, buildq.Server(queue).__aenter__):
        with Raises(buildq.Closed, "is closed"):
            await use()
    with Raises(buildq.Closed, "not open yet"):
        await buildq.connect("memory:").stats()
    with Raises(RuntimeError, "entered already"):
        await queue.__aenter__()
    await queue.close()


@test
async def calls_under_way_end_with_the_queue():
    async with buildq.connect("memory:") as queue, queue.agent("m", OFFER) as agent:
        waiting = asyncio.create_task(agent.lease().__aenter__())
        await asyncio.sleep(0.01)
    with Raises(buildq.Closed):
        await waiting


@test
async def nothing_keeps_a_queue_alive():
    async with buildq.connect("memory:") as queue:
        ends = [watch_end(queue.gobject)]
        weak = [weakref.ref(queue)]
        async with buildq.Server(queue) as server, buildq.connect(server.uri) as remote:
            ends += [watch_end(server.gobject), watch_end(remote.gobject)]
            async with remote.agent("m", OFFER) as agent:
                ends.append(watch_end(agent.gobject))
                weak.append(weakref.ref(agent))
                await remote.submit([job("a"), job("b")])
                async with agent.lease() as lease:
                    await lease.succeed()
                lease = await agent.lease()
    del queue, agent, lease, server, remote
    await collected(ends)
    await gone(weak)


@test
async def another_thread_is_refused():
    async with buildq.connect("memory:") as queue, queue.agent("m", OFFER) as agent:
        await queue.submit(job())
        lease = await agent.lease()

        async def use(function):
            with Raises(buildq.WrongThread, "another thread"):
                await function()

        def elsewhere():
            for function in (queue.stats, lease.succeed, agent.lease().__aenter__, agent.close):
                asyncio.run(use(function))
            with Raises(buildq.WrongThread):
                lease.release()
            with Raises(buildq.WrongThread):
                agent.set_offer(OFFER)
        await asyncio.to_thread(elsewhere)
        await lease.succeed()


@test
async def each_thread_may_have_a_loop():
    errors = []

    async def farm(name):
        with folder() as home:
            async with buildq.connect(f"{home}/journal.db") as queue:
                async with buildq.Server(queue) as server, buildq.connect(server.uri) as remote:
                    async with remote.agent(name, OFFER) as agent:
                        request = await remote.submit([job(f"{name}{n}") for n in range(50)])
                        for _ in range(50):
                            async with agent.lease() as lease:
                                assert lease.key.startswith(name)
                                await lease.succeed()
                        assert (await remote.wait(request)).succeeded == 50

    def loop(run, name):
        try:
            run(farm(name))
        except BaseException as error:
            errors.append(error)
    threads = [threading.Thread(target=loop, args=(run, name)) for run, name in
               ((asyncio.run, "a"), (buildq.run, "b"), (asyncio.run, "c"))]
    for thread in threads:
        thread.start()
    await farm("d")
    await asyncio.to_thread(lambda: [thread.join() for thread in threads])
    assert not errors, errors


main()
