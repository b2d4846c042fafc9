"""The field's own packages as embedders: laion-clap, and the networks of frechet-audio-distance."""
