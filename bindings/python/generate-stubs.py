# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes what type checkers and editors read about gi.repository.Buildq, from its GIR.

    generate-stubs.py Buildq-1.gir > Buildq.pyi
"""
import keyword
import re
import sys
import xml.etree.ElementTree as ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"
SIMPLE = {"utf8": "str", "filename": "str", "gboolean": "bool", "gdouble": "float", "none": "None",
          "gpointer": "Any", "GLib.Quark": "int", "GLib.DestroyNotify": "Callable[..., Any]"}
INTEGERS = {"gint", "guint", "gint64", "guint64", "gsize", "gssize", "guint8", "gint32", "guint32"}
HEAD = '''\
# SPDX-License-Identifier: LGPL-2.1-or-later
# Generated from Buildq-1.gir and the rules of gi/overrides/Buildq.py.
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gi.repository import Gio, GLib, GObject
'''
# What the override takes, where it is more than the setter does.
WIDER = {("Job", "outputs"): "Iterable[Output | str]",
         ("Job", "env"): "Sequence[str] | Mapping[str, str]"}
BASES = {"class": "GObject.Object", "interface": "GObject.GInterface",
         "enumeration": "GObject.GEnum"}


def named(name):
    return name + "_" if keyword.iskeyword(name) else name


class Stubs:
    def __init__(self, path):
        root = ElementTree.parse(path).getroot()
        self.namespace = root.find(CORE + "namespace")
        self.callbacks = {each.get("name") for each in self.namespace.iter(CORE + "callback")}

    def type_of(self, element, array_type="list"):
        """The type of a parameter or a result."""
        array = element.find(CORE + "array")
        if array is not None:
            return f"{array_type}[{self.type_of(array)}]"
        kind = element.find(CORE + "type")
        if kind is None:
            return "Any"
        name = kind.get("name")
        if name == "GLib.PtrArray":
            return f"{array_type}[{self.type_of(kind)}]"
        if name in INTEGERS:
            return "int"
        if name in SIMPLE:
            return SIMPLE[name]
        if name in self.callbacks or name.endswith("Callback"):
            return "Callable[..., Any]"
        return name

    def parameters(self, function):
        """Those that Python gives, and the types of those that come back."""
        given, back = [], []
        for parameter in function.iterfind(f"{CORE}parameters/{CORE}parameter"):
            name, kind = named(parameter.get("name")), self.type_of(parameter, "Sequence")
            if parameter.get("nullable") == "1":
                kind += " | None"
            if parameter.get("direction") == "out":
                back.append(kind)
            elif name == "user_data":
                given.append("*user_data: Any")
            elif name != "destroy":
                default = " = ..." if name == "callback" else ""
                given.append(f"{name}: {kind}{default}")
        return given, back

    def function(self, function, indent):
        kind = function.tag.removeprefix(CORE)
        given, back = self.parameters(function)
        value = function.find(CORE + "return-value")
        result = self.type_of(value) + (" | None" if value.get("nullable") == "1" else "")
        if back:
            result = f"tuple[{', '.join([result, *back])}]"
        lines = []
        if kind == "method":
            given.insert(0, "self")
        elif indent:
            lines.append("@staticmethod" if kind == "function" else "@classmethod")
            if kind == "constructor":
                given.insert(0, "cls")
        text = f"def {named(function.get('name'))}({', '.join(given)}) -> {result}:"
        return [indent + line for line in (*lines, text, *self.documentation(function, "    "))]

    def documentation(self, element, indent):
        """The first sentence, or nothing but the body that Python needs."""
        text = " ".join(element.findtext(CORE + "doc", "").split("\n\n")[0].split())
        text = re.split(r"\.( |$)", text)[0].replace("\\", "").replace('"', "'")
        text = re.sub(r"\[\w+@(?:Buildq\.)?([\w.:-]+)\]", r"`\1`", text)
        text = re.sub(r"[@%](?=\w)", "", text.replace("%NULL", "None"))
        return [f'{indent}"""{text}."""' if text else f"{indent}..."]

    def members(self, element):
        return [each for each in element
                if each.tag in (CORE + "constructor", CORE + "method", CORE + "function")
                and each.get("introspectable") != "0" and each.get("moved-to") is None
                and each.get("shadowed-by") is None]

    def getters(self, element):
        """What the override makes attributes of."""
        taken = {each.get("name") for each in self.members(element)}
        for method in self.members(element):
            name = method.get("name")
            if name.startswith("get_") and name[4:] not in taken:
                yield name[4:], method

    def value(self, element):
        """What the override adds to a value."""
        lines = []
        builder = self.find(element.get("name") + "Builder")
        if builder is not None:
            fields = []
            for method in self.members(builder):
                name = method.get("name")
                if not name.startswith(("set_", "add_")) or name == "set_from":
                    continue
                field = name[4:] + "s" * name.startswith("add_")
                parameter = method.find(f"{CORE}parameters/{CORE}parameter")
                kind = self.type_of(parameter, "Sequence")
                if name.startswith("add_"):
                    kind = f"Iterable[{kind}]"
                kind = WIDER.get((element.get("name"), field), kind)
                if parameter.get("nullable") == "1":
                    kind += " | None"
                fields.append(f"{field}: {kind} = ...")
            lines.append(f"    def __init__(self, *, {', '.join(fields)}) -> None: ...")
        for name, method in self.getters(element):
            value = method.find(CORE + "return-value")
            kind = self.type_of(value) + (" | None" if value.get("nullable") == "1" else "")
            lines += ["    @property", f"    def {named(name)}(self) -> {kind}:",
                      *self.documentation(value, "        ")]
        return lines + ["    def __hash__(self) -> int: ..."]

    def find(self, name):
        for element in self.namespace:
            if element.get("name") == name:
                return element
        return None

    def type(self, element):
        name, kind = element.get("name"), element.tag.removeprefix(CORE)
        bases = ", ".join(filter(None, [BASES.get(kind), *(
            each.get("name") for each in element.iterfind(CORE + "implements"))]))
        yield f"class {name}({bases}):" if bases else f"class {name}:"
        yield from self.documentation(element, "    ")
        for member in element.iterfind(CORE + "member"):
            yield f"    {named(member.get('name').upper())}: {name}"
        members = self.members(element)
        if kind == "record" and any(each.get("name") == "to_json" for each in members):
            yield from self.value(element)
        for member in members:
            if member.get("name") not in ("ref", "unref"):
                yield from self.function(member, "    ")

    def write(self, file):
        print(HEAD, file=file)
        for element in self.namespace:
            kind = element.tag.removeprefix(CORE)
            if element.get(GLIB + "is-gtype-struct-for") or element.get("introspectable") == "0":
                continue
            if kind in ("class", "interface", "record", "enumeration"):
                print("\n" + "\n".join(self.type(element)), file=file)
            elif kind == "function":
                print("\n" + "\n".join(self.function(element, "")), file=file)


Stubs(sys.argv[1]).write(sys.stdout)
