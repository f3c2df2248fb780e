"""Core hook for the download of bundles: every bundle of this studio is a path on disk."""

import tank


class Bootstrap(tank.Hook):
    def init(
        self, shotgun, pipeline_configuration_id, configuration_descriptor, **kwargs
    ):
        pass

    def can_cache_bundle(self, descriptor):
        return False

    def populate_bundle_cache_entry(self, destination, descriptor, **kwargs):
        raise NotImplementedError("no bundle is ever downloaded here")
