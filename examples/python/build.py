#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A whole farm in one process, through introspection alone: submit a job, run a worker,
read the result. The one argument is a folder for the farm's files."""
import sys
import gi

gi.require_version("Buildq", "1")
from gi.repository import Buildq, GLib

home = sys.argv[1]
context = GLib.MainContext.default()
queue = Buildq.LocalQueue.new(f"{home}/journal.db")
store = Buildq.Store.new_for_uri(f"file://{home}/store", "/buildq/store")
worker = Buildq.Worker.new(queue, "snake", store, f"{home}/work")
worker.set_systems(["any"])
worker.add_executor("command", Buildq.CommandExecutor.new())
worker.add_mirror(Buildq.Mirror.new_for_uri(f"file://{home}/mirror"))


def wait(name, *arguments):
    """What an asynchronous call to the queue answers; the worker works meanwhile."""
    answers = []
    getattr(queue, name + "_async")(*arguments, 0, None, lambda _, answer: answers.append(answer))
    while not answers:
        context.iteration(True)
    return getattr(queue, name + "_finish")(answers[0])


job = Buildq.JobBuilder.new()
job.set_key("hello")
job.set_kind("command")
job.set_system("any")
job.set_argv(["sh", "-c", "echo Hello from $BUILDQ_KEY > $out"])
job.add_output(Buildq.Output.new("out", None))
request = Buildq.RequestBuilder.new()
request.add_job(job.build())
worker.run_async(None, None)
status = wait("submit", request.build())
while status.get_state() == Buildq.RequestState.ACTIVE:
    context.iteration(True)
    status = wait("get_request", status.get_id())
for artifact in wait("get_job", "hello").get_result().get_artifacts():
    with open(store.get_real_path(artifact.get_store_path())) as result:
        print(artifact.get_store_path(), "says:", result.read().strip())
