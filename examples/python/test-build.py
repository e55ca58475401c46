# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs build.py, the example, and looks at what it prints."""
import os
import re
import subprocess
import sys
import tempfile

example = os.path.join(os.environ["top_srcdir"], "examples/python/build.py")
print("1..2")
with tempfile.TemporaryDirectory() as home:
    run = subprocess.run([sys.executable, "-W", "error", "-W", "ignore::ImportWarning", example, home], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
print("ok" if run.returncode == 0 else "not ok", "1 - the example ends well")
found = re.fullmatch(r"/buildq/store/[0-9a-z]{32}-hello says: Hello from hello\n", run.stdout)
print("ok" if found else "not ok", "2 - and prints what the job made")
if run.returncode != 0 or not found:
    print("# " + run.stdout.replace("\n", "\n# "))
