"""A plugin that cannot be imported."""

raise RuntimeError("the library of this plugin is not installed")
