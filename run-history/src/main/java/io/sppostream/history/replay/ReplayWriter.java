package io.sppostream.history.replay;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Writes the records of a replay to the new namespace: samples, and the prompts, rollouts, verdicts and values that they
 * follow from. Not thread-safe.
 */
final class ReplayWriter {
    private final ExactlyOnceLog out;
    private final Topics into;
    private final RecordedPrompts prompts;
    private final Clock clock;

    /** Requests and follow-ups with several rollouts whose prompt has been written. */
    private final Set<String> begun = new HashSet<>();

    /** @param prompts of the source; the caller closes them */
    ReplayWriter(ExactlyOnceLog out, Topics into, RecordedPrompts prompts, Clock clock) {
        this.out = out;
        this.into = into;
        this.prompts = prompts;
        this.clock = clock;
    }

    /** Writes a rollout and its verdicts; with the first of a request or follow-up also the prompt, and the value. */
    void writeInputs(Rollout rollout, List<Verdict> verdicts, @Nullable Value value) {
        String requestId = rollout.getRequestId();
        // All but the index: the id of the follow-up, if there is one.
        String asked =
                rollout.getRolloutId().substring(0, rollout.getRolloutId().lastIndexOf('/'));
        boolean first = rollout.getSamples() == 1 || begun.add(asked);
        if (first) {
            out.send(into.prompts(), requestId, prompts.take(asked));
        }
        out.send(into.rollouts(), requestId, rollout);
        verdicts.forEach(verdict -> out.send(into.verdicts(), requestId, verdict));
        // The value of a prompt belongs to its first rollout, that of a rollout's tokens to the rollout.
        if (value != null && (value.getRolloutId() != null || (first && asked.equals(requestId)))) {
            out.send(into.values(), requestId, value);
        }
    }

    /** Writes a training sample; returns its position, which is known after the commit. */
    Future<RecordMetadata> write(TrainingSample sample) {
        return out.send(into.advantages(), sample.getRollout().getRequestId(), sample);
    }

    /** Writes that a rollout expires in the replay. */
    void expire(ReplayedRollout rollout, ExpiryReason reason, String detail) {
        write(new Expired(
                rollout.requestId(), rollout.rolloutId(), reason, detail, RoleName.REPLAY, clock.instant(), 0));
    }

    void write(Expired expired) {
        out.send(into.expired(), expired.getRequestId(), expired);
    }

    void commit() {
        out.commit(List.of());
    }
}
