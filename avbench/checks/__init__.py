"""What ``avbench plugins check`` tries of a model, capability by capability, on made clips."""
