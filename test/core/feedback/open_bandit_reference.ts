type Log = 'random' | 'bts';
type Target = 'uniform' | 'skewed';
type Estimator = 'ips' | 'snips' | 'dm' | 'dr';

// Made by bench/peers/open_bandit.py, which does for each log, policy and estimator (Saito et al. 2021, obp.ope):
//
//   log = pd.read_csv(path)
//   items, action = np.unique(log["item_id"], return_inverse=True)
//   reward, position, pscore = log["click"].to_numpy(), log["position"].to_numpy() - 1, log["propensity_score"].to_numpy()
//   q = (np.bincount(action, weights=reward) + 1) / (np.bincount(action) + 200)
//   everywhere = lambda per_item: np.broadcast_to(per_item[np.newaxis, :, np.newaxis], (len(log), 34, 3))
//   InverseProbabilityWeighting().estimate_policy_value(              # ips; likewise the other three
//       reward=reward, action=action, position=position, pscore=pscore,
//       action_dist=everywhere(pi), estimated_rewards_by_reg_model=everywhere(q))
//
// The values agree with sums of exact fractions to 2.3e-16 (relative); adding row by row in one double differs by up to 2e-13.
/**
 * What two fixed policies would have earned per impression on the two Open Bandit samples (open-bandit/{random,bts}/men.csv.gz:
 * 10,000 rows, items 0 to 33), by Open Bandit Pipeline 0.4.1 (0.5.7 gives the same digits). Both policies choose alike in every
 * round and at every position: uniform π(i) = 1/34; skewed π(i) = (1 + i mod 5) / 100, which sums to 1. The direct model is
 * q̂(i) = (clicks_i + 1) / (impressions_i + 200), counted on the log itself. No propensity is clipped.
 */
export const OPEN_BANDIT_REFERENCE: Readonly<Record<Log, Readonly<Record<Target, Readonly<Record<Estimator, number>>>>>> = {
  random: {
    uniform: { ips: 0.0046, snips: 0.0046, dm: 0.004758635923486686, dr: 0.004594508351457633 },
    skewed: { ips: 0.003978, snips: 0.00400027352297593, dm: 0.004396016846303961, dr: 0.003985308301790656 },
  },
  bts: {
    uniform: { ips: 0.003008626327256482, snips: 0.0031894231622774027, dm: 0.005210617848021312, dr: 0.0032355186335448864 },
    skewed: { ips: 0.003330615253443355, snips: 0.0034739017538494947, dm: 0.00531371237737427, dr: 0.0034989019343709842 },
  },
};
