"""The keys and shapes of public checkpoints, as the public code that wrote them builds them.

Nobody here opened the checkpoints themselves: this is what their code says, written down from

- harritaylor/torchvggish: ``torchvggish/vggish.py`` (``VGG``, ``make_layers``; hubconf.py loads
  ``vggish-10086976.pth`` into it without renaming);
- qiuqiangkong/audioset_tagging_cnn: ``pytorch/models.py`` (``Cnn14``, ``Cnn14_16k``, ``ConvBlock``), the
  state under ``model``, with the front end of torchlibrosa (``stft.py``);
- kkoutini/passt_hear21: ``hear21passt/models/passt.py`` (``PaSST`` with ``distilled=True``, 768 columns, 12
  blocks, patches of 16 every 10 of 128 × 998).
"""

Shapes = dict[str, tuple[int, ...]]


def linear(name: str, inputs: int, outputs: int) -> Shapes:
    """Return a linear layer."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def vectors(name: str, size: int, *fields: str) -> Shapes:
    """Return vectors of a norm."""
    return {f"{name}.{field}": (size,) for field in fields}


def batch_norm(name: str, size: int) -> Shapes:
    """Return a batch normalisation."""
    fields = ("weight", "bias", "running_mean", "running_var")
    return vectors(name, size, *fields) | {f"{name}.num_batches_tracked": ()}


def vggish(hidden: int = 4096) -> Shapes:
    """Return the state of torchvggish's VGG."""
    shapes: Shapes = {}
    for layer, inputs, outputs in [
        (0, 1, 64),
        (3, 64, 128),
        (6, 128, 256),
        (8, 256, 256),
        (11, 256, 512),
        (13, 512, 512),
    ]:
        shapes |= {f"features.{layer}.weight": (outputs, inputs, 3, 3), f"features.{layer}.bias": (outputs,)}
    return (
        shapes
        | linear("embeddings.0", 512 * 4 * 6, hidden)
        | linear("embeddings.2", hidden, hidden)
        | linear("embeddings.4", hidden, 128)
    )


def panns(n_fft: int, width: int = 64) -> Shapes:
    """Return the ``model`` of a CNN14."""
    bins = n_fft // 2 + 1
    shapes: Shapes = {
        "spectrogram_extractor.stft.conv_real.weight": (bins, 1, n_fft),
        "spectrogram_extractor.stft.conv_imag.weight": (bins, 1, n_fft),
        "logmel_extractor.melW": (bins, 64),
    }
    shapes |= batch_norm("bn0", 64)
    inputs = 1
    for number in range(6):
        outputs = width * 2**number
        name = f"conv_block{number + 1}"
        shapes |= {f"{name}.conv1.weight": (outputs, inputs, 3, 3)}
        shapes |= {f"{name}.conv2.weight": (outputs, outputs, 3, 3)}
        shapes |= batch_norm(f"{name}.bn1", outputs) | batch_norm(f"{name}.bn2", outputs)
        inputs = outputs
    return shapes | linear("fc1", inputs, inputs) | linear("fc_audioset", inputs, 527)


def passt(dim: int = 768, depth: int = 12) -> Shapes:
    """Return the state of PaSST."""
    shapes: Shapes = {
        "cls_token": (1, 1, dim),
        "dist_token": (1, 1, dim),
        "new_pos_embed": (1, 2, dim),
        "freq_new_pos_embed": (1, dim, 12, 1),
        "time_new_pos_embed": (1, dim, 1, 99),
        "patch_embed.proj.weight": (dim, 1, 16, 16),
        "patch_embed.proj.bias": (dim,),
    }
    for number in range(depth):
        name = f"blocks.{number}"
        shapes |= vectors(f"{name}.norm1", dim, "weight", "bias")
        shapes |= linear(f"{name}.attn.qkv", dim, 3 * dim) | linear(f"{name}.attn.proj", dim, dim)
        shapes |= vectors(f"{name}.norm2", dim, "weight", "bias")
        shapes |= linear(f"{name}.mlp.fc1", dim, 4 * dim) | linear(f"{name}.mlp.fc2", 4 * dim, dim)
    return (
        shapes
        | vectors("norm", dim, "weight", "bias")
        | vectors("head.0", dim, "weight", "bias")
        | linear("head.1", dim, 527)
        | linear("head_dist", dim, 527)
    )
