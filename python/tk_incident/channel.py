"""The way to a running agent: JSON lines over a local socket, or a named pipe on Windows.

Called on threads of ours only: it waits, within limits, and on Windows a write waits for as long as the agent
lives and does not read. Starts nothing and knows no request. Whatever goes wrong is a `ChannelError`,
whose text never holds what was sent or heard: both may carry the session token.
"""

import errno
import json
import os
import socket
import stat
import struct
import time

from .child import encode
from .errors import IncidentError
from .place import Place

# The agent refuses a longer request, so it is not sent.
MOST_REQUEST_BYTES = 1024 * 1024
MOST_ANSWER_BYTES = 1024 * 1024

_READ_BYTES = 16 * 1024
# Between two looks at an agent that is busy with others.
_PAUSE_S = 0.01
_ERROR_PIPE_BUSY = 231


class ChannelError(IncidentError):
    """The agent could not be asked."""


class NobodyThere(ChannelError):
    """No agent listens under this name."""

    def __init__(self, reason):
        ChannelError.__init__(
            self,
            "no incident agent can be reached (%s); the next start of an engine starts one"
            % reason,
        )


class _Busy(NobodyThere):
    """Somebody listens there, and has no time at this moment."""


class NoAnswer(ChannelError):
    """The agent was reached, and did not do its part of the talk."""

    def __init__(self, reason):
        ChannelError.__init__(
            self,
            "the incident agent did not answer (%s); its own log may tell why" % reason,
        )


def ask(place, request, timeout_s):
    # type: (object, dict, float) -> dict
    """Send one request and return the one object that answers it, whether it says `ok` or not.

    :param place: where the agent is: a `Place`, or the channel's name.
    :param timeout_s: for all of it: reaching, sending and hearing.
    """
    until = time.monotonic() + timeout_s
    connection = connect(place, timeout_s)
    try:
        connection.send(request, until - time.monotonic())
        answer = connection.receive(until - time.monotonic())
    finally:
        connection.close()
    if answer is None:
        raise NoAnswer("it hung up")
    return answer


def connect(place, timeout_s):
    # type: (object, float) -> Connection
    """Reach the agent that listens at `place`: a `Place`, or the channel's name."""
    until = time.monotonic() + max(timeout_s, 0)
    while True:
        is_busy, nobody = False, NobodyThere("it has not told where it is")
        # Anew each time: what is busy may be a stranger, and the agent about to say that it is elsewhere.
        for name in place.names() if isinstance(place, Place) else [place]:
            try:
                return Connection(_open(name, max(until - time.monotonic(), 0)))
            except ChannelError as reason:
                is_busy, nobody = is_busy or isinstance(reason, _Busy), reason
            except Exception as reason:
                nobody = NobodyThere(_kind(reason))
        if not is_busy or time.monotonic() >= until:
            raise nobody
        time.sleep(_PAUSE_S)


class Connection(object):
    """Both ends' lines. For one thread, but for `hang_up`."""

    def __init__(self, stream):
        self._stream = stream
        self._is_over = False
        self._heard = bytearray()

    def send(self, message, timeout_s):
        # type: (dict, float) -> None
        """Send one object as one line."""
        try:
            line = encode(message) + b"\n"
            if len(line) > MOST_REQUEST_BYTES:
                raise NoAnswer("the request is longer than it may be")
            self._stream.write(line, timeout_s)
        except ChannelError:
            raise
        except Exception as reason:
            raise NoAnswer(_kind(reason))

    def receive(self, timeout_s=None):
        # type: (object) -> object
        """Return the next object; None when the agent has hung up between two lines.

        :param timeout_s: None waits for as long as it takes, without waking up in between.
        """
        until = None if timeout_s is None else time.monotonic() + max(timeout_s, 0)
        try:
            while True:
                line, end, rest = self._heard.partition(b"\n")
                if end:
                    self._heard = rest
                    return _object(line)
                if len(self._heard) > MOST_ANSWER_BYTES:
                    raise NoAnswer("its answer is longer than it may be")
                left = None if until is None else until - time.monotonic()
                news = b"" if self._is_over else self._read(left)
                if not news:
                    if self._heard:
                        raise NoAnswer("it hung up in the middle of a line")
                    return None
                self._heard += news
        except ChannelError:
            raise
        except Exception as reason:
            raise NoAnswer(_kind(reason))

    def _read(self, timeout_s):
        try:
            return self._stream.read(timeout_s)
        except Exception:
            if self._is_over:
                return b""
            raise

    def hang_up(self):
        # type: () -> None
        """End a `receive` of another thread. That thread closes: a number of a file that is closed under it
        could be the host's next file."""
        self._is_over = True
        try:
            self._stream.hang_up()
        except Exception:
            pass  # the agent may have hung up before

    def close(self):
        # type: () -> None
        """Hang up and give the system's handle back."""
        self.hang_up()
        try:
            self._stream.close()
        except Exception:
            pass  # it is gone either way


