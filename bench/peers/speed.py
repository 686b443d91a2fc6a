"""Replay speed of MABWiser and Open Bandit Pipeline on a click log of one ad, logged uniformly.

What is measured: rejection replay (Li et al. 2011). For each row the policy chooses; where it chose what the log shows, it
learns the click. Events are rows of the log, chosen alike or not. Each peer does it in its own fastest documented way:

    mabwiser  MAB.predict() per row and MAB.partial_fit() per matched row
              (its Simulator is another job: it learns from every row and makes up the clicks of rows not matched)
    obp       run_bandit_simulation() and ReplayMethod; its context-free policies have no UCB

With --batch N the policy learns after N rows: mabwiser predicts and fits N rows in one call each; obp takes its parameter
batch_size = N, which counts matched rows. Not timed: imports, reading the file, and the rows before every arm was seen
once, on which MABWiser needs its first fit. A peer gets as many rows as it does in about --seconds, by its speed on the
first 1,000, three times over; the line holds the fastest time and says in "events" how many rows. One JSON line for each
peer and policy.

Usage: python speed.py LOG.csv [--seconds 3] [--batch 1] [--seed 1]
"""

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from stubs import stub_unneeded

os.environ["TQDM_DISABLE"] = "1"  # obp shows progress in its loop
stub_unneeded()
from mabwiser.mab import MAB, LearningPolicy  # noqa: E402
from obp.ope import ReplayMethod  # noqa: E402
from obp.policy import BernoulliTS, EpsilonGreedy  # noqa: E402
from obp.simulator import run_bandit_simulation  # noqa: E402

PROBE_ROWS = 1_000
ROUNDS = 3


@dataclass(frozen=True)
class Log:
    """Arms 0 … arms-1 in the order of their creative_id, and clicks, row by row."""

    arm: np.ndarray
    click: np.ndarray
    propensity: np.ndarray
    arms: int

    def rows(self, start: int, end: int) -> "Log":
        return Log(self.arm[start:end], self.click[start:end], self.propensity[start:end], self.arms)

    def __len__(self) -> int:
        return len(self.arm)


@dataclass(frozen=True)
class Peer:
    name: str
    policy: str
    replay: Callable[[Log, Log], float]
    """Replays the second log after the first, of a few rows, is known; returns clicks per impression (matched row)."""


def read_log(path: str) -> Log:
    """Reads creative_id, click and propensity of a log of one ad with one propensity."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [(row["ad_id"], row["creative_id"], int(row["click"]), float(row["propensity"])) for row in csv.DictReader(file)]
    ads, propensities = {row[0] for row in rows}, {row[3] for row in rows}
    if len(ads) != 1 or len(propensities) != 1:
        sys.exit(f"Expected one ad and one propensity in {path} but found {len(ads)} ads and {len(propensities)} propensities.")
    names, arm = np.unique([row[1] for row in rows], return_inverse=True)
    return Log(arm, np.array([row[2] for row in rows]), np.array([row[3] for row in rows]), len(names))


def mabwiser(name: str, policy: LearningPolicy, batch: int, seed: int) -> Peer:
    def create(known: Log) -> MAB:
        mab = MAB(arms=list(range(known.arms)), learning_policy=policy, seed=seed)
        mab.fit(known.arm, known.click)
        return mab

    def replay_online(known: Log, log: Log) -> float:
        mab = create(known)
        matched = clicks = 0
        for arm, click in zip(log.arm.tolist(), log.click.tolist(), strict=True):
            if mab.predict() == arm:
                mab.partial_fit([arm], [click])
                matched += 1
                clicks += click
        return clicks / matched

    def replay_batches(known: Log, log: Log) -> float:
        mab = create(known)
        matched = clicks = 0
        for start in range(0, len(log), batch):
            rows = log.rows(start, start + batch)
            match = rows.arm == choices(mab, len(rows))
            if match.any():
                mab.partial_fit(rows.arm[match], rows.click[match])
                matched += int(match.sum())
                clicks += int(rows.click[match].sum())
        return clicks / matched

    def choices(mab: MAB, rounds: int) -> np.ndarray:
        if isinstance(policy, LearningPolicy.UCB1):
            return np.full(rounds, mab.predict())  # alike until the next fit
        return np.atleast_1d(mab.predict(np.zeros((rounds, 1))))

    return Peer("mabwiser", name, replay_online if batch == 1 else replay_batches)


def obp(name: str, create: Callable[[int], EpsilonGreedy | BernoulliTS]) -> Peer:
    def replay(known: Log, log: Log) -> float:
        feedback = {
            "n_rounds": len(log),
            "n_actions": log.arms,
            "action": log.arm,
            "reward": log.click,
            "pscore": log.propensity,
            "position": np.zeros(len(log), dtype=int),
            "context": np.zeros((len(log), 1)),
        }
        action_dist = run_bandit_simulation(bandit_feedback=feedback, policy=create(log.arms))
        return float(ReplayMethod().estimate_policy_value(reward=log.click, action=log.arm, action_dist=action_dist))

    return Peer("obp", name, replay)


def measure(peer: Peer, log: Log, seconds: float) -> dict[str, str | float]:
    """Replays as many rows as take about `seconds`; the fastest of ROUNDS runs, since a machine has noisy moments."""
    start_of_log = int(max(np.argmax(log.arm == arm) for arm in range(log.arms))) + 1
    known, rest = log.rows(0, start_of_log), log.rows(start_of_log, len(log))
    if len(rest) < PROBE_ROWS:
        sys.exit(f"Expected {PROBE_ROWS:,} rows after every arm was seen but found {len(rest):,}.")

    def timed(rows: int) -> tuple[float, float]:
        start = perf_counter()
        rate = peer.replay(known, rest.rows(0, rows))
        return perf_counter() - start, rate

    probe, _ = timed(PROBE_ROWS)
    events = min(len(rest), int(PROBE_ROWS * seconds / probe))
    taken, rate = min(timed(events) for _ in range(ROUNDS))
    return {
        "peer": peer.name,
        "policy": peer.policy,
        "events": events,
        "seconds": round(taken, 3),
        "events_per_second": round(events / taken),
        "clicks_per_impression": round(rate, 6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Replay speed of MABWiser and Open Bandit Pipeline.")
    parser.add_argument("log", help="a CSV log of one ad, as `atelier simulate --ads 1` writes it")
    parser.add_argument("--seconds", type=float, default=3, help="about so long for each of the three runs (default: 3)")
    parser.add_argument("--batch", type=int, default=1, help="the policy learns after so many rows (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the policies (default: 1)")
    options = parser.parse_args()
    batch, seed = options.batch, options.seed
    peers = [
        mabwiser("ucb1", LearningPolicy.UCB1(alpha=0.1), batch, seed),
        mabwiser("thompson", LearningPolicy.ThompsonSampling(), batch, seed),
        obp("egreedy", lambda arms: EpsilonGreedy(n_actions=arms, epsilon=0.1, batch_size=batch, random_state=seed)),
        obp("thompson", lambda arms: BernoulliTS(n_actions=arms, batch_size=batch, random_state=seed)),
    ]
    log = read_log(options.log)
    for peer in peers:
        print(json.dumps(measure(peer, log, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
