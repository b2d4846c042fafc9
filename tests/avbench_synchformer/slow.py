"""Synchformer written out token by token in float64: what every part of it must equal."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.special import erf
from torch import nn

Tokens = np.ndarray


def numbers(tensor: torch.Tensor) -> Tokens:
    return tensor.detach().double().numpy()


def through(layer: nn.Linear, tokens: Tokens) -> Tokens:
    return tokens @ numbers(layer.weight).T + numbers(layer.bias)


def normed(norm: nn.LayerNorm, tokens: Tokens) -> Tokens:
    centred = tokens - tokens.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + norm.eps) * numbers(
        norm.weight
    ) + numbers(norm.bias)


def gelu(values: Tokens) -> Tokens:
    return values * 0.5 * (1 + erf(values / np.sqrt(2)))


def attended(query: Tokens, keys: Tokens, values: Tokens, heads: int) -> Tokens:
    """Return what one token is answered by others: ``(dim,)``."""
    width = len(query) // heads
    answers = []
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        likeness = keys[:, part] @ query[part] / np.sqrt(width)
        weights = np.exp(likeness - likeness.max())
        answers.append(weights / weights.sum() @ values[:, part])
    return np.concatenate(answers)


def self_attended(q: Tokens, k: Tokens, v: Tokens, heads: int, among: Sequence[Sequence[int]]) -> Tokens:
    """Return each token's answer from the tokens it attends to."""
    return np.stack([attended(q[i], k[list(some)], v[list(some)], heads) for i, some in enumerate(among)])


def summed_up(layer: nn.Module, tokens: Tokens, heads: int) -> Tokens:
    """Return the class token after a pre-norm transformer layer over ``(token, dim)``."""
    tokens = np.concatenate([numbers(layer.cls_token)[0], tokens])
    inside = normed(layer.norm1, tokens)
    packed = inside @ numbers(layer.self_attn.in_proj_weight).T + numbers(layer.self_attn.in_proj_bias)
    q, k, v = np.split(packed, 3, axis=1)
    everything = [range(len(tokens))] * len(tokens)
    tokens = tokens + through(layer.self_attn.out_proj, self_attended(q, k, v, heads, everything))
    expanded = gelu(through(layer.linear1, normed(layer.norm2, tokens)))
    return (tokens + through(layer.linear2, expanded))[0]
