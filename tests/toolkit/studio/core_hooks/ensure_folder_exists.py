"""Core hook that makes a folder."""

import os

import tank


class EnsureFolderExists(tank.Hook):
    def execute(self, path, bundle_obj=None, **kwargs):
        os.makedirs(path, exist_ok=True)
