package io.sppostream.estimator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A further request of a group: completions of its prompt, or of the prompt and a prefix of one of its responses.
 *
 * <p>The id is {@code root~hash}, where the hash covers the tokens of the prefix, the purpose, the number of completions
 * and the sampling. Equal prefixes of several rollouts are therefore one follow-up, and planning again makes no new one.
 * {@code parent} only locates the tokens of the prefix: of several rollouts with that prefix, it is the first that is
 * present.
 *
 * @param id derived id of the request
 * @param purpose the use of its completions
 * @param parent the rollout that has the prefix; null if the prefix is empty
 * @param prefixTokens response tokens of the prefix, counted from the end of the prompt. If the parent is a branch, the
 *     prefix that it continues is included
 * @param completions how many to sample
 * @param sampling how to sample them
 */
public record FollowUp(
        String id, Purpose purpose, @Nullable String parent, int prefixTokens, int completions, Sampling sampling) {
    public FollowUp {
        if (completions < 1 || prefixTokens < 0 || (parent == null) != (prefixTokens == 0)) {
            throw new IllegalArgumentException("follow-up " + id + ": " + completions + " completions of "
                    + prefixTokens + " tokens of " + parent);
        }
    }

    /** A request for completions of the prompt itself. */
    public static FollowUp ofPrompt(Group group, Purpose purpose, int completions, Sampling sampling) {
        String id = new PrefixHash(group).id(0, purpose, completions, sampling);
        return new FollowUp(id, purpose, null, 0, completions, sampling);
    }

    /**
     * Requests for completions of prefixes of a rollout, one per cut.
     *
     * @param cuts how many of the rollout's own tokens each prefix contains, ascending, each in [0, T]. A cut at 0 is
     *     the prompt itself, or for a branch the prefix that it continues
     */
    public static List<FollowUp> ofPrefixes(
            Group group, GroupRollout rollout, int[] cuts, Purpose purpose, int completions, Sampling sampling) {
        List<FollowUp> followUps = new ArrayList<>(cuts.length);
        int before = rollout.origin().prefixTokens();
        PrefixHash hash = new PrefixHash(group);
        hash.addPrefixOf(rollout);
        int hashed = 0;
        for (int cut : cuts) {
            hash.add(rollout.tokens(), hashed, cut);
            hashed = cut;
            String id = hash.id(before + cut, purpose, completions, sampling);
            String parent = before + cut == 0 ? null : rollout.id();
            followUps.add(new FollowUp(id, purpose, parent, before + cut, completions, sampling));
        }
        return followUps;
    }
}
