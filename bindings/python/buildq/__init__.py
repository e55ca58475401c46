# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""Build farms that pull: queues, agents and workers of libbuildq, for asyncio.

The values, such as `Job`, are those of `gi.repository.Buildq`, which has everything else, too.
"""
try:
    # Not "import gi": where there is only our folder gi/overrides, that is a module, too.
    from gi import require_version  # type: ignore[attr-defined]
except ImportError as error:
    raise ImportError(
        "buildq needs PyGObject (the module 'gi'): install the Debian package python3-gi, and make"
        " a virtual environment with --system-site-packages, so that it sees it; or install"
        " PyGObject into the environment") from error
try:
    require_version("Buildq", "1")
    from gi.repository import Buildq
except (ImportError, ValueError) as error:
    raise ImportError(
        f"buildq needs the typelib Buildq-1 of libbuildq ({error}): where it was installed below"
        " another prefix than /usr, GI_TYPELIB_PATH must name its folder girepository-1.0, and"
        " LD_LIBRARY_PATH that of libbuildq-1.so") from error

from buildq.agent import Agent, Lease, offer
from buildq.errors import (
    Checksum, Closed, Conflict, Error, Exists, Failed, Invalid, LeaseLost, NotFound, NotSupported,
    Protocol, TimedOut, TooLarge, Unauthorized, Unavailable, WrongThread)
from buildq.loop import new_event_loop, run
from buildq.pump import call
from buildq.queue import Queue, connect
from buildq.server import Server
from buildq.worker import Execution, JobFailed, Worker

Artifact = Buildq.Artifact
CommandExecutor = Buildq.CommandExecutor
Input = Buildq.Input
Job = Buildq.Job
JobState = Buildq.JobState
Outcome = Buildq.Outcome
Output = Buildq.Output
Request = Buildq.Request
RequestState = Buildq.RequestState
Result = Buildq.Result
WorkerState = Buildq.WorkerState

__all__ = [
    "Agent", "Artifact", "Buildq", "Checksum", "Closed", "CommandExecutor", "Conflict", "Error",
    "Execution", "Exists", "Failed", "Input", "Invalid", "Job", "JobFailed", "JobState", "Lease",
    "LeaseLost", "NotFound", "NotSupported", "Outcome", "Output", "Protocol", "Queue", "Request",
    "RequestState", "Result", "Server", "TimedOut", "TooLarge", "Unauthorized", "Unavailable",
    "Worker", "WorkerState", "WrongThread", "call", "connect", "new_event_loop", "offer", "run"]
