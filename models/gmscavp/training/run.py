"""The moving parts of a training run: network, average, optimiser, step, and how they are kept."""

import copy
from collections.abc import Mapping
from pathlib import Path

import torch

from gmscavp.checkpoint import CheckpointError, load_weights, read_state, save_weights, write_state
from gmscavp.draws import generator_seed, row_seeds
from gmscavp.training.batches import SegmentBatch
from gmscavp.training.compilation import compile_in_place
from gmscavp.training.finiteness import Finiteness
from gmscavp.training.gradient_cache import Learner, cached_backward, refuse_parts
from gmscavp.training.log import Clock, TrainingLog
from gmscavp.training.optimisation import adamw, learning_rate, move_average
from gmscavp.training.plan import Objective, Plan, Report, TrainingError, differences
from gmscavp.training.staging import Staging


class Run:
    """The moving parts of a run: network, average, optimiser, step."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        training = plan.training
        dtype = torch.float64 if training.precision == "fp64" else torch.float32
        self.network = plan.network.to(plan.device, dtype).train()
        refuse_parts(self.network, training)
        learner = Learner(self.network)
        if training.compile:
            compile_in_place(learner, plan.device, plan.say)
        self.learner = plan.processes.synchronised(learner)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimiser = adamw(self.network, training)
        self.staging = Staging(plan.device, training, plan.seed)
        self.verdict = Finiteness(plan.device)
        self.step = self.saved = self.start = 0
        self.state, self.left = plan.folder / "state.pt", plan.folder / "average.safetensors"
        if self.state.exists():
            self.resume()
        elif self.left.exists():
            self.restart()
        if plan.processes.mean([self.step], plan.device) != [self.step]:
            raise TrainingError(
                f"The processes do not find the same checkpoint in {plan.folder}.",
                hint="Give a folder on a file system that all machines share.",
            )
        self.first, self.clock = self.step, Clock(self.step)

    def resume(self) -> None:
        """Go back to the last checkpoint.

        Raises:
            CheckpointError: It is damaged, or no checkpoint of a run.
            TrainingError: It is of a run with other settings.
        """
        try:
            state = read_state(self.state)
        except CheckpointError as error:
            hint = f"Remove it: the run then restarts from {self.left.name}." if self.left.exists() else ""
            raise CheckpointError(str(error), hint=hint) from error
        self.refuse_others(state["fingerprint"])
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise CheckpointError(
                f"The checkpoint {self.state} does not fit the network of this version: {error}"
            ) from error
        self.step = self.saved = state["step"]
        self.start = state["start"]

    def restart(self) -> None:
        """Go on from the average alone.

        Raises:
            CheckpointError: It is damaged, or of another network.
            TrainingError: It is of a run with other settings.
        """
        plan = self.plan
        _, weights, notes = load_weights(self.left, type(self.network.config), format=plan.format)
        self.refuse_others(notes.get("fingerprint", ""))
        try:
            self.network.load_state_dict(weights)
            self.average.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(
                f"The average {self.left} does not fit the network of this version: {error}"
            ) from error
        self.step = self.saved = self.start = int(notes["steps"])
        if plan.processes.first:
            plan.say(
                f"There is no checkpoint, but the average of step {self.start}: the run restarts there, with "
                f"new moments of AdamW and a rate that rises over {plan.training.warmup} steps."
            )

    def refuse_others(self, fingerprint: str) -> None:
        """Refuse to go on with a run that was given other settings.

        Raises:
            TrainingError: It was.
        """
        if fingerprint != self.plan.fingerprint():
            named = differences(fingerprint, self.plan.fingerprint()) if fingerprint else []
            which = f" ({', '.join(named[:4])}{' …' if named[4:] else ''})" if named else ""
            raise TrainingError(
                f"{self.plan.folder} holds a run with other settings{which}.",
                hint="Give those settings again, or train into another folder.",
            )

    def save(self) -> None:
        """Write a checkpoint.

        Raises:
            TrainingError: A loss was not finite; the last checkpoint is left as it is.
        """
        self.check()
        self.saved = self.step
        if not self.plan.processes.first:
            return
        write_state(
            self.state,
            {
                "fingerprint": self.plan.fingerprint(),
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "start": self.start,
            },
        )
        if self.step < self.plan.training.steps:  # at the end it is what save_weights writes
            self.save_average(self.left, {"fingerprint": self.plan.fingerprint()})

    def save_weights(self) -> Path:
        """Write what the run was for, and return where."""
        path = self.plan.folder / "weights.safetensors"
        if self.plan.processes.first:
            self.save_average(path, {"restarted": str(self.start)} if self.start else {})
            self.left.unlink(missing_ok=True)
        return path

    def save_average(self, path: Path, notes: Mapping[str, str]) -> None:
        """Write the averaged weights, with what is noted of the run."""
        notes = {**(self.plan.notes or {}), "steps": str(self.step), "seed": str(self.plan.seed), **notes}
        save_weights(
            path, self.average.state_dict(), self.network.config, format=self.plan.format, notes=notes
        )

    def advance(self, batch: SegmentBatch) -> None:
        """Take one step of AdamW, clamp the temperature, and move the average, without waiting for a GPU.

        From the first loss on that is not finite, nothing changes any more; :meth:`check` says so.

        Args:
            batch: This process's part of the batch.
        """
        training, processes = self.plan.training, self.plan.processes
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, training, self.start)
        varied = self.staging.varied(batch, self.step)
        self.optimiser.zero_grad(set_to_none=False)
        self.objective = self.backward(varied)
        self.loss = processes.averaged(self.objective.total.detach())
        self.verdict.see(self.loss, self.objective.parts)
        # How a GradScaler tells fused AdamW to pass over a step.
        self.optimiser.found_inf = self.verdict.broken  # pyright: ignore[reportAttributeAccessIssue]
        self.optimiser.step()
        self.network.clamp()
        if processes.first:
            move_average(self.average, self.network, training.ema, self.step, broken=self.verdict.broken)
        self.step += 1

    def backward(self, batch: SegmentBatch) -> Objective:
        """Compute the objective of a varied batch, and its gradient, whole or in parts."""
        training, kind = self.plan.training, torch.device(self.plan.device).type
        rows = training.micro_batch_clips * batch.segments
        seeds = row_seeds(self.plan.seed, self.step, batch.rows.stop)[batch.rows]
        # What dropout drops follows from run, step and rows, too: a resumed run drops the same.
        torch.manual_seed(generator_seed(self.plan.seed, self.step, batch.rows.start))
        inputs = (*batch.inputs, seeds.to(self.plan.device, non_blocking=True))
        with torch.autocast(kind, torch.bfloat16, enabled=training.precision == "bf16"):
            if 0 < rows < len(batch.frames):
                return cached_backward(self.learner, self.network, *inputs, rows=rows)
            objective: Objective = self.learner(*inputs)
        objective.total.backward()
        return objective

    def check(self) -> None:
        """Wait for the device, and see that every loss was finite.

        Raises:
            TrainingError: One was not; nothing has been changed by it.
        """
        broken = self.verdict.first_broken()
        if broken is None:
            return
        good, terms = broken
        where = f" ({', '.join(terms)})" if terms else ""
        raise TrainingError(
            f"The loss is not finite at step {self.first + good}{where}; the checkpoint of step {self.saved} "
            "is kept.",
            hint="Lower learning_rate, or pass precision=fp32, and train into another folder.",
        )

    def asked_to_stop(self, asked: bool) -> bool:
        """Say whether a process was asked to; several compare where they log, as that makes a GPU wait."""
        processes = self.plan.processes
        if processes.size == 1:
            return asked
        return self.logs and processes.mean([asked], self.plan.device) != [0]

    @property
    def restarted(self) -> bool:
        """Whether the next step is the first after a restart."""
        return 0 < self.step == self.start

    @property
    def logs(self) -> bool:
        """Whether it is time for a line of the log."""
        return self.step % self.plan.training.log_every == 0 or self.step == self.plan.training.steps

    def report(self, log: TrainingLog | None, report: Report) -> None:
        """Log, validate and checkpoint where it is time to; without a log, only keep step.

        Raises:
            TrainingError: A loss was not finite.
        """
        values = self.values() if self.logs else {}
        if log is None:
            values = {}
        elif self.plan.validate is not None and self.plan.validates(self.step):
            values |= self.plan.validate(self.average)
        if log is not None and values:
            log.write(self.step, values)
        if self.step % self.plan.training.checkpoint_every == 0:
            self.save()
        report(self.step, values)

    def values(self) -> dict[str, float]:
        """Return what a line of the log says, each term of the objective as the mean over all processes.

        Raises:
            TrainingError: A loss was not finite.
        """
        self.check()
        terms = {"loss": self.loss, **self.objective.parts}
        if hasattr(self.network, "logit_scale"):  # a generator has none
            scale = self.network.logit_scale
            named = enumerate(scale) if scale.ndim else ()
            terms |= {f"logit_scale/{place}": own for place, own in named} or {"logit_scale": scale}
        numbers = torch.stack([each.detach().double() for each in terms.values()])
        values = dict(zip(terms, self.plan.processes.averaged(numbers).tolist(), strict=True))
        values["learning_rate"] = self.optimiser.param_groups[0]["lr"]
        values["clips_per_second"] = self.plan.training.batch_clips * self.clock.rate(self.step)
        return values
