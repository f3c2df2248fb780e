"""The studio's own code: more facts of a session, and rules for the agent.

Runs on the host's main thread, as all hooks do. Whatever it does wrong costs what it would have told, and nothing else; but
a rule that the agent does not know is a wrong setting, and refused as such.
How long it took goes with the facts: nobody else can say why a host starts slowly.
"""

import json
import time

MOST_FACTS = 50
MOST_CHARACTERS = 500

# A hook that took longer is named; what is quicker nobody has to know, and would make each attach another one.
SLOW_MS = 100

_LISTS = ("rules", "ignore")


class Hooks(object):
    """The hooks of one app object.

    :param clock: seconds that only grow.
    """

    def __init__(self, app, clock=time.perf_counter):
        self._app = app
        self._clock = clock
        self._detect = None
        self._took_ms = {}

    def extra_facts(self):
        # type: () -> dict
        """Return the studio's facts as texts, each on one line, no more than the agent shows."""
        return self._call("hook_extra_facts", "extra_facts", _facts)

    def detect_settings(self):
        # type: () -> dict
        """Return the studio's lists by their full name, such as `detect.rules`. Asked for once."""
        if self._detect is None:
            self._detect = self._call("hook_filter", "detect_settings", _lists)
        return dict(self._detect)

    def slow_ms(self):
        # type: () -> dict
        """Return the setting of each hook that was slow when it was called last, with its milliseconds."""
        return {name: ms for name, ms in self._took_ms.items() if ms >= SLOW_MS}

    def _call(self, setting, method, take):
        """What `take` makes of the answer. The studio's own objects are asked for nothing after this."""
        began = self._clock()
        try:
            answer = self._app.execute_hook_method(setting, method)
            if answer is not None and not isinstance(answer, dict):
                raise TypeError("it is no dictionary")
            taken = take(answer or {})
        except (Exception, SystemExit) as reason:
            # Its text may hold words that an agent looks for.
            self._app.logger.debug(
                "%s goes without what it would tell: %s", setting, type(reason).__name__
            )
            taken = {}
        self._took_ms[setting] = int((self._clock() - began) * 1000)
        return taken


def _facts(answer):
    return {
        _text(name): _text(answer[name]) for name in sorted(answer, key=str)[:MOST_FACTS]
    }


def _lists(answer):
    lists = {name: answer[name] for name in _LISTS if isinstance(answer.get(name), list)}
    # As it is sent: what cannot be, keys of other types, a list that holds itself, no number, is found out here.
    return {
        "detect." + name: json.loads(json.dumps(lists[name], allow_nan=False, default=str))
        for name in lists
    }


def _text(value):
    return " ".join(str(value).split())[:MOST_CHARACTERS]
