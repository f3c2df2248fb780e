"""Two bundle versions at once: hosts of one user whose bundles hold different programs have one agent, the newest one."""

import os

from host_log import assert_nothing_of_ours_above_warning
from tickets import assert_facts
from waiting import wait_for

MARK = b"tk-incident-version:"


def newer_than(program, folder):
    """The program saying that it is of a later version: where it says so is marked in it, and as long."""
    with open(program, "rb") as file:
        content = file.read()
    at = content.index(MARK) + len(MARK)
    version = content[at : at + len(b"0.0.0")]
    later = b"%d.0.0" % (int(version[:1]) + 1)
    path = folder / "tk-incident-newer"
    path.write_bytes(content.replace(MARK + version, MARK + later))
    os.chmod(str(path), 0o755)
    return str(path), version.decode("ascii"), later.decode("ascii")


def running(workplace, version, engines):
    """The status of the agent, once it is of this version and knows the sessions of these engines."""

    def found():
        status = workplace.agent.status() or {}
        known = sorted(line["engine"] for line in status.get("sessions", []))
        return status.get("version") == version and known == sorted(engines) and status

    return wait_for(
        "an agent %s with %s" % (version, engines), found, workplace.agent.state
    )


def fail(host, words):
    host.do("fail", reason="unknown rig: %s" % words, message="Could not %s" % words)


def test_the_newer_bundle_takes_over_and_the_older_host_goes_on_with_it(
    workplace, program
):
    newer, version, later = newer_than(program, workplace.folder)
    maya = workplace.start("tk-maya")
    first = running(workplace, version, ["tk-maya"])
    workplace.agent.wait_until_following(workplace.log_file("tk-maya"))
    fail(maya, "open the gate")

    nuke = workplace.start("tk-nuke", TK_INCIDENT_PROGRAM=newer)
    second = running(workplace, later, ["tk-maya", "tk-nuke"])
    assert second["pid"] != first["pid"]
    wait_for(
        "the older agent's end",
        lambda: not os.path.exists("/proc/%d" % first["pid"]),
        workplace.agent.state,
    )
    maya.wait_until_listening()
    workplace.agent.wait_until_following(workplace.log_file("tk-nuke"))
    fail(maya, "close the gate")
    fail(nuke, "read the plate")

    # One more with the older bundle changes nothing.
    houdini = workplace.start("tk-houdini")
    third = running(workplace, later, ["tk-maya", "tk-nuke", "tk-houdini"])
    assert third["pid"] == second["pid"]
    workplace.agent.wait_until_following(workplace.log_file("tk-houdini"))
    fail(houdini, "cook the node")

    for words, host, instance in (
        ("open the gate", maya, "tk-maya"),
        ("close the gate", maya, "tk-maya"),
        ("read the plate", nuke, "tk-nuke"),
        ("cook the node", houdini, "tk-houdini"),
    ):
        assert_facts(workplace, words, host.pid, instance)
        assert_nothing_of_ours_above_warning(workplace, instance)
    status = workplace.agent.status()
    merged = status["outcomes"].get("merged", 0)
    assert status["seen"] - merged == 4, status
    assert status["gaps"] == [], status
