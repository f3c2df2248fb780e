"""Core hook for each Toolkit instance: this studio adds nothing."""

import tank


class TankInit(tank.Hook):
    def execute(self, **kwargs):
        pass
