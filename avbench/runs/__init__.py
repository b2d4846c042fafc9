"""How each kind of task runs: from a plan to scores, reference rows, and what was left out."""
