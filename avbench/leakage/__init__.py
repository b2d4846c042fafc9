"""Whether a model has seen what it is tested on: by ids, by shared videos, by what is seen and heard."""
