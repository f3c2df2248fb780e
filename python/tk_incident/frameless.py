"""An exception without its frames: what is needed to print it, later and on another thread.

The exception itself must not be held. Its frames hold objects of the host, and some of those may only die on the host's own
thread, when the host wants them to. Taking what is needed costs some microseconds; lines of source, whose files may be on a share,
are looked up when it is printed. The marks below the lines that newer versions of Python print are left out.
"""

import traceback


def frameless(kind, value, trace):
    # type: (type, BaseException, object) -> traceback.TracebackException
    """Return what `"".join(….format())` makes the text of a log of."""
    # No frames by `limit`: looking at them is what takes long.
    told = traceback.TracebackException(
        kind, value, trace, limit=0, lookup_lines=False
    )
    waiting = [(told, value, trace)]
    while waiting:
        told_one, one, trace_one = waiting.pop()
        told_one.stack = _stack(trace_one)
        # Python 3.9 and earlier keep it, and ask whether there was one.
        if hasattr(told_one, "exc_traceback"):
            told_one.exc_traceback = None if trace_one is None else True
        for other, told_other in (
            (one.__cause__, told_one.__cause__),
            (one.__context__, told_one.__context__),
        ):
            if other is not None and told_other is not None:
                waiting.append((told_other, other, other.__traceback__))
        # Those of a group, where there are groups.
        parts = getattr(told_one, "exceptions", None) or ()
        for told_part, part in zip(parts, getattr(one, "exceptions", ())):
            waiting.append((told_part, part, part.__traceback__))
    return told


def _stack(trace):
    stack = traceback.StackSummary()
    while trace is not None:
        code = trace.tb_frame.f_code
        stack.append(
            traceback.FrameSummary(
                code.co_filename, trace.tb_lineno, code.co_name, lookup_line=False
            )
        )
        trace = trace.tb_next
    return stack
