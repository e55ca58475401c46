# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""Texts on their way to C, where a mistake would not be noticed or do something else."""
from __future__ import annotations

from collections.abc import Iterable

from gi.overrides.Buildq import is_cut
from gi.repository import GLib

from buildq.errors import Invalid


def check_texts(*arguments: object) -> None:
    """Refuses what C would not see all of."""
    for argument in arguments:
        if is_cut(argument):
            raise Invalid(f"a NUL, or None in a list, cannot be handed over: {argument!r}")


def list_of_texts(texts: Iterable[str]) -> list[str]:
    """A list of them. A text is one of its letters, too, but is never meant so."""
    if isinstance(texts, str):
        raise TypeError(f"a list of texts is wanted, not the text {texts!r}")
    return list(texts)


def bytes_of_text(text: str | bytes) -> GLib.Bytes:
    """What is written to a log, or kept."""
    if isinstance(text, str):
        text = text.encode()
    if not isinstance(text, (bytes, bytearray, memoryview)):
        raise TypeError(f"a text or bytes are wanted, not {text!r}")
    return GLib.Bytes.new(bytes(text))
