"""Host programs of a test: the side that gives the orders `studio/host.py` follows."""

import json
import os
import subprocess
import sys

import toolkit_core
from waiting import wait_for

REPOSITORY = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)


class Host:
    """One host process.

    :param environ: its environment; what Toolkit and the recipe need is added.
    :param output: file that gets what the host prints.
    :param by: command that starts the host, such as one that takes powers away from it.
    :param closed_stdin: start it without a standard input, as a desktop's launcher may.
    """

    def __init__(self, environ, output, by=(), closed_stdin=False):
        orders, self._orders = os.pipe()
        self._replies, replies = os.pipe()
        self._output = str(output)
        with open(self._output, "ab") as printed:
            self._process = subprocess.Popen(
                list(by)
                + [sys.executable, os.path.join(toolkit_core.STUDIO, "host.py")],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                pass_fds=(orders, replies),
                env=dict(
                    environ,
                    LIVE_ORDERS=str(orders),
                    LIVE_REPLIES=str(replies),
                    LIVE_STDIN="closed" if closed_stdin else "",
                ),
            )
        os.close(orders)
        os.close(replies)
        self._orders = os.fdopen(self._orders, "w", encoding="utf-8")
        self._replies = os.fdopen(self._replies, "r", encoding="utf-8")

    @property
    def pid(self):
        return self._process.pid

    def do(self, order, **details):
        """Give an order and return the answer; an exception that came out in the host fails."""
        self._orders.write(json.dumps(dict(details, do=order)) + "\n")
        self._orders.flush()
        line = self._replies.readline()
        assert line, "the host ended in %s:\n%s" % (order, self.printed())
        answer = json.loads(line)
        assert "raised" not in answer, "%s: %s\n%s" % (order, answer, self.printed())
        return answer

    def listeners(self):
        """How many threads of the host wait for what the agent says."""
        return self.do("threads")["threads"].count("tk-incident listener")

    def wait_until_listening(self):
        wait_for("one listener", lambda: self.listeners() == 1, self.printed)

    def printed(self):
        """What the host printed so far, prompts included."""
        with open(self._output, encoding="utf-8", errors="replace") as printed:
            return printed.read()

    def kill(self):
        """End the process the way a crash does."""
        self._process.kill()
        self._process.wait()

    def quit(self):
        """End the process the way a host ends: nothing more to do."""
        self._orders.close()
        self._replies.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
