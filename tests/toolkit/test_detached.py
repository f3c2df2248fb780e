"""The agent that a host starts holds nothing of the host: it outlives it, and keeps nothing open for it."""

import os


def test_the_agent_holds_no_file_folder_or_session_of_its_host(workplace):
    host = workplace.start("tk-maya")
    agent = workplace.agent
    pid = agent.wait_until_up()["pid"]
    agent.wait_until_following(workplace.log_file("tk-maya"))

    theirs = open_files(host.pid)
    # What the host was given to be inherited: the pipes of its orders, and what it prints to.
    assert [name for name in theirs if name.startswith("pipe:")], "nothing to inherit"
    # Its log is the agent's own affair: it opens that itself, for reading.
    logs = str(workplace.log_file("tk-maya"))
    shared = (open_files(pid) & theirs) - {"/dev/null", os.path.realpath(logs)}
    assert not shared

    assert os.getsid(pid) != os.getsid(host.pid)
    assert os.getpgid(pid) != os.getpgid(host.pid)
    # A folder that stays, not the host's, which may be a bundle's or on a share.
    home = os.path.realpath(workplace.environ["HOME"])
    assert os.readlink("/proc/%d/cwd" % pid) == home != os.readlink("/proc/%d/cwd" % host.pid)
    assert controlling_terminal(pid) == 0


def open_files(pid):
    folder = "/proc/%d/fd" % pid
    found = set()
    for number in os.listdir(folder):
        try:
            found.add(os.readlink(os.path.join(folder, number)))
        except OSError:
            continue  # closed while we looked
    return found


def controlling_terminal(pid):
    with open("/proc/%d/stat" % pid) as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[4])
