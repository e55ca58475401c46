# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a long queue costs: cycles, memory, restarts, and a graph as large as a distribution."""
import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

GROWTH = os.path.join(os.environ["BUILD"], "bench", "growth")
# Debian 12: 34,289 source packages with 195,017 edges, 24 deep.
GRAPH_JOBS = 34_289
GRAPH_EDGES = 195_017
GRAPH_DEPTH = 24


def run(*arguments):
    """What bench/growth measured."""
    with tempfile.TemporaryDirectory(prefix="buildq-growth-", dir=".") as folder:
        journal = os.path.join(os.path.abspath(folder), "journal.db")
        command = [GROWTH, *(journal if one is None else str(one) for one in arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return {key: float(value) for key, value in
            (line.split("=") for line in done.stdout.splitlines())}


def made_up_graph():
    """As many jobs, edges and levels as Debian has, from a seed."""
    numbers = random.Random(1)
    level = [min(int(numbers.expovariate(0.3)), GRAPH_DEPTH - 1) for _ in range(GRAPH_JOBS)]
    order = sorted(range(GRAPH_JOBS), key=level.__getitem__)
    first = [next(i for i, job in enumerate(order) if level[job] >= depth)
             for depth in range(max(level) + 1)]
    deps = [set() for _ in range(GRAPH_JOBS)]
    later = order[first[1]:]
    for _ in range(GRAPH_EDGES):
        job = numbers.choice(later)
        deps[job].add(order[numbers.randrange(first[level[job]])])
    return [{"name": f"job-{job}", "deps": [f"job-{dep}" for dep in sorted(deps[job])]}
            for job in order]


def read_graph(path):
    if path is None:
        return made_up_graph()
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        return json.load(file)


def submit_graph(graph):
    jobs = [{"key": build["name"], "kind": "command", "system": "x86_64-linux",
             "argv": ["make", "install"], "depends": build["deps"],
             "outputs": [{"name": "out"}]} for build in graph]
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=".") as file:
        json.dump({"id": "graph", "jobs": jobs}, file)
        file.flush()
        return run(None, file.name)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=1_000_000, help="queued jobs (%(default)s)")
    options.add_argument("--cycles", type=int, default=900, help="jobs done (%(default)s)")
    options.add_argument("--graph", help="a list of {name, deps}, as JSON, maybe gzipped")
    options = options.parse_args()

    graph = read_graph(options.graph)
    print(f"a graph of {len(graph):,} jobs and"
          f" {sum(len(build['deps']) for build in graph):,} edges")
    submitted = submit_graph(graph)
    few = run(1000, options.cycles, None)
    many = run(options.jobs, options.cycles, None)
    few_again = run(1000, options.cycles, None)
    for name, unit in (("submit_s", "s"), ("cycle_us", "µs"), ("cycle_cpu_us", "µs"),
                       ("restart_s", "s")):
        print(f"{name:13} 1,000 jobs: {few[name]:9.3f} {unit}   {options.jobs:,} jobs:"
              f" {many[name]:9.3f} {unit}")
    ratio = {name: many[name] / min(few[name], few_again[name])
             for name in ("cycle_us", "cycle_cpu_us")}
    print(f"growth: cycle={ratio['cycle_us']:.2f} cycle_cpu={ratio['cycle_cpu_us']:.2f}"
          f" bytes_a_job={many['bytes_a_job']:.0f} restart_s={many['restart_s']:.2f}"
          f" graph_s={submitted['graph_s']:.2f}")


main()
