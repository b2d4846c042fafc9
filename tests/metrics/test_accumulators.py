"""The torchmetrics forms give the numbers of the functions, however the rows arrive."""

import pickle

import pytest
import torch

from avbench.clips import Gallery
from avbench.errors import ModelError
from avbench.metrics.accumulators import FrechetDistance, PairedRetrieval
from avbench.metrics.frechet import frechet_distance, moments
from avbench.specs import RetrievalProtocol
from avbench.tasks.retrieval import score_retrieval


def pairs(count: int, *shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    audio = torch.randn(count, *shape, generator=torch.Generator().manual_seed(count))
    return audio + 1.5 * torch.randn(audio.shape, generator=torch.Generator().manual_seed(1)), audio


@pytest.mark.parametrize("shape", [(16,), (4, 8)])
def test_batches_add_up_to_the_numbers_of_the_task(shape: tuple[int, ...]):
    video, audio = pairs(50, *shape)
    metric = PairedRetrieval()
    for start in range(0, 50, 8):
        metric.update(video[start : start + 8], audio[start : start + 8])
    ids = tuple(map(str, range(50)))
    gallery = Gallery(name="standard", clip_ids=ids)
    outcome = score_retrieval(RetrievalProtocol(), [gallery], ids, ids, video.numpy(), audio.numpy(), seed=0)
    expected = {each.id: each.value for each in outcome.measurements if "openclip" not in each.id}
    assert {name: value.item() for name, value in metric.compute().items()} == pytest.approx(expected)


def test_reset_forgets_and_a_pickled_metric_goes_on():
    video, audio = pairs(20, 8)
    metric = PairedRetrieval(recall_at=(1,))
    metric.update(torch.ones(5, 8), torch.ones(5, 8))
    metric.reset()
    metric.update(video[:10], audio[:10])
    copy = pickle.loads(pickle.dumps(metric))
    copy.update(video[10:], audio[10:])
    whole = PairedRetrieval(recall_at=(1,))
    whole.update(video, audio)
    assert copy.compute() == whole.compute()


def test_pairs_of_other_processes_are_gathered():
    video, audio = pairs(30, 8)
    elsewhere = iter([video[15:], audio[15:]])
    metric = PairedRetrieval(
        dist_sync_fn=lambda state, group: [state, next(elsewhere)], distributed_available_fn=lambda: True
    )
    metric.update(video[:15], audio[:15])
    whole = PairedRetrieval()
    whole.update(video, audio)
    assert metric.compute() == whole.compute()


def test_nan_is_refused():
    metric = PairedRetrieval()
    metric.update(torch.full((4, 2), torch.nan), torch.ones(4, 2))
    with pytest.raises(ModelError, match="NaN"):
        metric.compute()


def test_batches_of_both_sets_add_up_to_the_distance():
    generated, real = pairs(40, 6)
    metric = FrechetDistance()
    for start in range(0, 40, 16):
        metric.update(generated[start : start + 16], real=False)
        metric.update(real[start : start + 16], real=True)
    expected = frechet_distance(moments(generated.numpy()), moments(real.numpy()))
    assert metric.compute().item() == pytest.approx(expected, rel=1e-12)


def test_rows_of_other_processes_are_gathered_into_the_distance():
    generated, real = pairs(30, 4)
    elsewhere = iter([generated[15:], real[15:]])
    metric = FrechetDistance(
        dist_sync_fn=lambda state, group: [state, next(elsewhere)], distributed_available_fn=lambda: True
    )
    metric.update(generated[:15], real=False)
    metric.update(real[:15], real=True)
    expected = frechet_distance(moments(generated.numpy()), moments(real.numpy()))
    assert metric.compute().item() == pytest.approx(expected, rel=1e-12)


def test_a_set_that_was_never_filled_has_no_distance():
    metric = FrechetDistance()
    metric.update(torch.eye(3), real=True)
    with pytest.raises(ValueError, match="generated set has no row"):
        metric.compute()
