package io.sppostream.run;

import io.sppostream.events.Expired;
import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventWriter;
import io.sppostream.log.RunLog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;

/**
 * A prompt published to a run from outside, and all that becomes of it until each of its rollouts is a training sample
 * or has expired.
 */
public final class PromptRequest {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private final RunLog runLog;
    private final Prompt prompt;
    private final Set<String> open;

    private PromptRequest(RunLog runLog, Prompt prompt) {
        this.runLog = runLog;
        this.prompt = prompt;
        this.open = IntStream.range(0, prompt.getSamples())
                .mapToObj(i -> RolloutIds.of(prompt.getRequestId(), i))
                .collect(Collectors.toCollection(HashSet::new));
    }

    /**
     * A prompt of one user message, to be answered by the newest policy version or a later one.
     *
     * @param dataset chooses the verifier
     * @param reference the answer that the verifier compares with
     * @param samples rollouts wanted, at least 1
     */
    public static PromptRequest of(
            RunLog runLog, String text, String dataset, String reference, int samples, Clock clock) {
        String id = "ask-" + UUID.randomUUID();
        return new PromptRequest(
                runLog,
                new Prompt(
                        id,
                        id,
                        dataset,
                        List.of(new Message("user", text)),
                        reference,
                        samples,
                        newestVersion(runLog),
                        clock.instant(),
                        null,
                        null,
                        0));
    }

    private static int newestVersion(RunLog runLog) {
        Topic<WeightsManifest> versions = runLog.topics().versions(ModelKind.POLICY);
        try (EventReader log = runLog.reader(List.of(versions))) {
            return log.last(versions, 0, log.end(versions, 0), records -> !records.isEmpty()).stream()
                    .mapToInt(record -> ((WeightsManifest) record.event()).getVersion())
                    .max()
                    .orElse(0);
        }
    }

    /** The request as it is published. */
    public Prompt prompt() {
        return prompt;
    }

    /**
     * Publishes the prompt and waits until all of its rollouts are settled.
     *
     * @param listener receives each {@link Rollout}, {@link Verdict}, {@link TrainingSample} and {@link Expired} of it
     * @return ids of the rollouts that are not settled when the timeout ends
     */
    public Set<String> publish(Consumer<SpecificRecord> listener, Duration timeout, Clock clock) {
        List<Topic<? extends SpecificRecord>> followed = List.of(
                runLog.topics().rollouts(),
                runLog.topics().verdicts(),
                runLog.topics().advantages(),
                runLog.topics().expired());
        Instant publishedAt = clock.instant();
        try (EventReader log = runLog.reader(followed);
                EventWriter writer = runLog.writer()) {
            followed.forEach(topic -> log.seek(topic, publishedAt));
            writer.send(runLog.topics().prompts(), prompt.getRequestId(), prompt);
            writer.flush();
            Instant deadline = publishedAt.plus(timeout);
            while (!open.isEmpty() && clock.instant().isBefore(deadline)) {
                for (EventRecord<?> record : log.poll(BETWEEN_LOOKS)) {
                    if (prompt.getRequestId().equals(record.key())) {
                        listener.accept(record.event());
                        settle(record.event());
                    }
                }
            }
        }
        return Set.copyOf(open);
    }

    private void settle(SpecificRecord event) {
        if (event instanceof TrainingSample sample) {
            open.remove(sample.getRollout().getRolloutId());
        } else if (event instanceof Expired expired && expired.getRolloutId() != null) {
            open.remove(expired.getRolloutId());
        } else if (event instanceof Expired) {
            open.clear();
        }
    }
}
