package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.Evidence;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.GroupRollout.Origin;
import io.sppostream.estimator.Sampling;
import io.sppostream.estimator.TokenText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A producer, verifiers and a critic for one group. What they say of a rollout depends on its id and on the seed of the
 * world alone. There are two tokens, so that rollouts often begin alike. Records arrive in the order that a second seed
 * draws, and some arrive twice.
 */
final class SampledWorld {
    private static final int LIMIT = 9;

    private final AdvantageEstimator estimator;
    private final long seed;
    private final Random arrivals;
    private final List<Runnable> underWay = new ArrayList<>();

    private final Map<String, GroupRollout> rollouts = new HashMap<>();
    private final Map<String, Evidence> evidence = new HashMap<>();
    private final Map<String, FollowUp> published = new HashMap<>();
    private final Map<String, List<Integer>> prefixes = new HashMap<>();
    private @Nullable Double promptValue;

    SampledWorld(AdvantageEstimator estimator, long seed, long arrivalSeed) {
        this.estimator = estimator;
        this.seed = seed;
        this.arrivals = new Random(arrivalSeed);
        send(() -> promptValue = random("prompt").nextDouble());
        for (int i = 0; i < estimator.needs().samples(); i++) {
            sample(Origin.ofPrompt(Groups.ID, i), estimator.needs().sampling());
        }
        plan();
    }

    /** What has arrived, listed in an order of its own. */
    Group group() {
        List<GroupRollout> some = new ArrayList<>(rollouts.values());
        List<Evidence> others = new ArrayList<>(evidence.values());
        Collections.shuffle(some, arrivals);
        Collections.shuffle(others, arrivals);
        return new Group(Groups.ID, promptValue, some, others);
    }

    Map<String, FollowUp> published() {
        return published;
    }

    /** The tokens of the prefix of each follow-up. */
    Map<String, List<Integer>> prefixes() {
        return prefixes;
    }

    boolean isQuiet() {
        return underWay.isEmpty();
    }

    /** One record arrives, and the follow-ups that are new are published. */
    void step() {
        int next = arrivals.nextInt(underWay.size());
        Runnable record = arrivals.nextInt(5) == 0 ? underWay.get(next) : underWay.remove(next);
        record.run();
        plan();
    }

    private void plan() {
        Group group = group();
        for (FollowUp followUp : estimator.plan(group)) {
            List<Integer> prefix = new ArrayList<>();
            if (followUp.parent() != null) {
                prefix = path(group, group.rollout(followUp.parent())).subList(0, followUp.prefixTokens());
            }
            FollowUp before = published.putIfAbsent(followUp.id(), followUp);
            List<Integer> prefixBefore = prefixes.putIfAbsent(followUp.id(), prefix);
            if (before == null) {
                for (int i = 0; i < followUp.completions(); i++) {
                    sample(followUp, new Origin(followUp.id(), i, followUp.parent(), followUp.prefixTokens()));
                }
            } else if (!prefix.equals(prefixBefore) || !withoutParent(before).equals(withoutParent(followUp))) {
                throw new AssertionError(before + " of " + prefixBefore + " became " + followUp + " of " + prefix);
            }
        }
    }

    private static List<Object> withoutParent(FollowUp followUp) {
        return List.of(followUp.purpose(), followUp.prefixTokens(), followUp.completions(), followUp.sampling());
    }

    private static List<Integer> path(Group group, GroupRollout rollout) {
        List<Integer> path = new ArrayList<>();
        String parent = rollout.origin().parent();
        if (parent != null) {
            path.addAll(path(group, group.rollout(parent))
                    .subList(0, rollout.origin().prefixTokens()));
        }
        Arrays.stream(rollout.tokens()).forEach(path::add);
        return path;
    }

    private void sample(FollowUp followUp, Origin origin) {
        if (followUp.purpose().isEvidence()) {
            String id = followUp.id() + "/" + origin.index();
            double reward = random(id).nextInt(2);
            send(() -> {
                evidence.putIfAbsent(id, new Evidence(id, followUp.id(), origin.index(), null));
                send(() -> evidence.put(id, new Evidence(id, followUp.id(), origin.index(), reward)));
            });
        } else {
            sample(origin, followUp.sampling());
        }
    }

    /** A rollout arrives first; its verdict and its values follow. */
    private void sample(Origin origin, Sampling sampling) {
        String id = origin.requestId() + "/" + origin.index();
        Random random = random(id);
        int wanted = 1 + random.nextInt(LIMIT);
        int most = Math.min(sampling.maxTokens(), LIMIT);
        int length = Math.min(wanted, most);
        int[] tokens = random.ints(length, 0, 2).toArray();
        float[] logProbs = new float[length];
        StringBuilder text = new StringBuilder();
        int[] starts = new int[length];
        for (int t = 0; t < length; t++) {
            logProbs[t] = (float) Math.log(0.3 + 0.7 * random.nextDouble());
            starts[t] = t;
            text.append(tokens[t] == 0 ? 'a' : '\n');
        }
        boolean cut = wanted > most && most < LIMIT;
        double reward = random.nextInt(2);
        double[] values = random.doubles(length).toArray();
        boolean critic = estimator.needs().critic() == CriticKind.TOKEN;
        send(() -> {
            rollouts.putIfAbsent(
                    id,
                    new GroupRollout(
                            id, origin, tokens, logProbs, null, new TokenText(text.toString(), starts), cut, null));
            send(() -> rollouts.computeIfPresent(id, (key, rollout) -> judged(rollout, reward)));
            if (critic) {
                send(() -> rollouts.computeIfPresent(id, (key, rollout) -> Groups.withValues(rollout, values)));
            }
        });
    }

    private static GroupRollout judged(GroupRollout rollout, double reward) {
        return new GroupRollout(
                rollout.id(),
                rollout.origin(),
                rollout.tokens(),
                rollout.logProbs(),
                rollout.values(),
                rollout.text(),
                rollout.cut(),
                reward);
    }

    private void send(Runnable record) {
        underWay.add(record);
    }

    private Random random(String id) {
        return new Random(seed * 1_000_003 + id.hashCode());
    }
}
