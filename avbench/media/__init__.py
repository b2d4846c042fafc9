"""Media files in and out, through PyAV alone: ``decode`` opens them to read, ``encode`` to write."""
