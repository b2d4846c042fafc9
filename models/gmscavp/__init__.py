"""GMS-CAVP: multi-scale contrastive audio-video pretraining, an open reading of arXiv 2601.19606.

    features   samples -> log-mel
    video      frames  -> feature maps at several resolutions
    audio      log-mel -> feature maps at several resolutions
    pyramid    feature maps -> time-aligned tokens at several scales
    contrastive  tokens of both streams -> the alignment objective
    model      the whole, and the embedding a pair is scored by
    training   the loop, shared with the package cavp

Only ``plugin`` knows avbench; everything else is plain torch.
"""
