# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""What introspection cannot say of Buildq's values.

Nothing is renamed, and no function changes its meaning. Values that are equal in C are equal
here, and can be keys of dictionaries; they print as JSON; what `get_name ()` returns can also be
read as the attribute `name`; and values that C makes with a builder are made with keywords:
`Buildq.Job(key="a", kind="command", system="any", argv=["true"], outputs=["out"])`.
"""
import functools

from gi.module import get_introspection_module
from gi.repository import GLib
from gi.types import StructMeta

Buildq = get_introspection_module("Buildq")
__all__ = []


def _equal(self, other):
    return self.equal(other) if type(other) is type(self) else NotImplemented


def _hash(self):
    return hash(self.to_json())


def _repr(self):
    return f"<Buildq.{type(self).__name__} {self.to_json()}>"


def _read(name, json):
    return getattr(Buildq, name).new_from_json(json)


def _reduce(self):
    return _read, (type(self).__name__, self.to_json())


def _itself(self, memo=None):
    return self


def _add_protocols(value):
    value.__eq__ = _equal
    value.__hash__ = _hash
    value.__str__ = value.to_json
    value.__repr__ = _repr
    value.__reduce__ = _reduce
    value.__copy__ = value.__deepcopy__ = _itself


def _add_attributes(value):
    for name, method in list(vars(value).items()):
        if name.startswith("get_") and not hasattr(value, name[4:]):
            setattr(value, name[4:], property(method))


def is_cut(value):
    """Whether C, to which PyGObject hands it without a word, would see only what is before a NUL,
    or before a None in a list."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return False
    return any(one is None or is_cut(one) for one in value)


@functools.lru_cache(maxsize=256)
def _named_output(name):
    return Buildq.Output.new(name, None)


def _output(value):
    return _named_output(value) if isinstance(value, str) else value


def _environment(value):
    return [f"{name}={text}" for name, text in value.items()] if isinstance(value, dict) else value


# Keywords that take more than their setter does.
_CONVERSIONS = {("Job", "outputs"): _output, ("Job", "env"): _environment}


def _keywords(name, builder):
    """For each keyword its setter, whether it is a list, whether that is set by elements, and a
    conversion."""
    keywords = {}
    for method in dir(builder):
        if method.startswith(("set_", "add_")) and method != "set_from":
            each = method.startswith("add_")
            keyword = method[4:] + "s" * each
            setter = getattr(builder, method)
            is_list = each or ":list" in setter.__doc__  # all that PyGObject tells of the type
            keywords[keyword] = setter, is_list, each, _CONVERSIONS.get((name, keyword))
    return keywords


def _add_constructor(name, value, builder):
    keywords = _keywords(name, builder)

    def new(cls, /, **fields):
        making = builder.new()
        for field, given in fields.items():
            if field not in keywords:
                raise TypeError(f"{name} has no field '{field}'")
            setter, is_list, each, convert = keywords[field]
            if is_list and isinstance(given, str):
                raise TypeError(f"'{field}' is a list, not '{given}'")
            if is_cut(given):
                raise ValueError(f"'{field}' has a NUL or a None in it: {given!r}")
            for one in given if each else (given,):
                setter(making, convert(one) if convert else one)
        try:
            return making.build()
        except GLib.Error as error:
            from buildq.errors import from_glib
            raise from_glib(error) from error

    value.__new__ = new
    value.__init__ = lambda self, **fields: None


for _name in dir(Buildq):
    _value = getattr(Buildq, _name, None)
    if isinstance(_value, StructMeta) and hasattr(_value, "to_json"):
        _add_protocols(_value)
        _add_attributes(_value)
        if hasattr(Buildq, f"{_name}Builder"):
            _add_constructor(_name, _value, getattr(Buildq, f"{_name}Builder"))
