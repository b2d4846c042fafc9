"""The bundled task specs, and the scoring of each kind of task: what a run returned in, numbers out."""
