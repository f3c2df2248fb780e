"""A host program: one process that bootstraps Toolkit and does what the test tells it.

Reads one JSON object per line from the file descriptor LIVE_ORDERS and answers each with one on
LIVE_REPLIES. Standard input is not used, so a prompt of Toolkit fails instead of hanging.
"""

import json
import logging
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["LIVE_CORE"], "python"))

if os.environ.get("LIVE_CLOCK"):
    # A wall clock that the test sets. Python's own sleeping fails under libfaketime.
    right_time = time.time

    def wrong_time():
        with open(os.environ["LIVE_CLOCK"]) as by:
            return right_time() + float(by.read())

    def wrong_local_time(seconds=None):
        return right_local_time(wrong_time() if seconds is None else seconds)

    right_local_time = time.localtime
    time.time, time.localtime = wrong_time, wrong_local_time

import pipeline  # noqa: E402
import sgtk  # noqa: E402

# One record of the filling is this long, so that 5 MiB take about a second.
FILLING = "x" * 230


def start(order):
    """Bootstrap as an integration does: its log file first, then the engine."""
    sgtk.LogManager().initialize_base_file_handler(order["instance"])
    user = sgtk.authentication.ShotgunAuthenticator().create_session_user(
        login=order["login"],
        session_token=order["session_token"],
        host=os.environ["LIVE_SITE"],
    )
    manager = sgtk.bootstrap.ToolkitManager(user)
    # One per host, as `basic.maya` and `basic.nuke` are: each gets its own installed configuration.
    manager.plugin_id = "live.%s" % order["instance"]
    manager.do_shotgun_config_lookup = bool(order.get("look_up"))
    manager.base_configuration = {
        "type": "path",
        "path": os.environ["LIVE_CONFIG"],
        "name": "live-config",
    }
    if order.get("expired"):
        manager.pre_engine_start_callback = lambda context: expire_session()
    if order.get("failing"):
        manager.pre_engine_start_callback = fail_to_load
    engine = manager.bootstrap_engine(order["instance"], order.get("entity"))
    return {"apps": sorted(engine.apps)}


def expire_session():
    import sgtk  # the bootstrap has swapped the core

    sgtk.get_authenticated_user().impl.set_session_token("a token of last week")


def sign_in(order):
    """The artist signs in again, as Desktop does it at run time: the engine's user changes, apps are not told."""
    import sgtk

    if order.get("login"):
        user = sgtk.authentication.ShotgunAuthenticator().create_session_user(
            login=order["login"],
            session_token=order["session_token"],
            host=os.environ["LIVE_SITE"],
        )
        sgtk.set_authenticated_user(user)
    else:
        sgtk.get_authenticated_user().impl.set_session_token(order["session_token"])


def fail_to_load(_):
    import sgtk  # the bootstrap has swapped the core

    logger = sgtk.LogManager.get_logger("bundles")
    logger.error("Could not load a bundle")
    # What follows ends the record above, so that it is read at once.
    logger.info("Loading other bundles")


def publish(order):
    engine().apps["tk-multi-stub"].publish(order["path"])


def fail(order):
    """An error of the engine itself, once or many times."""
    for _ in range(order.get("times", 1)):
        try:
            raise RuntimeError(order["reason"])
        except RuntimeError:
            engine().logger.exception(order["message"])


def uncaught(order):
    """An exception of an app that nobody catches: out of a thread, or into the host as out of a Qt slot."""
    call = engine().apps["tk-multi-stub"].look_up
    if order["thread"]:
        thread = threading.Thread(target=call, args=(order["reason"],), name="loader")
        thread.start()
        thread.join()
        return
    try:
        call(order["reason"])
    except LookupError:
        sys.excepthook(*sys.exc_info())


def is_ours(handler):
    return "tk_incident" in type(handler).__module__


class Pipe(logging.Handler):
    """Stands in for the pipe between Desktop's two processes."""

    texts = []

    def emit(self, record):
        self.texts.append(logging.Formatter().format(record))


def pass_on(order):
    """As a project's process of Desktop does once it is connected: no log, but a pipe."""
    import sgtk

    sgtk.LogManager().uninitialize_base_file_handler()
    handler = Pipe(logging.WARNING)
    sgtk.LogManager().root_logger.addHandler(handler)


def passed_on(order):
    texts, Pipe.texts = Pipe.texts, []
    return {"texts": texts}


def log_passed_on(order):
    """As Desktop's site process does with what comes over the pipe."""
    import sgtk

    logger = sgtk.LogManager.get_logger("tkimp" + "0a" * 16 + ".tk_desktop.site_communication")
    logger.error("[PROXY] %s", order["text"])


def hooks(order):
    """What is in the way of records and exceptions."""
    import sgtk

    return {
        "handlers": len(
            [h for h in sgtk.LogManager().root_logger.handlers if is_ours(h)]
        ),
        "main": sys.excepthook is not sys.__excepthook__,
        "thread": threading.excepthook is not threading.__excepthook__,
    }


