"""GMS-CAVP: multi-scale contrastive audio-video pretraining, an open reading of arXiv 2601.19606.

    model        the whole, read first, and the embedding a pair is scored by
    backbones    frames, log-mel -> feature maps at several resolutions
    pyramid      feature maps -> time-aligned tokens at several scales
    contrastive  tokens of both streams -> the alignment objective
    diffusion    each stream from the other's tokens: objective, samplers, guidance
    training     the loop, shared with the package cavp
    sound        video -> log-mel -> samples, over the frozen model
    synchrony    how late a sound is and whether it is the picture's own, over the frozen model

Only ``plugin`` knows avbench; everything else is plain torch.
"""
