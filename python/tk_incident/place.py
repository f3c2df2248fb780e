"""Where the agent of a session is to be found.

`attach` tells where an agent is looked for first, also before the one that it has started is up. One that could not have
that place has written into its state folder which other it took: that is read again for each connection.
"""

import json
import os

# The agent's file is far shorter.
_MOST_BYTES = 4096
_VERSION = 1
# Nothing on other machines: reaching them would show them who we are.
_PIPES = "\\\\.\\pipe\\tk-incident-"


class Place(object):
    """The names of one agent's channel.

    :param told: the name that `attach` told; None when it told none.
    :param file: the path of the file in which the agent says where it is; None with a program that knows no such file.
    """

    def __init__(self, told, file=None):
        # type: (object, object) -> None
        self._told = told
        self._file = file

    @classmethod
    def of(cls, answer):
        # type: (dict) -> object
        """As the answer to an attach tells it; None when it tells nothing."""
        place = cls(answer.get("channel"), answer.get("channel_file"))
        return place if place._told or place._file else None

    def names(self):
        # type: () -> list
        """What to try at this moment, in this order: one that an agent left behind when it died may come first."""
        names = [self._written(), self._told]
        return [name for i, name in enumerate(names) if name and name not in names[:i]]

    def _written(self):
        """What the agent has written; None when it has not, or nothing of use."""
        try:
            with open(self._file, "rb") as file:
                said = json.loads(file.read(_MOST_BYTES).decode("utf-8"))
            address = said["address"] if said["v"] == _VERSION else None
            return address if _is_local(address) else None
        except Exception:  # not there yet, half of another system's, none of ours
            return None

    def __eq__(self, other):
        return (
            isinstance(other, Place)
            and self._told == other._told
            and self._file == other._file
        )

    def __ne__(self, other):
        return not self == other

    __hash__ = None


def _is_local(address):
    if os.name == "nt":
        # A name, and no way on from there: `..` leads out of the pipes.
        name = address[len(_PIPES) :]
        return address.startswith(_PIPES) and "\\" not in name and "/" not in name
    return os.path.isabs(address)
