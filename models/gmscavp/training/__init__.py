"""How the networks of this package are trained, on one process or many; ``loop`` is read first."""
