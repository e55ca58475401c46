# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents and leases: every lease ends, whatever happens to those who wait for it or work."""
import asyncio
import contextlib
import gc
import random

from harness import Buildq, Raises, buildq, job, main, test, until

OFFER = buildq.offer(["any"], slots=1)


@contextlib.asynccontextmanager
async def farm(offer=OFFER):
    """A queue, and an agent of it."""
    async with buildq.connect("memory:") as queue, queue.agent("m", offer) as agent:
        yield queue, agent


@test
async def a_lease_ends_with_an_answer():
    async with farm(buildq.offer(["any"], slots=4)) as (queue, agent):
        await queue.submit([job("a"), job("b"), job("c", argv=["x"])])
        async with agent.lease() as lease:
            assert (lease.key, lease.attempt, lease.is_wanted) == ("a", 1, True)
            assert lease.job == job("a") and agent.held == [lease] and not lease.is_finished
            receipt = await lease.succeed()
            assert receipt.verdict == Buildq.Verdict.ACCEPTED
            assert lease.is_finished and agent.held == []
            with Raises(buildq.LeaseLost, "job 'a' has ended already"):
                await lease.fail("too late")
            with Raises(buildq.LeaseLost, "job 'a' has ended already"):
                lease.release()
        async with agent.lease() as lease:
            await lease.fail("no space", buildq.Outcome.LIMIT_EXCEEDED, exit_status=3)
        result = (await queue.job("b")).result
        assert (result.outcome, result.message) == (buildq.Outcome.LIMIT_EXCEEDED, "no space")
        assert result.exit_status == 3 and result.worker == "m"
        lease = await agent.lease()
        assert agent.is_attached and agent.store_dir == "/buildq/store"
        assert agent.wanted_state == buildq.WorkerState.READY
        async with lease:
            await lease.complete(buildq.Result(outcome=buildq.Outcome.SUCCEEDED, log_tail="log\n"))
        assert (await queue.job("c")).result.log_tail == "log\n"


@test
async def a_lease_without_an_answer_is_given_back():
    async with farm() as (queue, agent):
        await queue.submit(job())
        async with agent.lease():
            pass
        with Raises(ZeroDivisionError):
            async with agent.lease() as lease:
                raise ZeroDivisionError
        assert lease.is_finished

        async def work():
            async with agent.lease() as lease:
                leases.append(lease)
                await asyncio.Event().wait()
        leases = []
        working = asyncio.create_task(work())
        await until(lambda: leases)
        working.cancel()
        with Raises(asyncio.CancelledError):
            await working
        async with agent.lease() as lease:
            assert lease.key == "a" and lease.attempt >= 3, lease.attempt
            await lease.succeed()


@test
async def an_agent_that_leaves_gives_all_back():
    async with buildq.connect("memory:") as queue:
        async with queue.agent("m", OFFER) as agent:
            await queue.submit(job())
            lease = await agent.lease()
            assert (await queue.job("a")).state == buildq.JobState.LEASED
        assert (await queue.job("a")).state == buildq.JobState.READY
        assert not lease.is_wanted
        assert await queue.workers() == []


