"""The session token reaches the agent through its standard input and lies nowhere else."""

import os

from agent import read
from waiting import wait_for


def test_neither_arguments_nor_environment_nor_files_hold_a_secret(workplace):
    token = workplace.desk.session_token
    host = workplace.start(
        "tk-maya",
        TANK_CONTEXT='{"session_token": "%s"}' % token,
        SHOTGUN_DESKTOP_CURRENT_USER='{"session_token": "%s"}' % token,
        PYTHONHOME_OF_THE_HOST="/opt/host",
    )
    agent = workplace.agent
    pid = agent.wait_until_up()["pid"]
    assert token.encode() in read("/proc/%d/environ" % host.pid), "nothing to leak"

    # With a ticket filed the agent has used the token: whatever it keeps is kept by now.
    agent.wait_until_following(workplace.log_file("tk-maya"))
    host.do("fail", reason="no more disk", message="Scene was not saved")
    wait_for("a ticket", workplace.desk.tickets, agent.state)

    for name in ("cmdline", "environ"):
        assert token.encode() not in read("/proc/%d/%s" % (pid, name)), name
    environ = read("/proc/%d/environ" % pid)
    for name in (b"TANK_CONTEXT", b"SHOTGUN_DESKTOP_CURRENT_USER", b"PYTHONHOME"):
        assert name not in environ
    kept = list(files_below(str(workplace.folder / "state")))
    assert kept
    for path in kept:
        assert token.encode() not in read(path), path


def files_below(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path):
                yield path
