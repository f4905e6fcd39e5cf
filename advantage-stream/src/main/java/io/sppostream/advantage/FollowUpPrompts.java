package io.sppostream.advantage;

import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Sampling;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.RequestSampling;
import io.sppostream.events.Rollout;
import io.sppostream.events.list.IntList;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Follow-ups of an estimator as prompts on the log. Pure functions. */
public final class FollowUpPrompts {
    private FollowUpPrompts() {}

    /**
     * The prompt of a follow-up. It may be answered by the policy version that ended its parent, or a newer one.
     *
     * @param rollouts the rollouts of the request by id
     * @param any one of them: it has the prompt of a follow-up without a parent
     */
    public static Prompt of(FollowUp followUp, Function<String, Rollout> rollouts, Rollout any, Instant now) {
        String parent = followUp.parent();
        Rollout source = parent == null ? any : rollouts.apply(parent);
        List<PolicySegment> segments = source.getPolicySegments();
        return new Prompt(
                source.getRequestId(),
                source.getPromptId(),
                source.getDataset(),
                source.getMessages(),
                source.getReference(),
                followUp.completions(),
                segments.get(segments.size() - 1).getPolicyVersion(),
                now,
                sampling(followUp.sampling()),
                new FollowUpRequest(
                        followUp.id(),
                        RequestPurpose.valueOf(followUp.purpose().name()),
                        parent,
                        IntList.of(prefix(source, followUp.prefixTokens()))),
                source.getMinCriticVersion());
    }

    /** A request's sampling as its prompt says it; null for that of the run. */
    public static @Nullable RequestSampling sampling(Sampling sampling) {
        return sampling.equals(Sampling.DEFAULT)
                ? null
                : new RequestSampling(
                        sampling.greedy(),
                        sampling.maxTokens() == Sampling.UNLIMITED ? null : (Integer) sampling.maxTokens());
    }

    /** The first tokens after the end of the prompt, which a rollout has read as a prefix or sampled. */
    private static int[] prefix(Rollout rollout, int tokens) {
        int[] read = IntList.asArray(rollout.getPromptTokens());
        int[] sampled = IntList.asArray(rollout.getResponseTokens());
        int inherited = rollout.getParent() == null ? 0 : rollout.getParent().getToken();
        int fromRead = Math.min(inherited, tokens);
        int start = read.length - inherited;
        int[] prefix = Arrays.copyOfRange(read, start, start + tokens);
        System.arraycopy(sampled, 0, prefix, fromRead, tokens - fromRead);
        return prefix;
    }
}