@test
async def a_lease_that_comes_after_the_cancellation_is_given_back():
    async with farm() as (queue, agent):
        waiting = asyncio.create_task(agent.lease().__aenter__())
        await asyncio.sleep(0.01)
        # The grant is handed out in this call, and whoever waits is not awake yet.
        await queue.submit(job())
        waiting.cancel()
        with Raises(asyncio.CancelledError):
            await waiting
        async with agent.lease() as lease:
            await lease.succeed()

        waiting = asyncio.create_task(agent.lease().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await queue.submit(job("b"))
        with Raises(asyncio.CancelledError):
            await waiting
        async with agent.lease() as lease:
            assert lease.key == "b"
            await lease.succeed()


@test
async def no_cancellation_loses_a_lease():
    choice = random.Random(4)
    async with buildq.connect("memory:") as local, buildq.Server(local) as server:
        async with buildq.connect(server.uri) as queue:
            async with queue.agent("m", buildq.offer(["any"], slots=5)) as agent:
                request = await queue.submit([job(f"j{n}") for n in range(60)])

                async def work():
                    async with agent.lease() as lease:
                        await asyncio.sleep(choice.random() / 500)
                        await lease.succeed()
                tasks = set()
                state = buildq.RequestState
                while (await local.request(request)).state == state.ACTIVE:
                    tasks = {task for task in tasks if not task.done()}
                    tasks |= {asyncio.create_task(work()) for _ in range(6 - len(tasks))}
                    await asyncio.sleep(choice.random() / 500)
                    choice.choice(list(tasks)).cancel()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                assert (await queue.wait(request)).succeeded == 60
                assert agent.held == []


@test
async def work_that_nobody_wants_is_told():
    async with farm() as (queue, agent):
        request = await queue.submit(job())
        async with agent.lease() as lease:
            unwanted = [asyncio.create_task(lease.unwanted()) for _ in range(2)]
            unwanted[1].cancel()
            await asyncio.sleep(0)
            assert lease.is_wanted
            await queue.cancel(request)
            assert await unwanted[0] == "cancelled" and not lease.is_wanted
            receipt = await lease.fail("stopped", buildq.Outcome.CANCELLED)
            assert receipt.verdict in (Buildq.Verdict.ACCEPTED, Buildq.Verdict.STALE)
        assert (await queue.job("a")).state == buildq.JobState.CANCELLED


@test
async def a_lost_lease_is_told():
    async with buildq.connect("memory:") as local:
        local.gobject.set_session_ms(200)
        server = buildq.Server(local)
        await server.__aenter__()
        async with buildq.connect(server.uri) as queue, queue.agent("m", OFFER) as agent:
            await queue.submit(job())
            lease = await agent.lease()
            port = int(server.uri.rstrip("/").rpartition(":")[2])
            await server.close()
            async with local.agent("other", OFFER) as other:
                async with other.lease() as another:
                    await another.succeed()
            async with buildq.Server(local, port=port):
                assert await lease.unwanted() == "lost"
            with Raises(buildq.LeaseLost, "is not held"):
                await lease.succeed()


@test
async def a_lease_outlives_its_program():
    async with buildq.connect("memory:") as queue:
        queue.gobject.set_session_ms(1000)
        await queue.submit(job())
        first = queue.agent("m", OFFER)
        await first.__aenter__()
        grant = (await first.lease()).grant
        # As if it had been killed: it does not leave, and holds nothing back.
        queue._members.discard(first)
        del first
        gc.collect()
        second = buildq.Agent(queue, "m", OFFER, holding=[grant])
        async with second:
            held, = second.held
            assert held.key == "a"
            assert (await held.succeed()).verdict == Buildq.Verdict.ACCEPTED
        assert (await queue.job("a")).attempt == 1


@test
async def an_offer_may_change():
    async with farm(buildq.offer(["other"])) as (queue, agent):
        await queue.submit(job())
        waiting = asyncio.create_task(agent.lease().__aenter__())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        agent.set_offer(OFFER)
        await (await waiting).succeed()


@test
async def what_a_listener_raises_is_not_lost():
    raised = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: raised.append(context["exception"]))
    async with farm() as (queue, agent):
        await queue.submit(job())
        async with agent.lease() as lease:
            def listener(offset):
                raise ArithmeticError(f"at {offset}")
            lease.on_log_wanted = listener
            await queue.read_log("a")  # it is not this call that fails
            await until(lambda: raised)
            assert isinstance(raised[0], ArithmeticError) and str(raised[0]) == "at 0"
            await lease.succeed()


@test
async def an_agent_needs_a_name():
    async with buildq.connect("memory:") as queue:
        with Raises(buildq.Invalid, "needs a name"):
            queue.agent("", OFFER)


main()
