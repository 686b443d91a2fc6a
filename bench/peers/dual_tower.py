"""Training speed of the dual tower in PyTorch or JAX on the CPU: rows a second of the whole training loop.

What is measured: forward pass, loss, gradients, Adam on the dense weights and Adagrad on the touched rows of the embedding
tables, step after step over ready-made batches. Not timed: imports, making the batches, compiling, the first steps. The
same seed gives both frameworks the same rows and the same starting weights, so their losses agree: "loss" holds that of the
first step and that of step WARM_UP_STEPS, a check that both train the same model.

    left   E [B,16,16] → SENet → 256-128-64 = h → l                       p_ad = σ(l)
    right  E [B,16,16] → SENet → [256; h 64; emb(bucket(p_ad)) 16] → 64-32 → Δ
    loss   BCE(y, l + Δ) + .5·BCE(y, l) + .1·ListNet over lists of 8 consecutive rows

Rows: 16 left and 16 right fields, each row's id of a field drawn with P(rank) ∝ rank^-1.05 from that field's own 100,000
values and hashed into 2^18 rows of 16 numbers, one table a tower; clicks Bernoulli(.05).

Each framework does it in the fastest way found on two cores (batch 1,024, ms a step, the best of several runs):
    jax    one jitted step with donated state; gradients for the gathered rows; duplicates summed by the row's last occurrence: 7
           (sorted and summed by segment 13; np.unique on the host 9; tables updated in numpy 20; dense gradients 38)
    torch  torch.compile, which needs a C++ compiler; sparse gradients and torch.optim.Adagrad: 13
           (without torch.compile 15; torch.unique and index_add_ 19; dense gradients and fused Adagrad 24)

Usage: python dual_tower.py --framework jax|torch [--threads 2] [--rows 262144] [--batch 1024] [--seconds 2] [--seed 1]
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

FIELDS = 16
DIMENSION = 16
TABLE_ROWS = 1 << 18
VALUES_PER_FIELD = 100_000
ZIPF_EXPONENT = 1.05
CLICK_RATE = 0.05
LIST = 8
BUCKETS = 64
BUCKET_RATE = 1_000
LISTNET_WEIGHT = 0.1
LEFT_WEIGHT = 0.5
ADAM_RATE = 1e-3
ADAGRAD_RATE = 0.05
ADAGRAD_START = 0.1
ADAGRAD_EPSILON = 1e-10
WARM_UP_STEPS = 20
STEPS_BETWEEN_CLOCK_READS = 16
ROUNDS = 3
LAYERS = {
    "left_squeeze": (FIELDS, 5),
    "left_excite": (5, FIELDS),
    "left_1": (FIELDS * DIMENSION, 128),
    "left_2": (128, 64),
    "left_3": (64, 1),
    "right_squeeze": (FIELDS, 5),
    "right_excite": (5, FIELDS),
    "right_1": (FIELDS * DIMENSION + 64 + DIMENSION, 64),
    "right_2": (64, 32),
    "right_3": (32, 1),
}


@dataclass(frozen=True)
class Batch:
    """Row numbers in the left and the right table, shape (batch, FIELDS) each, and clicks, shape (batch,)."""

    left: Any
    right: Any
    clicks: Any


@dataclass(frozen=True)
class Start:
    """Where training starts: dense weights by name, and the left and the right table, shape (TABLE_ROWS, DIMENSION)."""

    dense: dict[str, np.ndarray]
    tables: list[np.ndarray]


@dataclass(frozen=True)
class Trainer:
    version: str
    prepare: Callable[[Batch], Batch]
    """Puts a batch of numpy arrays where the framework wants it."""
    step: Callable[[Batch], Any]
    """Trains on a batch and returns its loss; float() of it waits until the step is done."""


def make_batches(rows: int, batch: int, random: np.random.Generator) -> list[Batch]:
    cumulative = np.cumsum(np.arange(1, VALUES_PER_FIELD + 1) ** -ZIPF_EXPONENT)

    def table_rows(tower: int) -> np.ndarray:
        value = np.searchsorted(cumulative, random.random((rows, FIELDS)) * cumulative[-1]).astype(np.uint64)
        field = np.arange(tower * FIELDS, (tower + 1) * FIELDS, dtype=np.uint64)
        key = field * np.uint64(VALUES_PER_FIELD) + value
        return (key * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - 18)).astype(np.int32)  # Fibonacci hashing

    left, right = table_rows(0), table_rows(1)
    clicks = (random.random(rows) < CLICK_RATE).astype(np.float32)
    return [Batch(left[i : i + batch], right[i : i + batch], clicks[i : i + batch]) for i in range(0, rows, batch)]


def make_start(random: np.random.Generator) -> Start:
    def normal(deviation: float, *shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * deviation).astype(np.float32)

    dense = {"bucket": normal(0.05, BUCKETS + 1, DIMENSION)}
    for name, (inputs, outputs) in LAYERS.items():
        dense[f"{name}.weight"] = normal((2 / (inputs + outputs)) ** 0.5, inputs, outputs)
        dense[f"{name}.bias"] = np.zeros(outputs, np.float32)
    return Start(dense, [normal(0.05, TABLE_ROWS, DIMENSION) for _ in range(2)])


def jax_trainer(start: Start, threads: int) -> Trainer:
    os.environ["NPROC"] = str(threads)  # the size of XLA's thread pool
    import jax
    import jax.numpy as jnp
    from jax.nn import log_softmax, relu, sigmoid, softplus

    jax.config.update("jax_platforms", "cpu")

    def linear(dense, name, x):
        return x @ dense[f"{name}.weight"] + dense[f"{name}.bias"]

    def senet(dense, tower, embedded):
        squeezed = relu(linear(dense, f"{tower}_squeeze", embedded.mean(2)))
        attention = 2 * sigmoid(linear(dense, f"{tower}_excite", squeezed))
        return (attention[:, :, None] * embedded).reshape(len(embedded), -1)

    def bce(logits, clicks):
        return (softplus(logits) - clicks * logits).mean()

    def list_net(logits, clicks):
        gains = clicks.reshape(-1, LIST)
        total = gains.sum(1)
        losses = -(gains * log_softmax(logits.reshape(-1, LIST), 1)).sum(1) / jnp.maximum(total, 1)
        return losses.sum() / jnp.maximum((total > 0).sum(), 1)

    def loss_of(dense, left, right, clicks):
        hidden = relu(linear(dense, "left_2", relu(linear(dense, "left_1", senet(dense, "left", left)))))
        ad = linear(dense, "left_3", hidden)[:, 0]
        p_ad = sigmoid(jax.lax.stop_gradient(ad))
        bucket = (BUCKETS * jnp.log1p(BUCKET_RATE * p_ad) / np.log(BUCKET_RATE + 1)).astype(jnp.int32)
        joined = jnp.concatenate([senet(dense, "right", right), hidden, dense["bucket"][bucket]], 1)
        delta = linear(dense, "right_3", relu(linear(dense, "right_2", relu(linear(dense, "right_1", joined)))))[:, 0]
        logits = ad + delta
        return bce(logits, clicks) + LEFT_WEIGHT * bce(ad, clicks) + LISTNET_WEIGHT * list_net(logits, clicks)

    def adam(dense, mean, square, gradient, steps):
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradient)
        mean_share, square_share = 1 - 0.9**steps, 1 - 0.999**steps

        def moved(weight, m, s):
            return weight - ADAM_RATE * (m / mean_share) / (jnp.sqrt(s / square_share) + 1e-8)

        return jax.tree.map(moved, dense, mean, square), mean, square

    def adagrad(table, squares, rows, gradient):
        rows, gradient = rows.reshape(-1), gradient.reshape(-1, DIMENSION)
        order = jnp.arange(len(rows), dtype=jnp.int32)
        chosen = jnp.zeros(TABLE_ROWS, jnp.int32).at[rows].set(order)[rows]  # one occurrence stands for all of its row
        summed = jnp.zeros_like(gradient).at[chosen].add(gradient)
        touched = jnp.where(chosen == order, rows, TABLE_ROWS)  # the others point outside the table, where updates are dropped
        grown = squares.at[touched].get(mode="fill", fill_value=1) + summed * summed
        change = -ADAGRAD_RATE * summed / (jnp.sqrt(grown) + ADAGRAD_EPSILON)
        return (
            table.at[touched].add(change, mode="drop", unique_indices=True),
            squares.at[touched].set(grown, mode="drop", unique_indices=True),
        )

    def train(state, left, right, clicks):
        dense, mean, square, tables, squares, steps = state
        gathered = tables[0][left], tables[1][right]
        loss, (of_dense, *of_rows) = jax.value_and_grad(loss_of, argnums=(0, 1, 2))(dense, *gathered, clicks)
        dense, mean, square = adam(dense, mean, square, of_dense, steps + 1)
        updated = [adagrad(*both) for both in zip(tables, squares, (left, right), of_rows, strict=True)]
        tables, squares = zip(*updated, strict=True)
        return (dense, mean, square, tables, squares, steps + 1), loss

    dense = jax.tree.map(jnp.array, start.dense)
    tables = tuple(jnp.array(table) for table in start.tables)
    squares = tuple(jnp.full_like(table, ADAGRAD_START) for table in tables)
    state = (dense, jax.tree.map(jnp.zeros_like, dense), jax.tree.map(jnp.zeros_like, dense), tables, squares, jnp.float32(0))
    compiled = jax.jit(train, donate_argnums=0)

    def step(batch: Batch):
        nonlocal state
        state, loss = compiled(state, batch.left, batch.right, batch.clicks)
        return loss

    return Trainer(jax.__version__, lambda batch: Batch(*map(jnp.array, (batch.left, batch.right, batch.clicks))), step)


def torch_trainer(start: Start, threads: int) -> Trainer:
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(threads)
    torch.sparse.check_sparse_tensor_invariants.disable()  # the default, but it warns unless told
    dense = {name: torch.from_numpy(weight).requires_grad_() for name, weight in start.dense.items()}
    tables = [torch.from_numpy(table).requires_grad_() for table in start.tables]
    adam = torch.optim.Adam(dense.values(), lr=ADAM_RATE, fused=True)
    adagrad = torch.optim.Adagrad(tables, lr=ADAGRAD_RATE, initial_accumulator_value=ADAGRAD_START, eps=ADAGRAD_EPSILON)

    def linear(name, x):
        return torch.addmm(dense[f"{name}.bias"], x, dense[f"{name}.weight"])

    def senet(tower, embedded):
        squeezed = F.relu(linear(f"{tower}_squeeze", embedded.mean(2)))
        attention = 2 * torch.sigmoid(linear(f"{tower}_excite", squeezed))
        return (attention[:, :, None] * embedded).flatten(1)

    def list_net(logits, clicks):
        gains = clicks.view(-1, LIST)
        total = gains.sum(1)
        losses = -(gains * F.log_softmax(logits.view(-1, LIST), 1)).sum(1) / total.clamp(min=1)
        return losses.sum() / (total > 0).sum().clamp(min=1)

    @torch.compile
    def loss_of(left, right, clicks):
        hidden = F.relu(linear("left_2", F.relu(linear("left_1", senet("left", left)))))
        ad = linear("left_3", hidden)[:, 0]
        p_ad = torch.sigmoid(ad.detach())
        bucket = (BUCKETS * torch.log1p(BUCKET_RATE * p_ad) / float(np.log(BUCKET_RATE + 1))).long()
        joined = torch.cat([senet("right", right), hidden, dense["bucket"][bucket]], 1)
        delta = linear("right_3", F.relu(linear("right_2", F.relu(linear("right_1", joined)))))[:, 0]
        logits = ad + delta
        bce = F.binary_cross_entropy_with_logits
        return bce(logits, clicks) + LEFT_WEIGHT * bce(ad, clicks) + LISTNET_WEIGHT * list_net(logits, clicks)

    def step(batch: Batch):
        left, right = (F.embedding(rows, table, sparse=True) for rows, table in zip((batch.left, batch.right), tables, strict=True))
        loss = loss_of(left, right, batch.clicks)
        loss.backward()
        for optimiser in (adam, adagrad):
            optimiser.step()
            optimiser.zero_grad()
        return loss.detach()

    def prepare(batch: Batch) -> Batch:
        return Batch(*(torch.from_numpy(rows).long() for rows in (batch.left, batch.right)), torch.from_numpy(batch.clicks))

    return Trainer(torch.__version__, prepare, step)


TRAINERS = {"jax": jax_trainer, "torch": torch_trainer}


def measure(trainer: Trainer, batches: list[Batch], seconds: float) -> dict[str, float | list[float]]:
    """The fastest of ROUNDS runs of at least `seconds`, since a machine has noisy moments."""
    ready = [trainer.prepare(batch) for batch in batches]
    warm_up = [float(trainer.step(ready[i % len(ready)])) for i in range(WARM_UP_STEPS)]

    def seconds_per_step() -> float:
        steps = 0
        start = perf_counter()
        while (taken := perf_counter() - start) < seconds:
            for _ in range(STEPS_BETWEEN_CLOCK_READS):
                loss = trainer.step(ready[steps % len(ready)])
                steps += 1
            float(loss)
        return taken / steps

    taken = min(seconds_per_step() for _ in range(ROUNDS))
    return {
        "rows_per_second": round(len(batches[0].clicks) / taken),
        "step_ms": round(taken * 1_000, 3),
        "loss": [round(warm_up[0], 4), round(warm_up[-1], 4)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Training speed of the dual tower in PyTorch or JAX on the CPU.")
    parser.add_argument("--framework", choices=TRAINERS, default="jax", help="which peer (default: jax)")
    parser.add_argument("--threads", type=int, default=2, help="threads of the framework (default: 2)")
    parser.add_argument("--rows", type=int, default=262_144, help="rows to make and go over again and again (default: 262144)")
    parser.add_argument("--batch", type=int, default=1_024, help="rows of a step (default: 1024)")
    parser.add_argument("--seconds", type=float, default=2, help="at least so long for each of the three runs (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="seed of rows and starting weights (default: 1)")
    options = parser.parse_args()
    if options.batch < LIST or options.batch % LIST or options.rows < options.batch or options.rows % options.batch:
        received = f"--batch {options.batch} and --rows {options.rows}"
        sys.exit(f"Expected --batch in whole lists of {LIST} rows and --rows in whole batches but received {received}.")
    random = np.random.default_rng(options.seed)
    batches = make_batches(options.rows, options.batch, random)
    trainer = TRAINERS[options.framework](make_start(random), options.threads)
    line = {"peer": options.framework, "version": trainer.version, "threads": options.threads, "batch": options.batch}
    print(json.dumps(line | measure(trainer, batches, options.seconds)))


if __name__ == "__main__":
    main()
