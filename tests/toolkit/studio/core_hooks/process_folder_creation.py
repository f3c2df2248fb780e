"""Core hook that makes the folders of a structure."""

import os

import tank


class ProcessFolderCreation(tank.Hook):
    def execute(self, items, preview_mode, **kwargs):
        folders = []
        for item in items:
            if item["action"] in ("entity_folder", "create_file", "folder"):
                folders.append(item["path"])
                if not preview_mode:
                    os.makedirs(item["path"], exist_ok=True)
        return folders
