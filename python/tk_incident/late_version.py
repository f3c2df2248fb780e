"""Desktop's version, which nobody knows while its apps initialize: asked again once its window runs.

A few timers of the host's event loop, then no more; a host without Qt has told its version from the start.
"""

# Counted from the start of the engine, or from the look before.
PAUSES_MS = (5000, 30000, 120000)


def is_unknown(facts):
    # type: (dict) -> bool
    """Whether the host has not told its version. Desktop says "unknown", also for a part of it."""
    version = facts["host"]["version"]
    return not version or "unknown" in version.lower()


def ask_again(session, guard, qt, pauses_ms=PAUSES_MS):
    # type: (object, object, object, tuple) -> None
    """Attach again after a while, until the version is known or the pauses are over. Returns at once.

    :param guard: makes a function of one that never raises.
    :param qt: `(QtCore, QtGui)`, or None without Qt.
    """
    if qt is None or not pauses_ms or session.is_over() or not is_unknown(session.facts()):
        return

    def look():
        session.attach()
        ask_again(session, guard, qt, pauses_ms[1:])

    qt[0].QTimer.singleShot(pauses_ms[0], guard(look))
