# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints for configure where this Python looks for modules below a prefix, as ${prefix}/…."""
import os
import site
import sys

prefix = sys.argv[1]
below = [os.path.relpath(path, prefix) for path in site.getsitepackages()]
# What is below /usr/local is also below /usr, and not meant by that.
found = [path for path in below if path.startswith("lib")]
found.append(f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
print("${prefix}/" + found[0])
