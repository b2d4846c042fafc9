"""The diffusion half: what is noised, what is predicted, in which condition, and how a sample is drawn."""
