"""Sound that can be heard: a generator of log-mel over the frozen encoder, and a vocoder after it."""
