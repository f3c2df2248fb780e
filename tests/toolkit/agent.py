"""The agent of one test, seen from outside: through the program, and through the process table."""

import json
import os
import signal
import subprocess

from waiting import wait_for


class Agent:
    """The agent whose state lies in `state_folder`, running or not.

    :param environ: environment of the commands, with the settings that find this agent.
    """

    def __init__(self, program, state_folder, environ):
        self._program = program
        self._state_folder = str(state_folder)
        self._environ = environ

    def status(self):
        """The object `status --json` prints, or None while no agent answers."""
        done = self._run("status", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def state(self):
        """Everything known, as text for a failed test."""
        done = self._run("status", "--json")
        lines = [
            "status: exit code %d" % done.returncode,
            done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"),
            "processes: %r" % self.processes(),
        ]
        for folder, _, names in os.walk(self._state_folder):
            for name in names:
                path = os.path.join(folder, name)
                lines.append("%s (%d bytes)" % (path, os.path.getsize(path)))
                if name.endswith(".log"):
                    with open(path, encoding="utf-8", errors="replace") as log:
                        lines.append(log.read()[-8000:])
        return "\n".join(lines)

    def wait_until_up(self):
        return wait_for("an agent that answers", self.status, self.state)

    def wait_until_following(self, log_file):
        """Until the agent has taken its place in `log_file`: what is written from now on counts."""

        def following():
            status = self.status()
            sources = [source["file"] for source in status["sources"]] if status else []
            return any(
                os.path.samefile(log_file, path)
                for path in sources
                if os.path.exists(path)
            )

        wait_for("an agent that follows %s" % log_file, following, self.state)

    def has_listeners(self):
        """Whether somebody keeps a connection to the agent open. `status`, which ends, is none."""
        connected = "03"
        for line in read("/proc/net/unix").decode("utf-8", "replace").splitlines():
            parts = line.split(None, 7)
            if len(parts) == 8 and parts[5] == connected:
                # Below a long path the socket is in a folder of its own, named after the program.
                if parts[7].startswith((self._state_folder, "/tmp/tk-incident-")):
                    return True
        return False

    def processes(self):
        """PID to command line of every process of the program that works on this state."""
        marker = ("TK_INCIDENT_AGENT_STATE_DIR=%s\0" % self._state_folder).encode()
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if (
                    os.stat("/proc/%s/exe" % name).st_ino
                    != os.stat(self._program).st_ino
                ):
                    continue
                if marker in read("/proc/%s/environ" % name) + b"\0":
                    found[int(name)] = read("/proc/%s/cmdline" % name)
            except OSError:
                continue  # it ended while we looked
        return found

    def kill(self):
        """End the agent as a crash does."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        wait_for("the end of the agent", lambda: not self.processes())

    def stop(self):
        """Ask the agent to end; whatever is left after a while is ended by its PID."""
        self._run("stop")
        try:
            wait_for(
                "the end of the agent", lambda: not self.processes(), self.state, 15
            )
        except AssertionError:
            self.kill()
            raise

    def _run(self, *command):
        return subprocess.run(
            [self._program] + list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environ,
            timeout=60,
        )


def read(path):
    with open(path, "rb") as file:
        return file.read()
