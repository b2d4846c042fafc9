"""Synchformer: all keys of the public checkpoint match, and each part is the network written out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from avbench.embedders.public_files import differences
from avbench_synchformer.config import Config
from avbench_synchformer.network import TOKENS, Synchformer
from avbench_synchformer.picture import PAIRS, DividedAttention, PictureTower
from avbench_synchformer.sound import INSTANTS, SoundTower
from tests.avbench_synchformer import public_keys, slow
from tests.embedders import slow_front_ends as front_ends
from tests.embedders.sounds import three_sounds

TINY = Config(dim=8, depth=2, heads=2, met_depth=2, met_heads=4, side=32, bins=36)


def drawn(network: nn.Module) -> nn.Module:
    """Give every weight a value of its own, norms and tokens too, and double precision."""
    torch.manual_seed(0)
    for parameter in network.parameters():
        parameter.data.normal_(0.0, 0.5)
    return network.double().eval().requires_grad_(False)


def test_all_keys_of_the_public_checkpoint_match():
    with torch.device("meta"):
        own = Synchformer().state_dict()
        theirs = {key: torch.zeros(shape) for key, shape in public_keys.synchformer().items()}

    assert differences(own, theirs) == []


def test_the_weights_fill_the_public_file_but_for_what_names_them():
    sizes = [4 * int(np.prod(shape)) for shape in public_keys.synchformer().values()]
    names = public_keys.FILE_BYTES - sum(sizes)

    # A zip entry each: two headers with its name, and up to 63 bytes so that the values are aligned.
    assert 200 * len(sizes) < names < 600 * len(sizes)


@pytest.mark.parametrize("over", ["time", "space"])
def test_a_patch_attends_to_its_place_or_to_its_instant_and_to_the_class_token(over):
    attention, places, heads = drawn(DividedAttention(8, 2)), 3, 2
    tokens = torch.randn(2, 1 + PAIRS * places, 8, dtype=torch.float64)
    everything = [list(range(1 + PAIRS * places))]
    among = [
        [0] + [1 + t * places + p for t in range(PAIRS)]
        if over == "time"
        else [0] + [1 + instant * places + q for q in range(places)]
        for instant in range(PAIRS)
        for p in range(places)
    ]

    found = attention(tokens, over).numpy()

    for row, clip in zip(found, slow.numbers(tokens), strict=True):
        q, k, v = np.split(slow.through(attention.qkv, clip), 3, axis=1)
        answers = slow.self_attended(q, k, v, heads, everything + among)
        np.testing.assert_allclose(row, slow.through(attention.proj, answers), atol=1e-10)


def test_a_segment_is_seen_as_one_token_for_each_pair_of_frames():
    tower = drawn(PictureTower(TINY))
    segment = torch.rand(1, 16, 3, 32, 32, dtype=torch.float64) * 2 - 1
    pixels, kernel = slow.numbers(segment)[0], slow.numbers(tower.patch_embed_3d.proj.weight)
    place, time = slow.numbers(tower.pos_embed)[0], slow.numbers(tower.temp_embed)[0]
    tokens = [slow.numbers(tower.cls_token)[0, 0] + place[0]]
    for t in range(PAIRS):
        for p, (row, column) in enumerate(np.ndindex(2, 2)):
            tube = pixels[2 * t : 2 * t + 2, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            patch = np.einsum("dcthw,tchw->d", kernel, tube) + slow.numbers(tower.patch_embed_3d.proj.bias)
            tokens.append(patch + place[1 + p] + time[t])
    seen = np.stack(tokens)
    for block in tower.blocks:
        for norm, attention, over in [
            (block.norm3, block.timeattn, "time"),
            (block.norm1, block.attn, "space"),
        ]:
            seen = seen + attention(torch.from_numpy(slow.normed(norm, seen))[None], over)[0].numpy()
        inner = slow.gelu(slow.through(block.mlp.fc1, slow.normed(block.norm2, seen)))
        seen = seen + slow.through(block.mlp.fc2, inner)
    seen = slow.normed(tower.norm, seen)[1:].reshape(PAIRS, 4, 8)

    expected = [slow.summed_up(tower.spatial_attn_agg, each, TINY.heads) for each in seen]
    np.testing.assert_allclose(tower(segment)[0].numpy(), expected, atol=1e-9)


def test_the_log_mel_is_torchaudios_normalised_with_a_frame_of_zeros_behind():
    samples = three_sounds(16_000, 0.64)[0]
    window = np.zeros(1024)
    window[312:712] = front_ends.hann(400)
    framed = front_ends.mirrored(samples.double().numpy(), 1024)
    power = front_ends.magnitudes(framed, window, 160, 1024) ** 2
    mel = np.log(power @ front_ends.filters_in_hz(16_000, 1024, 128, 0.0, 8000.0) + 1e-6)
    expected = (np.concatenate([mel, np.zeros((1, 128))]) + 4.2677393) / (2 * 4.5689974)

    found = SoundTower(Config(dim=8, depth=1, heads=2)).log_mel(samples)

    assert found.shape == (128, 66)
    np.testing.assert_allclose(found.T, expected, atol=1e-3)


def test_a_segment_is_heard_as_one_token_for_each_of_six_instants():
    tower = drawn(SoundTower(TINY))
    samples = three_sounds(16_000, 0.64)[1].double()
    image, ast = tower.log_mel(samples).numpy(), tower.ast
    projection = ast.embeddings.patch_embeddings["projection"]
    kernel, bias = slow.numbers(projection.weight)[:, 0], slow.numbers(projection.bias)
    tokens = [
        slow.numbers(ast.embeddings.cls_token)[0, 0],
        slow.numbers(ast.embeddings.distillation_token)[0, 0],
    ]
    for band in range(3):
        for instant in range(INSTANTS):
            patch = image[10 * band : 10 * band + 16, 10 * instant : 10 * instant + 16]
            tokens.append(np.einsum("dft,ft->d", kernel, patch) + bias)
    heard = np.stack(tokens) + slow.numbers(ast.embeddings.position_embeddings)[0]
    for layer in ast.encoder["layer"]:
        parts = layer.attention.attention
        inside = slow.normed(layer.layernorm_before, heard)
        q, k, v = (slow.through(parts[name], inside) for name in ("query", "key", "value"))
        answers = slow.self_attended(q, k, v, TINY.heads, [range(len(heard))] * len(heard))
        heard = heard + slow.through(layer.attention.output["dense"], answers)
        inner = slow.gelu(
            slow.through(layer.intermediate["dense"], slow.normed(layer.layernorm_after, heard))
        )
        heard = heard + slow.through(layer.output["dense"], inner)
    bands = slow.normed(ast.layernorm, heard)[2:].reshape(3, INSTANTS, 8).transpose(1, 0, 2)

    expected = [slow.summed_up(tower.freq_attn_agg, each, TINY.heads) for each in bands]
    np.testing.assert_allclose(tower(samples[None])[0].numpy(), expected, atol=1e-9)


def test_the_offset_token_asks_both_streams():
    network = drawn(Synchformer(TINY))
    picture = torch.randn(1, 14, PAIRS, 8, dtype=torch.float64)
    sound = torch.randn(1, 14, INSTANTS, 8, dtype=torch.float64)
    meeting = network.transformer
    seen, heard = (
        slow.normed(norm, slow.through(projection, slow.numbers(stream).reshape(-1, 8)))
        for norm, projection, stream in [
            (meeting.vis_in_lnorm, network.vproj, picture),
            (meeting.aud_in_lnorm, network.aproj, sound),
        ]
    )
    special = (slow.numbers(each)[0] for each in (meeting.OFF_tok, meeting.MOD_tok))
    tokens = np.concatenate([next(special), seen, next(special), heard])
    tokens = tokens + slow.numbers(meeting.pos_emb_cfg.pos_emb)[0]
    for block in meeting.blocks:
        inside = slow.normed(block.ln1, tokens)
        q, k, v = (
            slow.through(each, inside) for each in (block.attn.query, block.attn.key, block.attn.value)
        )
        answers = slow.self_attended(q, k, v, TINY.met_heads, [range(len(tokens))] * len(tokens))
        tokens = tokens + slow.through(block.attn.proj, answers)
        inner = slow.gelu(slow.through(block.mlp[0], slow.normed(block.ln2, tokens)))
        tokens = tokens + slow.through(block.mlp[2], inner)
    expected = slow.through(meeting.off_head, slow.normed(meeting.ln_f, tokens)[0])

    assert TOKENS == len(tokens) == 198
    np.testing.assert_allclose(network.compare(picture, sound)[0].numpy(), expected, atol=1e-9)
