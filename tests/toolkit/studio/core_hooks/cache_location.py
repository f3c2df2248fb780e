"""Core hook that places caches: under Toolkit's own cache root, one folder per configuration."""

import os

import tank
from tank.util import LocalFileStorageManager


class CacheLocation(tank.Hook):
    def get_path_cache_path(self, project_id, plugin_id, pipeline_configuration_id):
        folder = self._folder(project_id, plugin_id, pipeline_configuration_id)
        path = os.path.join(folder, "path_cache.db")
        if not os.path.exists(path):
            open(path, "wb").close()
        return path

    def get_bundle_data_cache_path(
        self, project_id, plugin_id, pipeline_configuration_id, bundle
    ):
        folder = self._folder(project_id, plugin_id, pipeline_configuration_id)
        path = os.path.join(folder, bundle.name)
        os.makedirs(path, exist_ok=True)
        return path

    def _folder(self, project_id, plugin_id, pipeline_configuration_id):
        path = LocalFileStorageManager.get_configuration_root(
            self.parent.shotgun_url,
            project_id,
            plugin_id,
            pipeline_configuration_id,
            LocalFileStorageManager.CACHE,
        )
        os.makedirs(path, exist_ok=True)
        return path
