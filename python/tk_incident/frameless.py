"""An exception without its frames: what is needed to print it, later and on another thread.

The exception itself must not be held. Its frames hold objects of the host, and some of those may only die on the host's own
thread, when the host wants them to. Taking what is needed costs some microseconds; lines of source, whose files may be on a share,
are looked up when it is printed. The marks below the lines that newer versions of Python print are left out.
"""

import traceback

# An exception's own text is cut to this.
MOST_CHARACTERS = 64 * 1024
# About what one call takes while it is held.
_CALL_CHARACTERS = 200


class Frameless(object):
    """An exception, with those it came from, as `logging` would print it.

    :ivar characters: about how much is held by it.
    """

    def __init__(self, kind, value, trace):
        # type: (type, BaseException, object) -> None
        # No frames by `limit`: looking at them is what takes long.
        self._told = traceback.TracebackException(
            kind, value, trace, limit=0, lookup_lines=False
        )
        self.characters = 1000
        # What Python knows of an exception, and its calls.
        self._calls = []
        waiting = [(self._told, value, trace)]
        while waiting:
            told, one, trace_one = waiting.pop()
            calls = _calls(trace_one)
            self._calls.append((told, calls))
            self.characters += _CALL_CHARACTERS * len(calls) + _cut(told)
            # Python 3.9 and earlier keep it, and ask whether there was one.
            if hasattr(told, "exc_traceback"):
                told.exc_traceback = None if trace_one is None else True
            for other, told_other in (
                (one.__cause__, told.__cause__),
                (one.__context__, told.__context__),
            ):
                if other is not None and told_other is not None:
                    waiting.append((told_other, other, other.__traceback__))
            # Those of a group, where there are groups.
            parts = getattr(told, "exceptions", None) or ()
            for told_part, part in zip(parts, getattr(one, "exceptions", ())):
                waiting.append((told_part, part, part.__traceback__))

    def format(self):
        # type: () -> str
        """The text of a log. Not for the host's thread."""
        for told, calls in self._calls:
            told.stack = traceback.StackSummary()
            for file, line, name in calls:
                told.stack.append(
                    traceback.FrameSummary(file, line, name, lookup_line=False)
                )
        return "".join(self._told.format())


def _calls(trace):
    calls = []
    while trace is not None:
        code = trace.tb_frame.f_code
        calls.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return calls


def _cut(told):
    """Cut an exception's own text, and return how long it is."""
    text = getattr(told, "_str", None)
    if not isinstance(text, str):
        return 0
    if len(text) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        told._str = "%s\n[... cut ...]\n%s" % (text[:half], text[-half:])
    return min(len(text), MOST_CHARACTERS)