def _object(line):
    try:
        answer = json.loads(bytes(line).decode("utf-8"))
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NoAnswer("what it said is no JSON object")
    return answer


def _kind(reason):
    """What kind of failure it was; the text of an exception may quote what was sent."""
    if isinstance(reason, socket.timeout):
        return "it took too long"
    name = getattr(reason, "errno", None)
    if name is not None:
        return errno.errorcode.get(name, "system code %s" % name)
    return type(reason).__name__


def _left(timeout_s):
    """A time-out for `settimeout`, where 0 would mean not to wait at all."""
    if timeout_s is not None and timeout_s <= 0:
        raise socket.timeout()
    return timeout_s


if os.name == "nt":

    def _open(name, timeout_s):
        try:
            pipe = open(name, "r+b", buffering=0)
        except OSError as reason:
            # The C runtime makes "all instances busy" into an "invalid argument" of its own.
            if (
                getattr(reason, "winerror", None) == _ERROR_PIPE_BUSY
                or reason.errno == errno.EINVAL
            ):
                raise _Busy("it is busy")
            raise
        return _ours(_Pipe(pipe))

    def _ours(pipe):
        """Refuse a pipe that somebody else has put in the agent's place: it would get the token."""
        try:
            from .pipe_owner import is_this_users

            if is_this_users(pipe.handle):
                return pipe
        except BaseException:
            pipe.close()
            raise
        pipe.close()
        raise NobodyThere("its place is taken by another user")

    class _Pipe(object):
        """A named pipe, opened as the file it is. It has no time-outs; reading looks first."""

        def __init__(self, pipe):
            import ctypes
            import msvcrt

            self._pipe = pipe
            self.handle = msvcrt.get_osfhandle(pipe.fileno())
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._ctypes = ctypes

        def write(self, data, timeout_s):
            _left(timeout_s)
            data = memoryview(data)
            while data:
                data = data[self._pipe.write(data) :]

        def read(self, timeout_s):
            if timeout_s is not None:
                until = time.monotonic() + timeout_s
                while self._is_empty():
                    if time.monotonic() >= until:
                        raise socket.timeout()
                    time.sleep(_PAUSE_S)
            try:
                return self._pipe.read(_READ_BYTES)
            except OSError as reason:
                if reason.errno in (errno.EPIPE, errno.EINVAL):
                    return b""  # how a pipe says that the other end is closed
                raise

        def _is_empty(self):
            """False also for a pipe that is broken: reading it tells how."""
            ready = self._ctypes.c_ulong(0)
            there = self._kernel.PeekNamedPipe(
                self._ctypes.c_void_p(self.handle),
                None,
                0,
                None,
                self._ctypes.byref(ready),
                None,
            )
            return bool(there) and ready.value == 0

        def hang_up(self):
            self._kernel.CancelIoEx(self._ctypes.c_void_p(self.handle), None)

        def close(self):
            self._pipe.close()

else:

    def _open(name, timeout_s):
        _refuse_strangers(os.lstat(name))
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _reach(end, name, timeout_s)
            _refuse_stranger_behind(end)
        except BaseException:
            end.close()
            raise
        return _Socket(end)

    def _reach(end, name, timeout_s):
        """Connect; while others queue for the agent's attention, a local socket says so at once."""
        until = time.monotonic() + timeout_s
        while True:
            end.settimeout(_left(until - time.monotonic()))
            try:
                return end.connect(name)
            except BlockingIOError:
                time.sleep(_PAUSE_S)

    def _refuse_strangers(there):
        """The socket may be in a folder where others could have put one: it would get the token."""
        if not stat.S_ISSOCK(there.st_mode):
            raise NobodyThere("its place is taken by something else")
        if there.st_uid != os.geteuid():
            raise NobodyThere("its place is taken by another user")

    def _refuse_stranger_behind(end):
        """Linux also tells who listens; elsewhere the owner of the socket's file has to do."""
        if hasattr(socket, "SO_PEERCRED"):
            size = struct.calcsize("3i")
            _, user, _ = struct.unpack(
                "3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
            )
            if user != os.geteuid():
                raise NobodyThere("another user listens in its place")

    class _Socket(object):
        def __init__(self, end):
            self._end = end

        def write(self, data, timeout_s):
            self._end.settimeout(_left(timeout_s))
            self._end.sendall(data)

        def read(self, timeout_s):
            self._end.settimeout(_left(timeout_s))
            try:
                return self._end.recv(_READ_BYTES)
            except (ConnectionResetError, BrokenPipeError):
                return b""

        def hang_up(self):
            self._end.shutdown(socket.SHUT_RDWR)

        def close(self):
            self._end.close()
