# -*- coding: utf-8 -*-
# Raises one exception of every shape and prints its traceback; tests/python/<version>.txt are what each Python printed,
# with the path of this file as /studio/tools/shapes.py and, as the last shape, what fault.py left on stderr.
from __future__ import print_function
import sys, traceback, threading
out = sys.stdout
def section(n):
    out.write("=== %s\n" % n); out.flush()
def tb(n, f):
    section(n)
    try:
        f()
    except BaseException:
        out.write(traceback.format_exc()); out.flush()
def a(x):
    return int(x)
def simple(): a("abc")
def rec(n):
    return rec(n+1)
def recursion():
    sys.setrecursionlimit(80)
    try: rec(0)
    finally: sys.setrecursionlimit(1000)
def syntax():
    compile("def f(:\n  pass\n", "/x/hook.py", "exec")
def syntax2():
    compile("x = (1 +\ny = 2\nfoo bar baz\n", "/x/hook.py", "exec")
def indent():
    compile("def f():\npass\n", "/x/hook.py", "exec")
def tab():
    compile("if 1:\n\tx=1\n        y=2\n", "/x/hook.py", "exec")
class Empty2(Exception): pass
def empty(): raise Empty2()
def multi(): raise ValueError("first line\nsecond line\n  indented third\n\nafter blank")
def uni(): raise ValueError(u"\u6f22\u5b57 failed")
class Weird(Exception):
    def __str__(self): raise RuntimeError("no str")
def weird(): raise Weird()
def local():
    class Inner(Exception): pass
    raise Inner("x: y")
def keyerr(): {}["sg_status"]
def embedded():
    try: simple()
    except Exception:
        raise RuntimeError("Hook failed:\n" + traceback.format_exc())
def multiline_call():
    return a(
        "abc" +
        "def" +
        "ghi" +
        "jkl")
def argsexc(): raise Exception("a", 1)
def strsyntax(): raise SyntaxError("just text")
for n, f in list(globals().items()):
    if n in ("simple","recursion","syntax","syntax2","indent","tab","empty","multi","uni","weird","local","keyerr","embedded","multiline_call","argsexc","strsyntax"):
        tb(n, f)
if sys.version_info[0] >= 3:
    exec('''
def cause():
    try: simple()
    except Exception as e: raise RuntimeError("outer") from e
def during():
    try: simple()
    except Exception as e: raise KeyError("outer")
def three():
    try:
        try: simple()
        except Exception as e: raise KeyError("mid") from e
    except Exception as e: raise RuntimeError("outer\\nmore")
tb("cause", cause); tb("during", during); tb("three", three)
''')
if sys.version_info >= (3, 11):
    exec('''
def notes():
    try: simple()
    except Exception as e:
        e.add_note("note one"); e.add_note("note two\\nover lines")
        raise
def group():
    errs = []
    for s in ("a", "b"):
        try: int(s)
        except Exception as e: errs.append(e)
    raise ExceptionGroup("many", errs)
def nested():
    errs = []
    try: group()
    except Exception as e: errs.append(e)
    try: simple()
    except Exception as e: e.add_note("leaf note"); errs.append(e)
    try: cause()
    except Exception as e: errs.append(e)
    raise ExceptionGroup("outer group", errs)
def group_from():
    try: nested()
    except Exception as e: raise RuntimeError("wrap") from e
tb("notes", notes); tb("group", group); tb("nested", nested); tb("group_from", group_from)
''')
