"""The keys and shapes of public checkpoints, as the public code that wrote them builds them.

Nobody here opened the checkpoints themselves: this is what their code says, written down from

- open-mmlab/mmaction2: ``mmaction/models/backbones/resnet3d.py`` and ``resnet3d_slowonly.py`` (modules
  ``conv1``, ``layer{1..4}.{i}.conv{1..3}``, ``.downsample``, each a ``ConvModule`` of ``conv`` and
  ``bn``), with the head ``cls_head.fc_cls`` of ``mmaction/models/heads/i3d_head.py``;
- qiuqiangkong/audioset_tagging_cnn: ``pytorch/models.py``, ``Cnn14_16k`` and ``ConvBlock``;
- luosiallen/Diff-Foley: ``inference/model/cavp_model.py`` and ``cavp_modules.py``.
"""

Shapes = dict[str, tuple[int, ...]]


def norm(name: str, channels: int) -> Shapes:
    """Return a batch normalisation."""
    vectors = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{each}": (channels,) for each in vectors} | {f"{name}.num_batches_tracked": ()}


def linear(name: str, inputs: int, outputs: int) -> Shapes:
    """Return a linear layer."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def module(name: str, inputs: int, outputs: int, *kernel: int) -> Shapes:
    """Return mmcv's ``ConvModule``: a convolution without bias and its norm."""
    return {f"{name}.conv.weight": (outputs, inputs, *kernel)} | norm(f"{name}.bn", outputs)


def slowonly(width: int = 64) -> Shapes:
    """Return ``ResNet3dSlowOnly(depth=50)``: inflate (0, 0, 1, 1), expansion 4."""
    shapes = module("conv1", 3, width, 1, 7, 7)
    inputs = width
    for stage, (blocks, taps) in enumerate([(3, 1), (4, 1), (6, 3), (3, 3)]):
        planes = width * 2**stage
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            shapes |= module(f"{name}.conv1", inputs, planes, taps, 1, 1)
            shapes |= module(f"{name}.conv2", planes, planes, 1, 3, 3)
            shapes |= module(f"{name}.conv3", planes, 4 * planes, 1, 1, 1)
            if block == 0:
                shapes |= module(f"{name}.downsample", inputs, 4 * planes, 1, 1, 1)
            inputs = 4 * planes
    return shapes


def blocks(width: int = 64) -> Shapes:
    """Return the six ``ConvBlock`` of CNN14 and its ``fc1``."""
    shapes: Shapes = {}
    inputs = 1
    for number in range(6):
        outputs = width * 2**number
        name = f"conv_block{number + 1}"
        shapes |= {f"{name}.conv1.weight": (outputs, inputs, 3, 3)}
        shapes |= {f"{name}.conv2.weight": (outputs, outputs, 3, 3)}
        shapes |= norm(f"{name}.bn1", outputs) | norm(f"{name}.bn2", outputs)
        inputs = outputs
    return shapes | linear("fc1", inputs, inputs)


def mmaction_recognizer(width: int = 64) -> Shapes:
    """Return the ``state_dict`` of a SlowOnly recogniser trained on Kinetics-400."""
    backbone = {f"backbone.{key}": shape for key, shape in slowonly(width).items()}
    return backbone | linear("cls_head.fc_cls", 32 * width, 400)


def panns(width: int = 64) -> Shapes:
    """Return the ``model`` of a ``Cnn14_16k``: 64 mel bins, a window of 512."""
    front = {
        "spectrogram_extractor.stft.conv_real.weight": (257, 1, 512),
        "spectrogram_extractor.stft.conv_imag.weight": (257, 1, 512),
        "logmel_extractor.melW": (257, 64),
    }
    return front | norm("bn0", 64) | blocks(width) | linear("fc_audioset", 32 * width, 527)


def diff_foley(width: int = 64, audio_width: int = 64, dim: int = 512) -> Shapes:
    """Return the ``state_dict`` of the released CAVP."""
    audio = norm("bn", 128) | blocks(audio_width) | linear("final_project", 32 * audio_width, dim)
    return (
        {f"video_encoder.{key}": shape for key, shape in slowonly(width).items()}
        | linear("video_project_head", 32 * width, dim)
        | {f"spec_encoder.{key}": shape for key, shape in audio.items()}
        | {"logit_scale": ()}
    )
