"""The window: header, docking area, status bar, workspaces."""
