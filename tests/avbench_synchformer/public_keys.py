"""The keys and shapes of Synchformer's public checkpoint, as the public code that wrote it builds them.

Nobody here opened the checkpoint itself: this is what its code says, written down from v-iashin/Synchformer
at 9287703 (``model/sync_model.py``; ``model/modules/transformer.py``; in ``model/modules/feat_extractors``
``visual/motionformer.py``, ``visual/motionformer_src``, ``audio/ast.py`` and ``audio/hf_src``), with the
sizes of its ``configs/sync.yaml`` and of facebookresearch/Motionformer's
``configs/SSV2/divided_224_16x4.yaml``.
"""

from tests.embedders.public_keys import Shapes, linear, vectors

# What torch.save made of it for MMAudio, in bytes: 950,058,171 (read in several repositories that pin it).
FILE_BYTES = 950_058_171


def norm(name: str, dim: int) -> Shapes:
    return vectors(name, dim, "weight", "bias")


def summary(name: str, dim: int) -> Shapes:
    """Return a torch.nn.TransformerEncoderLayer with a class token."""
    attention = {
        f"{name}.self_attn.in_proj_weight": (3 * dim, dim),
        f"{name}.self_attn.in_proj_bias": (3 * dim,),
    }
    return (
        {f"{name}.cls_token": (1, 1, dim)}
        | attention
        | linear(f"{name}.self_attn.out_proj", dim, dim)
        | linear(f"{name}.linear1", dim, 4 * dim)
        | linear(f"{name}.linear2", 4 * dim, dim)
        | norm(f"{name}.norm1", dim)
        | norm(f"{name}.norm2", dim)
    )


def picture(dim: int, depth: int) -> Shapes:
    name = "vfeat_extractor"
    shapes: Shapes = {
        f"{name}.cls_token": (1, 1, dim),
        f"{name}.pos_embed": (1, 197, dim),
        f"{name}.temp_embed": (1, 8, dim),
        f"{name}.patch_embed.proj.weight": (dim, 3, 16, 16),
        f"{name}.patch_embed.proj.bias": (dim,),
        f"{name}.patch_embed_3d.proj.weight": (dim, 3, 2, 16, 16),
        f"{name}.patch_embed_3d.proj.bias": (dim,),
    }
    for number in range(depth):
        block = f"{name}.blocks.{number}"
        for attention in ("attn", "timeattn"):
            shapes |= linear(f"{block}.{attention}.qkv", dim, 3 * dim)
            shapes |= linear(f"{block}.{attention}.proj", dim, dim)
        for each in ("norm1", "norm2", "norm3"):
            shapes |= norm(f"{block}.{each}", dim)
        shapes |= linear(f"{block}.mlp.fc1", dim, 4 * dim) | linear(f"{block}.mlp.fc2", 4 * dim, dim)
    return shapes | norm(f"{name}.norm", dim) | summary(f"{name}.spatial_attn_agg", dim)


def sound(dim: int, depth: int) -> Shapes:
    name = "afeat_extractor.ast"
    shapes: Shapes = {
        f"{name}.embeddings.cls_token": (1, 1, dim),
        f"{name}.embeddings.distillation_token": (1, 1, dim),
        f"{name}.embeddings.position_embeddings": (1, 12 * 6 + 2, dim),
        f"{name}.embeddings.patch_embeddings.projection.weight": (dim, 1, 16, 16),
        f"{name}.embeddings.patch_embeddings.projection.bias": (dim,),
    }
    for number in range(depth):
        layer = f"{name}.encoder.layer.{number}"
        for part in ("attention.query", "attention.key", "attention.value", "output.dense"):
            shapes |= linear(f"{layer}.attention.{part}", dim, dim)
        shapes |= linear(f"{layer}.intermediate.dense", dim, 4 * dim)
        shapes |= linear(f"{layer}.output.dense", 4 * dim, dim)
        shapes |= norm(f"{layer}.layernorm_before", dim) | norm(f"{layer}.layernorm_after", dim)
    return shapes | norm(f"{name}.layernorm", dim) | summary("afeat_extractor.freq_attn_agg", dim)


def synchformer(dim: int = 768, depth: int = 12, met_depth: int = 3) -> Shapes:
    """Return the ``model`` of 24-01-04T16-39-21."""
    name = "transformer"
    shapes: Shapes = {
        f"{name}.OFF_tok": (1, 1, dim),
        f"{name}.MOD_tok": (1, 1, dim),
        f"{name}.pos_emb_cfg.pos_emb": (1, 198, dim),
    }
    for number in range(met_depth):
        block = f"{name}.blocks.{number}"
        shapes |= norm(f"{block}.ln1", dim) | norm(f"{block}.ln2", dim)
        for part in ("key", "query", "value", "proj"):
            shapes |= linear(f"{block}.attn.{part}", dim, dim)
        shapes |= linear(f"{block}.mlp.0", dim, 4 * dim) | linear(f"{block}.mlp.2", 4 * dim, dim)
    for each in ("vis_in_lnorm", "aud_in_lnorm", "ln_f"):
        shapes |= norm(f"{name}.{each}", dim)
    return (
        picture(dim, depth)
        | sound(dim, depth)
        | linear("vproj", dim, dim)
        | linear("aproj", dim, dim)
        | shapes
        | linear(f"{name}.off_head", dim, 21)
    )
