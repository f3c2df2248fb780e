"""The hooks for exceptions that nobody catches, and what is kept of an exception."""

import re
import sys
import threading
import traceback
import types
import weakref

import pytest

from tk_incident.frameless import Frameless
from tk_incident.uncaught import Hooks, is_ours_to_tell

BUNDLE = "tkimp" + "0a" * 16 + ".tk_multi_app.dialog"


@pytest.fixture
def hooks(monkeypatch):
    """Hooks of ours over stand-ins for Python's, and what each heard."""
    heard = types.SimpleNamespace(main=[], thread=[], told=[])
    monkeypatch.setattr(sys, "excepthook", lambda *error: heard.main.append(error))
    monkeypatch.setattr(threading, "excepthook", lambda args: heard.thread.append(args))
    heard.before = (sys.excepthook, threading.excepthook)
    heard.hooks = Hooks(
        lambda error, thread: heard.told.append((error.format(), thread)),
        False,
    )
    return heard


def error_from(module, source="raise ValueError('no shot')", file="/studio/app.py"):
    """An exception that passes through a module of this name."""
    try:
        exec(compile(source, file, "exec"), {"__name__": module})
    except BaseException:
        return sys.exc_info()
    raise AssertionError("it must fail")


def test_the_one_before_hears_first_and_ours_tells(hooks):
    hooks.hooks.install()
    hooks.hooks.install()
    error = error_from(BUNDLE)
    sys.excepthook(*error)
    assert hooks.main == [error]
    ((text, thread),) = hooks.told
    assert text.endswith("ValueError: no shot\n") and thread is None
    assert 'File "/studio/app.py", line 1, in <module>' in text


def test_threads_are_told_by_name(hooks):
    hooks.hooks.install()
    error = error_from(BUNDLE)

    def fail():
        raise error[1]

    thread = threading.Thread(target=fail, name="loader")
    thread.start()
    thread.join()
    assert len(hooks.thread) == 1
    assert [name for _, name in hooks.told] == ["loader"]


def test_a_hook_before_ours_that_fails_fails_as_without_ours(hooks):
    def broken(*error):
        raise RuntimeError("the studio's own")

    sys.excepthook = broken
    hooks.hooks.install()
    with pytest.raises(RuntimeError, match="the studio's own"):
        sys.excepthook(*error_from(BUNDLE))
    assert len(hooks.told) == 1


def test_ours_goes_and_leaves_what_was_there(hooks):
    hooks.hooks.install()
    hooks.hooks.remove()
    assert (sys.excepthook, threading.excepthook) == hooks.before
    hooks.hooks.remove()
    assert (sys.excepthook, threading.excepthook) == hooks.before


def test_a_hook_in_front_of_ours_survives_and_leads_on(hooks):
    hooks.hooks.install()
    ours = sys.excepthook
    seen = []

    def studio(*error):
        seen.append(error)
        ours(*error)

    sys.excepthook = studio
    hooks.hooks.remove()
    assert sys.excepthook is studio
    sys.excepthook(*error_from(BUNDLE))
    assert len(seen) == 1 and len(hooks.main) == 1 and hooks.told == []
    # And it is not put in front a second time.
    hooks.hooks.install()
    assert sys.excepthook is studio
    sys.excepthook(*error_from(BUNDLE))
    assert len(hooks.main) == 2 and len(hooks.told) == 1


def test_telling_that_fails_is_nobody_s_trouble(hooks):
    broken = Hooks(lambda error, thread: 1 / 0, False)
    broken.install()
    sys.excepthook(*error_from(BUNDLE))
    assert len(hooks.main) == 1
    broken.remove()


@pytest.mark.parametrize(
    "module, source, file, passing, every",
    [
        (BUNDLE, "raise ValueError", "/studio/app.py", True, True),
        ("0a" * 16, "raise ValueError", "/studio/hook.py", True, True),
        ("sgtk.platform", "raise ValueError", "/core/engine.py", True, True),
        ("tank_vendor.x", "raise ValueError", "/core/x.py", False, True),
        ("studio_tools", "raise ValueError", "/studio/tools.py", False, True),
        ("__main__", "raise ValueError", "<maya console>", False, False),
        (None, "raise ValueError", "/studio/tools.py", False, True),
    ],
)
def test_which_exceptions_are_told(module, source, file, passing, every):
    trace = error_from(module, source, file)[2].tb_next
    assert is_ours_to_tell(trace, False) is passing
    assert is_ours_to_tell(trace, True) is every


def test_our_own_are_never_told():
    import tk_incident.outbox as ours

    file = ours.__file__
    assert not is_ours_to_tell(error_from(BUNDLE, file=file)[2].tb_next, True)


@pytest.mark.parametrize("end", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_a_wish_to_end_is_left_alone(hooks, end):
    hooks.hooks.install()
    sys.excepthook(*error_from(BUNDLE, "raise %s" % end))
    assert len(hooks.main) == 1 and hooks.told == []


class Held:
    """Something of a host."""


def cause(refs):
    held = Held()
    refs.append(weakref.ref(held))
    raise OSError("disk")


def chained(refs):
    try:
        cause(refs)
    except OSError as reason:
        raise ValueError("no publish") from reason


def while_handling(refs):
    try:
        chained(refs)
    except ValueError:
        raise KeyError("again")


def endless(refs):
    held = Held()
    refs.append(weakref.ref(held))
    endless(refs)


@pytest.mark.parametrize("fail", [cause, chained, while_handling, endless])
def test_what_is_kept_prints_the_same_and_holds_nothing(fail):
    refs = []

    def kept():
        try:
            fail(refs)
        except BaseException:
            error = sys.exc_info()
            try:
                return "".join(traceback.format_exception(*error)), Frameless(*error)
            finally:
                del error  # it holds the frame that holds it

    printed, told = kept()
    assert refs and all(ref() is None for ref in refs)
    marks = re.compile(r"^\s+[\^~]+\s*$")
    lines = [line for line in printed.splitlines() if not marks.match(line)]
    assert told.format().splitlines() == lines