def work(order):
    """What a host logs while nothing is wrong, with the words of trouble in it."""
    for number in range(order["records"]):
        engine().logger.info("Cached frame %d, ERROR count 0", number)


def fill(order):
    """Write `bytes` at INFO, which rolls the log file over at 5 MiB."""
    logger = engine().logger
    for _ in range(order["bytes"] // len(FILLING)):
        logger.info(FILLING)


def change_context(order):
    """As a host's integration does: an engine that cannot change is restarted in the new context."""
    import sgtk

    entity = order["entity"]
    context = engine().sgtk.context_from_entity(entity["type"], entity["id"])
    sgtk.platform.change_context(context)


def restart(order):
    import sgtk

    sgtk.platform.restart()
    return {"apps": sorted(engine().apps)}


def destroy(order):
    engine().destroy()


def settle(order):
    """Wait until our app has nothing more to tell the agent."""
    while any(thread.name == "tk-incident door" for thread in threading.enumerate()):
        time.sleep(0.01)


def show(order):
    """Choose a command of the engine's menu."""
    engine().commands[order["command"]]["callback"]()


def commands(order):
    return {
        "commands": sorted(
            name
            for name, command in engine().commands.items()
            if command["properties"].get("app")
        )
    }


def windows(order):
    """What the artist sees: each open window with its texts and buttons. The event loop runs a while before."""
    from sgtk.platform.qt import QtCore, QtGui

    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(150, loop.quit)
    loop.exec_()
    seen = []
    for window in QtGui.QApplication.topLevelWidgets():
        if not window.isVisible():
            continue
        if order.get("picture"):
            window.grab().save(order["picture"])
        seen.append(
            {
                "title": window.windowTitle(),
                "texts": [label.text() for label in window.findChildren(QtGui.QLabel)],
                "buttons": {
                    button.text(): button.isEnabled()
                    for button in window.findChildren(QtGui.QPushButton)
                    if button.isVisible()
                },
            }
        )
    return {"windows": seen}


def type_text(order):
    from sgtk.platform.qt import QtGui

    _visible(QtGui.QPlainTextEdit).insertPlainText(order["text"])


def press(order):
    from sgtk.platform.qt import QtGui

    _visible(QtGui.QPushButton, lambda button: button.text() == order["button"]).click()


def _visible(kind, accepts=lambda widget: True):
    from sgtk.platform.qt import QtGui

    (found,) = [
        widget
        for widget in QtGui.QApplication.allWidgets()
        if isinstance(widget, kind) and widget.isVisible() and accepts(widget)
    ]
    return found


def start_window(order):
    """Desktop's window runs, and the engine learns the version."""
    engine().host_version = order["version"]


def time_starts(order):
    """Restart the engine, as "Reload and Restart" does; milliseconds of the main thread's processor time and of the clock
    in our app, for each time."""
    import sgtk
    from tank.platform import application

    taken = {"init_app": [], "post_engine_init": []}

    def timed(app, step):
        call = getattr(app, step)

        def run():
            began = time.thread_time(), time.perf_counter()
            call()
            ended = time.thread_time(), time.perf_counter()
            taken[step].append([1000 * (b - a) for a, b in zip(began, ended)])

        setattr(app, step, run)

    make = application.get_application

    def get_application(*args, **kwargs):
        app = make(*args, **kwargs)
        if app.name == "tk-incidentreporter":
            for step in taken:
                timed(app, step)
        return app

    application.get_application = get_application
    for _ in range(order["times"]):
        sgtk.platform.restart()
        settle({})
    application.get_application = make
    return taken


def threads(order):
    return {"threads": sorted(t.name for t in threading.enumerate())}


def engine():
    import sgtk

    return sgtk.platform.current_engine()


ORDERS = {
    order.__name__: order
    for order in (
        start,
        sign_in,
        fail_to_load,
        publish,
        fail,
        uncaught,
        hooks,
        pass_on,
        passed_on,
        log_passed_on,
        work,
        fill,
        change_context,
        restart,
        settle,
        threads,
        time_starts,
        show,
        commands,
        windows,
        type_text,
        press,
        start_window,
        destroy,
    )
}
ORDERS.update(pipeline.ORDERS)


def serve(orders, replies):
    for line in orders:
        order = json.loads(line)
        try:
            answer = ORDERS[order["do"]](order) or {}
        except Exception as reason:
            answer = {"raised": "%s: %s" % (type(reason).__name__, reason)}
        replies.write(json.dumps(answer) + "\n")
        replies.flush()


if __name__ == "__main__":
    if os.environ.pop("LIVE_STDIN", ""):
        os.close(0)
    if os.environ.get("LIVE_QT") == "1":
        from PySide6 import QtWidgets

        application = QtWidgets.QApplication(["host"])
    serve(
        os.fdopen(int(os.environ.pop("LIVE_ORDERS")), "r", encoding="utf-8"),
        os.fdopen(int(os.environ.pop("LIVE_REPLIES")), "w", encoding="utf-8"),
    )
