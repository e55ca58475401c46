# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `import buildq` says where something is missing, and what it brings in where not."""
import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.environ["top_srcdir"], "tests", "project"))
import tap  # noqa: E402

PACKAGE = os.path.join(os.environ["top_srcdir"], "bindings", "python")


def run(python, code, **environment):
    """Exit status and output of a Python with the package on its path."""
    done = subprocess.run([python, "-c", code], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**os.environ, "PYTHONPATH": PACKAGE, **environment})
    return done.returncode, done.stdout


def says(name, answer, *parts):
    status, text = answer
    missing = [part for part in parts if part not in text]
    tap.ok(status == 1 and not missing, name, [f"status {status}", f"missing: {missing}",
                                               *text.splitlines()])


with tempfile.TemporaryDirectory() as home:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", f"{home}/venv"], check=True)
    says("a virtual environment without PyGObject", run(f"{home}/venv/bin/python", "import buildq"),
         "ImportError: buildq needs PyGObject", "python3-gi", "--system-site-packages")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages",
                    f"{home}/full"], check=True)
    status, text = run(f"{home}/full/bin/python", "import buildq; print(buildq.Job)")
    tap.ok(status == 0 and "Job" in text, "one that sees the system's has it", text.splitlines())
    says("no typelib", run(sys.executable, "import buildq", GI_TYPELIB_PATH=home),
         "ImportError: buildq needs the typelib Buildq-1", "GI_TYPELIB_PATH")
    code = "import sys, buildq; print([m for m in sys.modules if 'http' in m or 'Gtk' in m])"
    status, text = run(sys.executable, code)
    tap.ok(status == 0 and text == "[]\n", "nothing big is brought in", text.splitlines())
tap.done()
