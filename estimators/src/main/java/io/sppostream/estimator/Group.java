package io.sppostream.estimator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A root request and the members sampled for it so far: rollouts that may be trained on, and evidence. Immutable; the
 * arrays of its rollouts are shared, not copied, and must not be changed.
 *
 * <p>The order of its members is canonical, whatever the order of arrival: the first samples by index, then the members
 * of follow-ups by request id and index.
 */
public final class Group {
    private static final Comparator<GroupRollout> CANONICAL = Comparator.<GroupRollout, Boolean>comparing(
                    GroupRollout::isBranch)
            .thenComparing(rollout -> rollout.origin().requestId())
            .thenComparingInt(rollout -> rollout.origin().index());

    private final String id;
    private final @Nullable Double promptValue;
    private final List<GroupRollout> rollouts;
    private final List<Evidence> evidence;
    private final Map<String, GroupRollout> rolloutById = new HashMap<>();
    private final Map<String, List<Evidence>> evidenceByRequest = new TreeMap<>();

    /**
     * A group of members in any order.
     *
     * @param id the id of the root request
     * @param promptValue V of the prompt, a probability; null if it is not known or there is no critic of prompts
     * @throws IllegalArgumentException if two members have the same id, if a first sample is not of the root request,
     *     or if the rollout that a branch continues is not in the group
     */
    public Group(String id, @Nullable Double promptValue, List<GroupRollout> rollouts, List<Evidence> evidence) {
        this.id = id;
        this.promptValue = promptValue;
        this.rollouts = rollouts.stream().sorted(CANONICAL).toList();
        List<Evidence> sorted = new ArrayList<>(evidence.size());
        for (Evidence one : evidence) {
            evidenceByRequest
                    .computeIfAbsent(one.requestId(), request -> new ArrayList<>())
                    .add(one);
        }
        evidenceByRequest.values().forEach(ofRequest -> {
            ofRequest.sort(Comparator.comparingInt(Evidence::index));
            sorted.addAll(ofRequest);
        });
        this.evidence = List.copyOf(sorted);
        this.rollouts.forEach(rollout -> rolloutById.put(rollout.id(), rollout));
        check();
    }

    private void check() {
        Set<String> ids = new HashSet<>();
        for (GroupRollout rollout : rollouts) {
            String parent = rollout.origin().parent();
            if (!ids.add(rollout.id())) {
                throw new IllegalArgumentException("group " + id + " has two rollouts " + rollout.id());
            }
            if (parent == null && !rollout.origin().requestId().equals(id)) {
                throw new IllegalArgumentException("rollout " + rollout.id() + " is of request "
                        + rollout.origin().requestId() + ", not of group " + id);
            }
            if (parent != null && !rolloutById.containsKey(parent)) {
                throw new IllegalArgumentException(
                        "rollout " + rollout.id() + " continues " + parent + ", which is not in group " + id);
            }
        }
        for (Evidence one : evidence) {
            if (!ids.add(one.id())) {
                throw new IllegalArgumentException("group " + id + " has two rollouts " + one.id());
            }
        }
    }

    /** The id of the root request. */
    public String id() {
        return id;
    }

    /** V of the prompt, a probability; null if it is not known. */
    public @Nullable Double promptValue() {
        return promptValue;
    }

    /** The rollouts that may be trained on: first samples and branches. */
    public List<GroupRollout> rollouts() {
        return rollouts;
    }

    /** The rollouts that may be trained on and have a reward. */
    public List<GroupRollout> judged() {
        return rollouts.stream().filter(GroupRollout::isJudged).toList();
    }

    /** The rollouts that a request asked for, in the order of their indexes. */
    public List<GroupRollout> rollouts(String requestId) {
        return rollouts.stream()
                .filter(rollout -> rollout.origin().requestId().equals(requestId))
                .toList();
    }

    /**
     * The rollout with an id.
     *
     * @throws IllegalArgumentException if there is none
     */
    public GroupRollout rollout(String rolloutId) {
        GroupRollout rollout = rolloutById.get(rolloutId);
        if (rollout == null) {
            throw new IllegalArgumentException("there is no rollout " + rolloutId + " in group " + id);
        }
        return rollout;
    }

    /** The rollouts that only serve to estimate the advantages of others. */
    public List<Evidence> evidence() {
        return evidence;
    }

    /** The mean reward of the judged evidence that a request asked for; empty if there is none. */
    public OptionalDouble meanReward(String requestId) {
        double sum = 0;
        int count = 0;
        for (Evidence one : evidenceByRequest.getOrDefault(requestId, List.of())) {
            if (one.reward() != null) {
                sum += one.reward();
                count++;
            }
        }
        return count == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / count);
    }

    /**
     * Whether nothing more is awaited: the first samples and all follow-ups are there, each has its reward (unless its
     * own limit {@link GroupRollout#cut cut} it), and the values of the critic are known.
     *
     * @param followUps the plan of the group
     */
    public boolean isComplete(Needs needs, List<FollowUp> followUps) {
        if (!hasValues(needs.critic())) {
            return false;
        }
        Map<String, Integer> settled = new HashMap<>();
        for (GroupRollout rollout : rollouts) {
            if (rollout.isJudged() || rollout.cut()) {
                settled.merge(rollout.origin().requestId(), 1, Integer::sum);
            }
        }
        for (Evidence one : evidence) {
            if (one.reward() != null) {
                settled.merge(one.requestId(), 1, Integer::sum);
            }
        }
        return settled.getOrDefault(id, 0) >= needs.samples()
                && followUps.stream()
                        .allMatch(followUp -> settled.getOrDefault(followUp.id(), 0) >= followUp.completions());
    }

    /** Whether the values of a critic are known, for the prompt or for the tokens of every rollout. */
    public boolean hasValues(CriticKind critic) {
        return switch (critic) {
            case NONE -> true;
            case PROMPT -> promptValue != null;
            case TOKEN -> rollouts.stream().allMatch(rollout -> rollout.values() != null);
        };
    }
}
