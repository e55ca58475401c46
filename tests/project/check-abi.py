# SPDX-License-Identifier: LGPL-2.1-or-later
"""The map, what the library exports, and the GIR say the same; all of it is documented."""
import os
import re
import subprocess
import xml.etree.ElementTree as ET

import tap

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
CALLABLES = ("function", "method", "constructor")
TYPES = ("class", "interface", "record", "enumeration", "bitfield", "callback", "constant")
MEMBERS = (GLIB + "signal", CORE + "property", CORE + "member")


def difference(one, other, one_name, other_name):
    return [f"only in {one_name}: {s}" for s in sorted(one - other)] + [
        f"only in {other_name}: {s}" for s in sorted(other - one)]


def in_map():
    return set(re.findall(r"^\s+(_?buildq_\w+);$", tap.read("lib/libbuildq.map"), re.M))


def exported():
    library = os.path.join(tap.BUILD, "lib/.libs/libbuildq-1.so")
    nm = os.environ.get("NM", "nm").split()[0]
    text = subprocess.run([nm, "-D", "--defined-only", library], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    names = (line.split()[-1] for line in text.splitlines() if line.split()[-2] != "A")
    return {name.split("@")[0] for name in names}


def undocumented(node, name):
    """What the docs of one thing lack: themselves, or the release that first had it."""
    lacks = []
    docs = [node.find(CORE + "doc"), node.find(f"{CORE}return-value/{CORE}doc")]
    if all(doc is None for doc in docs):
        lacks.append(f"{name}: no documentation")
    if node.get("version") is None:
        lacks.append(f"{name}: no Since")
    for parameter in node.findall(f"{CORE}parameters/*"):
        if parameter.find(CORE + "doc") is None:
            lacks.append(f"{name}: parameter {parameter.get('name')} is not documented")
    return lacks


def main():
    tap.nothing(difference(in_map(), exported(), "the map", "the library"),
                "the library exports what the map lists")
    script = subprocess.run(["sh", "build-aux/update-map"], cwd=tap.SOURCES, check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    tap.ok(script == tap.read("lib/libbuildq.map"), "the map is what the headers ask for",
           ["run build-aux/update-map > lib/libbuildq.map"])

    gir = os.path.join(tap.BUILD, "lib/Buildq-1.gir")
    if not os.path.exists(gir):
        print("# no GIR in this build")
        tap.done()
    namespace = ET.parse(gir).getroot().find(CORE + "namespace")
    symbols, lacks, top = set(), [], set(namespace)
    for node in namespace.iter():
        tag = node.tag.removeprefix(CORE)
        if node.get(GLIB + "get-type"):
            symbols.add(node.get(GLIB + "get-type"))
        if tag in CALLABLES and node.get(C + "identifier"):
            symbols.add(node.get(C + "identifier"))
            if node.get("moved-to") is None:
                lacks += undocumented(node, node.get(C + "identifier"))
        elif node in top and tag in TYPES and not node.get(GLIB + "is-gtype-struct-for"):
            # Below the top, callbacks are the slots of an interface.
            lacks += undocumented(node, node.get(C + "type") or node.get("name"))
        elif node.tag in MEMBERS and node.find(CORE + "doc") is None:
            lacks.append(f"{node.get(C + 'identifier') or node.get('name')}: no documentation")
    public = {s for s in in_map() if not s.startswith("_")}
    tap.nothing(difference(public, symbols, "the map", "the GIR"),
                "the GIR has what the map lists")
    tap.nothing(lacks, "all that is public is documented, with the release that first had it")
    tap.ok(namespace.get("shared-library") == "libbuildq-1.so.0", "the GIR names the SONAME",
           [str(namespace.get("shared-library"))])
    tap.done()


main()
