"""Training: its recipe, and its clips: rendered, decoded ahead of it, or decoded while it goes on."""
