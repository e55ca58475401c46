# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bindings: jobs and executors in C, Guile and Python, the same work in the same run."""
import argparse
import os
import subprocess
import sys
import tempfile

BUILD = os.environ["BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))
# Not the wrapper of libtool, which is a shell script.
C = [os.path.join(BUILD, "bench", ".libs", "bindings")]
GUILE_COMPILED = os.path.join(BUILD, "bench", "bindings-guile.go")
GUILE = ["guile", "-c", f'(load-compiled "{GUILE_COMPILED}")']
PYTHON = [sys.executable, os.path.join(HERE, "bindings-python.py")]
BATCH = 64
SHM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# What is run, under which name, and with what it is compared.
CYCLES = {"c": [*C, "cycle"], "guile": [*GUILE, "cycle"],
          "python": [*PYTHON, "asyncio", "cycle"], "python_glib": [*PYTHON, "glib", "cycle"]}
WORKERS = {"c": [*C, "worker"],
           "guile": [*GUILE, "c"], "guile_procedure": [*GUILE, "procedure"]}
for loop, name in ("asyncio", "python"), ("glib", "python_glib"):
    WORKERS[name] = [*PYTHON, loop, "c"]
    WORKERS[f"{name}_function"] = [*PYTHON, loop, "function"]
    WORKERS[f"{name}_coroutine"] = [*PYTHON, loop, "coroutine"]


def environment():
    """As that of the tests: what is built here, not what is installed."""
    def path(*names):
        return os.path.join(BUILD, *names)

    sources = os.path.dirname(HERE)
    guile = [path("bindings", "guile"), os.path.join(sources, "bindings", "guile")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join((path("lib", ".libs"), path("bench", ".libs"))),
            "GI_TYPELIB_PATH": path("lib"),
            "PYTHONPATH": os.path.join(sources, "bindings", "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "BUILDQ_LIBRARY": path("lib", ".libs", "libbuildq-1.so"),
            "BUILDQ_LIBEXECDIR": path("lib", "worker"), "GUILE_AUTO_COMPILE": "0",
            "GUILE_LOAD_PATH": os.pathsep.join(guile), "GUILE_LOAD_COMPILED_PATH": guile[0]}


def rounds(programs, number, arguments=lambda: ()):
    """The best wall and processor time of each program, in seconds for each job."""
    best = {}
    names = list(programs)
    for i in range(number):
        turn = i % len(names)
        for name in names[turn:] + names[:turn]:
            with tempfile.TemporaryDirectory(prefix="buildq-bench-", dir=SHM) as folder:
                jobs, last = arguments(folder)
                output = subprocess.run([*programs[name], *last], stdout=subprocess.PIPE,
                                        env=environment(), text=True, check=True).stdout
            times = [float(time) / jobs for time in output.split()]
            best[name] = [min(pair) for pair in zip(times, best.get(name, times))]
    return best


def table(title, best):
    print(f"\n{title:42}   wall us   processor us")
    for name, times in best.items():
        print(f"{name:42}{times[0] * 1e6:10.1f}{times[1] * 1e6:15.1f}")


def measure_cycles(options, results):
    jobs = options.batches * BATCH
    best = rounds(CYCLES, options.rounds, lambda _: (jobs, [str(options.batches)]))
    table(f"submit, lease and complete, by {BATCH}: one job", best)
    for name in list(CYCLES)[1:]:
        for i, suffix in enumerate(("", "_cpu")):
            results[f"cycle_{name}{suffix}"] = best[name][i] / best["c"][i]


def measure_workers(options, results):
    best = rounds(WORKERS, options.rounds,
                  lambda folder: (options.jobs, [str(options.jobs), folder]))
    table("worker whose executor does nothing: one job", best)
    for name in WORKERS:
        language, _, what = name.rpartition("_")
        if what in ("procedure", "function", "coroutine"):
            for i, suffix in enumerate(("", "_cpu")):
                results[f"callback_us_{name}{suffix}"] = (best[name][i] - best[language][i]) * 1e6


def main():
    parser = argparse.ArgumentParser(prog="bench/run bindings", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="the best of so many (5)")
    parser.add_argument("--batches", type=int, default=100, help=f"of {BATCH} jobs (100)")
    parser.add_argument("--jobs", type=int, default=1000, help="for a worker (1000)")
    options = parser.parse_args()
    results = {}
    subprocess.run(["guile", os.path.join(HERE, "..", "bindings", "guile", "compile.scm"),
                    os.path.join(HERE, "bindings-guile.scm"), GUILE_COMPILED],
                   env=environment(), check=True)
    print(f"best of {options.rounds} interleaved rounds")
    measure_cycles(options, results)
    measure_workers(options, results)
    print("bindings: " + " ".join(f"{key}={value:.2f}" for key, value in results.items()))


main()
