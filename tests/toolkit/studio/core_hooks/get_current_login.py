"""Core hook that names the person in configurations with a script user."""

import getpass

import tank


class GetCurrentLogin(tank.Hook):
    def execute(self, **kwargs):
        return getpass.getuser()
