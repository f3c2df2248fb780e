"""The one session this process has at a time.

Toolkit loads this package anew for every app object, and on some context changes it forgets an app object
without telling it. What must be there once per process therefore hangs on `sys.modules`, which is the only
place that outlives both. Other versions of this package may read and write it: keep it this small.
"""

import sys
import types

_PLACE = "tk_incident_process"


def take_over(session):
    # type: (object) -> None
    """Make `session` the one of this process; the one before it ends."""
    place = sys.modules.setdefault(_PLACE, types.ModuleType(_PLACE))
    before, place.session = getattr(place, "session", None), session
    if before is not None and before is not session:
        try:
            before.detach()
        except Exception:
            pass  # one of another version; its words are lost, ours must not be


def leave(session):
    # type: (object) -> None
    """Forget `session`, unless another has taken its place."""
    place = sys.modules.get(_PLACE)
    if place is not None and getattr(place, "session", None) is session:
        place.session = None
