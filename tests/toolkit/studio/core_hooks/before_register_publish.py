"""Core hook before a publish is registered: this studio changes nothing."""

import tank


class BeforeRegisterPublish(tank.Hook):
    def execute(self, shotgun_data, context, **kwargs):
        return shotgun_data
