"""Reference values of ips, snips, dm and dr on the Open Bandit samples, by the estimators of Open Bandit Pipeline.

What is measured: what two fixed policies would have earned per impression on the two logs of 10,000 rows, 34 items and
positions 1 to 3. Both policies choose alike in every round and at every position; π over the items sorted by item_id:

    uniform  π(i) = 1 / items
    skewed   π(i) = (1 + i mod 5) / Σ_j (1 + j mod 5)

The direct model is q̂(i) = (clicks_i + 1) / (impressions_i + 200), counted on the log itself, at every position.
Propensities are taken as they stand, without clipping. Prints one JSON document: log → policy → estimator → value, with
as many digits as give back the same double; test/core/feedback/open_bandit_reference.ts holds it.

Usage: python open_bandit.py DATA     where DATA holds open-bandit/{random,bts}/men.csv.gz
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from stubs import stub_unneeded

stub_unneeded()
from obp.ope import (  # noqa: E402
    DirectMethod,
    DoublyRobust,
    InverseProbabilityWeighting,
    SelfNormalizedInverseProbabilityWeighting,
)

POSITIONS = 3
ESTIMATORS = {
    "ips": InverseProbabilityWeighting(),
    "snips": SelfNormalizedInverseProbabilityWeighting(),
    "dm": DirectMethod(),
    "dr": DoublyRobust(),
}


def target_policies(items: int) -> dict[str, np.ndarray]:
    """Probability of each item, shape (items,), by name of the policy."""
    skewed = 1.0 + np.arange(items) % 5
    return {"uniform": np.full(items, 1 / items), "skewed": skewed / skewed.sum()}


def everywhere(per_item: np.ndarray, rounds: int) -> np.ndarray:
    """The same value per item in every round and at every position: shape (rounds, items, POSITIONS)."""
    return np.broadcast_to(per_item[np.newaxis, :, np.newaxis], (rounds, len(per_item), POSITIONS))


def evaluate(path: Path) -> dict[str, dict[str, float]]:
    """All estimates of all policies on one log."""
    log = pd.read_csv(path)
    items, action = np.unique(log["item_id"].to_numpy(), return_inverse=True)
    reward = log["click"].to_numpy()
    direct_model = (np.bincount(action, weights=reward) + 1) / (np.bincount(action) + 200)
    return {
        policy: {
            name: float(
                estimator.estimate_policy_value(
                    reward=reward,
                    action=action,
                    position=log["position"].to_numpy() - 1,
                    pscore=log["propensity_score"].to_numpy(),
                    action_dist=everywhere(probability, len(log)),
                    estimated_rewards_by_reg_model=everywhere(direct_model, len(log)),
                )
            )
            for name, estimator in ESTIMATORS.items()
        }
        for policy, probability in target_policies(len(items)).items()
    }


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Expected one argument, the folder that holds open-bandit/{random,bts}/men.csv.gz.")
    logs = {log: Path(sys.argv[1]) / "open-bandit" / log / "men.csv.gz" for log in ("random", "bts")}
    if not all(path.exists() for path in logs.values()):
        print("skipped: real data not found", file=sys.stderr)
        return
    print(json.dumps({log: evaluate(path) for log, path in logs.items()}, indent=2))


if __name__ == "__main__":
    main()
