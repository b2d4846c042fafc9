"""CAVP (Diff-Foley, arXiv 2306.17203), the baseline of GMS-CAVP, on the backbones of gmscavp."""
