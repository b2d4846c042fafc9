"""A procedural audio-video world in which correspondence can be switched on and off, scale by scale."""
