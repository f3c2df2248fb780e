"""Work that waits for somebody, done on a thread while a window or nobody looks on."""

import threading


class Errand(object):
    """Begins at once. Whoever wants the result looks for it: nothing of ours calls into a host's thread.

    :param work: called without arguments on a thread.
    :param then: called on that thread with this errand when it is done; may be None.
    """

    def __init__(self, work, then=None):
        self._work = work
        self._then = then
        self._done = threading.Event()
        # What `work` returned.
        self.result = None
        # What it raised instead.
        self.failure = None
        thread = threading.Thread(target=self._run, name="tk-incident errand")
        thread.daemon = True
        thread.start()

    def is_done(self):
        # type: () -> bool
        return self._done.is_set()

    def _run(self):
        try:
            self.result = self._work()
        except Exception as reason:
            self.failure = reason
        self._done.set()
        try:
            if self._then is not None:
                self._then(self)
        except Exception:
            pass  # nobody is left to hear of it
