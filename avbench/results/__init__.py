"""The document a run leaves: its fields, how they are filled, what computed them, and where it lies."""
