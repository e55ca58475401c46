# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The libbuildq authors
"""The errors of buildq: one class for each code of the library."""
import contextlib
from collections.abc import Iterator

from gi.repository import Buildq, Gio, GLib


class Error(Exception):
    """Something that the library, or GIO below it, could not do.

    `code` names it as the protocol does, such as "not-found"; `is_transient` tells whether the
    same call may succeed later. The `GLib.Error` that it was raised for is its `__cause__`.
    """

    code = "failed"
    is_transient = False

    @property
    def message(self) -> str:
        """What went wrong, in a sentence."""
        return str(self)


class Failed(Error):
    """Something else went wrong."""


class Invalid(Error, ValueError):
    """A value is not as it must be."""


class NotFound(Error):
    """There is no such thing."""


class Exists(Error):
    """There is another such thing already."""


class LeaseLost(Error):
    """The lease is not held, or not any more."""


class Conflict(Error):
    """It contradicts what is known already."""


class Checksum(Error):
    """Content is not what its hash says."""


class Unauthorized(Error):
    """The token is not known, or may not do this."""


class Unavailable(Error):
    """It cannot be reached, or cannot do it now."""


class TimedOut(Error, TimeoutError):
    """It took too long."""


class TooLarge(Error):
    """It is over a limit."""


class Protocol(Error):
    """The other side says what cannot be understood."""


class NotSupported(Error):
    """This cannot be done here."""


class Closed(Error):
    """It was used after it was closed."""

    code = "closed"


class WrongThread(Error):
    """It was used from a thread, or an event loop, that it does not belong to."""

    code = "wrong-thread"


_CLASSES: dict[int, type[Error]] = {}
for _code, _class in (
        (Buildq.Error.FAILED, Failed), (Buildq.Error.INVALID, Invalid),
        (Buildq.Error.NOT_FOUND, NotFound), (Buildq.Error.EXISTS, Exists),
        (Buildq.Error.LEASE_LOST, LeaseLost), (Buildq.Error.CONFLICT, Conflict),
        (Buildq.Error.CHECKSUM, Checksum), (Buildq.Error.UNAUTHORIZED, Unauthorized),
        (Buildq.Error.UNAVAILABLE, Unavailable), (Buildq.Error.TIMED_OUT, TimedOut),
        (Buildq.Error.TOO_LARGE, TooLarge), (Buildq.Error.PROTOCOL, Protocol),
        (Buildq.Error.NOT_SUPPORTED, NotSupported)):
    _class.code = _code.value_nick
    _CLASSES[int(_code)] = _class
_DOMAIN = GLib.quark_to_string(Buildq.error_quark())
_IO_DOMAIN = GLib.quark_to_string(Gio.io_error_quark())


def from_glib(error: GLib.Error) -> Error:
    """The error to raise for one of GLib."""
    if error.domain == _DOMAIN:
        made = _CLASSES.get(error.code, Failed)(error.message)
    else:
        made = Error(error.message)
        made.code = (Gio.IOErrorEnum(error.code).value_nick if error.domain == _IO_DOMAIN
                     else error.domain)
    made.is_transient = Buildq.error_is_transient(error)
    return made


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """A block in which errors of `gi.repository` are raised as those of buildq."""
    try:
        yield
    except GLib.Error as error:
        raise from_glib(error) from error
