package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.audit.Audit;
import io.sppostream.history.audit.AuditReport;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prompts and rollouts that no model can use, written to the topics of a run in progress. Each expires with its reason,
 * and training goes on at its pace. The model has a chat template that takes user turns only.
 */
class PoisonIT {
    private static final String RUN = "poisoned";
    private static final int STEPS = 60;
    private static final int BATCH = 512;
    private static final int FIRST = 15;
    private static final int LAST = 38;
    private static final String TEMPLATE = "{% for m in messages %}{% if m.role != 'user' %}"
            + "{{ raise_exception('the only role is user, not ' + m.role) }}{% endif %}{{ m.content }}{% endfor %}";

    /** The reasons expected, by request id or rollout id. */
    private final Map<String, ExpiryReason> expected = new TreeMap<>();

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldExpirePoisonAndTrainOn() throws Exception {
        Path model = modelWithTemplate();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            KafkaSettings kafka = cluster.kafka();
            CompletableFuture<Integer> run = CompletableFuture.supplyAsync(() -> Main.run(
                    "train",
                    "--run=" + RUN,
                    "--steps=" + STEPS,
                    "--lag=1", // At K = 0, what was sampled while a step trained would be stale.
                    "--model=" + model,
                    "--set=batch.size=" + BATCH,
                    "--client-properties=" + cluster.clientProperties(),
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory.resolve("runs")));
            try (EventSerdes serdes = new EventSerdes(kafka)) {
                RunLog runLog = new RunLog(kafka, serdes, topics(kafka, run));
                poison(runLog, run);
                assertThat(run.join()).isZero();

                List<Expired> expired = read(runLog, runLog.topics().expired(), Expired.class);
                assertThat(reasons(expired)).containsAllEntriesOf(expected);
                assertThat(expired.stream()
                                .filter(each -> each.getDecidedBy().equals(RoleName.ROLLOUT_PRODUCER))
                                .map(each -> each.getRequestId() + each.getRolloutId()))
                        .as("refused by the producer")
                        .doesNotHaveDuplicates();
                assertThat(expired)
                        .as("a prompt that spells special tokens is not poison")
                        .noneMatch(each -> each.getRequestId().startsWith("spelled-"));
                AuditReport audit = new Audit(runLog).run();
                audit.print(System.out);
                assertThat(audit.first()).isEmpty();
            }
        }
    }

    private static Topics topics(KafkaSettings kafka, CompletableFuture<Integer> run) {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            await().atMost(Duration.ofSeconds(60)).until(() -> run.isDone() || admin.exists(new Topics(RUN, 1)));
            return await().ignoreExceptions().atMost(Duration.ofSeconds(30)).until(() -> admin.find(RUN), each -> true);
        }
    }

    private static Map<String, ExpiryReason> reasons(List<Expired> expired) {
        Map<String, ExpiryReason> reasons = new TreeMap<>();
        for (Expired each : expired) {
            reasons.put(Objects.requireNonNullElse(each.getRolloutId(), each.getRequestId()), each.getReason());
        }
        return reasons;
    }

    private static <V> List<V> read(RunLog runLog, Topic<? extends SpecificRecord> topic, Class<V> type) {
        try (EventReader reader = runLog.reader(List.of(topic))) {
            return reader.pollToEnd().stream()
                    .map(record -> type.cast(record.event()))
                    .toList();
        }
    }

    /** Writes every kind of poison at every step from the first to the last. Prints the speed before, during and after. */
    private void poison(RunLog runLog, CompletableFuture<Integer> run) {
        List<TrainingStep> steps = new ArrayList<>();
        int written = 0;
        String startWeights = "";
        try (EventReader ledger = runLog.following(List.of(runLog.topics().trainingSteps()));
                EventWriter writer = runLog.writer()) {
            int done = 0;
            while (!run.isDone() || done < STEPS) {
                ledger.poll(Duration.ofMillis(50)).stream()
                        .map(record -> (TrainingStep) record.event())
                        .filter(step -> step.getLine().equals(ModelKind.POLICY.id()))
                        .forEach(steps::add);
                if (run.isCompletedExceptionally() || (run.isDone() && run.join() != 0)) {
                    return;
                }
                if (steps.size() > done) {
                    done = steps.size();
                    if (done >= FIRST && done <= LAST) {
                        if (startWeights.isEmpty()) {
                            startWeights = read(
                                            runLog, runLog.topics().versions(ModelKind.POLICY), WeightsManifest.class)
                                    .get(0)
                                    .getSha256();
                        }
                        written += write(writer, runLog.topics(), done, startWeights);
                        writer.flush();
                    }
                }
            }
        }
        System.out.printf(
                Locale.ROOT,
                "poison: %d records; rollouts/s before %.0f, during %.0f, after %.0f%n",
                written,
                speed(steps, 3, FIRST),
                speed(steps, FIRST, LAST),
                speed(steps, LAST, steps.size()));
        Map<ExpiryReason, Long> kinds =
                expected.values().stream().collect(Collectors.groupingBy(each -> each, Collectors.counting()));
        System.out.println("poison expected to expire: " + kinds);
    }

    /** Rollouts trained per second from one step to another. */
    private static double speed(List<TrainingStep> steps, int from, int to) {
        TrainingStep first = steps.get(from - 1);
        TrainingStep last = steps.get(to - 1);
        double seconds = Duration.between(first.getEndedAt(), last.getEndedAt()).toMillis() / 1000.0;
        return (last.getSamplesTrained() - first.getSamplesTrained()) / seconds;
    }

    private int write(EventWriter writer, Topics topics, int at, String startWeights) {
        List<Prompt> prompts = new ArrayList<>();
        prompts.add(invalid(prompt("empty-" + at, List.of(), "2", 1, 0)));
        prompts.add(invalid(prompt("template-" + at, List.of(new Message("wizard", "1+1=")), "2", 1, 0)));
        prompts.add(invalid(prompt("samples-max-" + at, user("1+1="), "2", Integer.MAX_VALUE, 0)));
        prompts.add(invalid(prompt("samples-0-" + at, user("1+1="), "2", 0, 0)));
        prompts.add(invalid(prompt("version-max-" + at, user("1+1="), "2", 1, Integer.MAX_VALUE)));
        prompts.add(invalid(prompt("version-next-" + at, user("1+1="), "2", 2, STEPS + 7)));
        prompts.add(invalid(prompt("long-" + at, user("1".repeat(100_000)), "2", 3, 0)));
        prompts.add(prompt("spelled-" + at, user("<|end|>"), "2", 1, 0));
        if (at == FIRST) {
            prompts.add(prompt("large-" + at, user("1+1="), "2".repeat(9_000_000), 1, 0));
            expected.put("large-" + at + "/0", ExpiryReason.TOO_LARGE);
        }

        List<Rollout> rollouts = new ArrayList<>();
        Rollout valid = rollout("valid", startWeights);
        rollouts.add(invalid(
                named(valid, "no-tokens-" + at).setResponseTokens(List.of()).setBehaviourLogProbs(List.of())));
        rollouts.add(invalid(named(valid, "no-log-probs-" + at).setBehaviourLogProbs(List.of())));
        rollouts.add(invalid(named(valid, "nan-" + at).setBehaviourLogProbs(List.of(-1f, Float.NaN))));
        rollouts.add(
                invalid(named(valid, "infinite-" + at).setBehaviourLogProbs(List.of(Float.NEGATIVE_INFINITY, -1f))));
        rollouts.add(invalid(named(valid, "positive-" + at).setBehaviourLogProbs(List.of(3f, -1f))));
        rollouts.add(invalid(named(valid, "no-segments-" + at).setPolicySegments(List.of())));
        rollouts.add(invalid(named(valid, "segments-" + at).setPolicySegments(List.of(new PolicySegment(7, 0, "a")))));
        rollouts.add(invalid(named(valid, "id-" + at).setRolloutId("other-" + at + "/0")));
        rollouts.add(invalid(named(valid, "sample-" + at).setSampleIndex(-1)));
        rollouts.add(invalid(named(valid, "many-" + at).setSamples(Integer.MAX_VALUE)));
        // Only the learner can tell: the rollout comes first, then its prompt, so that the critic scores it.
        rollouts.add(invalid(named(valid, "vocabulary-" + at).setResponseTokens(List.of(3, 99_999))));
        prompts.add(prompt("vocabulary-" + at, user("1+1="), "2", 1, 0));
        if (at == FIRST) {
            rollouts.add(
                    named(valid, "huge-" + at).setText("2".repeat(9_000_000)).build());
            expected.put("huge-" + at + "/0", ExpiryReason.TOO_LARGE);
            prompts.add(prompt("huge-" + at, user("1+1="), "2", 1, 0));
        }
        rollouts.forEach(rollout -> writer.send(topics.rollouts(), rollout.getRequestId(), rollout));
        writer.flush();
        prompts.forEach(prompt -> writer.send(topics.prompts(), prompt.getRequestId(), prompt));
        return rollouts.size() + prompts.size();
    }

    private Prompt invalid(Prompt prompt) {
        expected.put(prompt.getRequestId(), ExpiryReason.INVALID_PROMPT);
        return prompt;
    }

    private Rollout invalid(Rollout.Builder builder) {
        Rollout rollout = builder.build();
        expected.put(rollout.getRolloutId(), ExpiryReason.INVALID_ROLLOUT);
        return rollout;
    }

    private static List<Message> user(String content) {
        return List.of(new Message("user", content));
    }

    private static Prompt prompt(
            String requestId, List<Message> messages, String reference, int samples, int minPolicyVersion) {
        return new Prompt(
                requestId,
                "poison",
                "addition",
                messages,
                reference,
                samples,
                minPolicyVersion,
                Instant.now(),
                null,
                null,
                0);
    }

    private static Rollout.Builder named(Rollout valid, String requestId) {
        return Rollout.newBuilder(valid).setRequestId(requestId).setRolloutId(requestId + "/0");
    }

    private static Rollout rollout(String requestId, String weightsSha256) {
        return new Rollout(
                requestId + "/0",
                requestId,
                "poison",
                "addition",
                user("1+1="),
                "2",
                0,
                1,
                null,
                List.of(1, 10, 1, 11),
                List.of(2, 12),
                "2",
                Collections.nCopies(2, -1f),
                List.of(new PolicySegment(2, 0, weightsSha256)),
                new SamplingSettings(1.0, 1.0, 0, 8),
                0L,
                FinishReason.STOP,
                Instant.now(),
                RequestPurpose.TRAIN,
                false,
                null,
                false,
                null,
                0);
    }

    private Path modelWithTemplate() throws IOException {
        Path model = Files.createDirectories(directory.resolve("model"));
        for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors")) {
            try (InputStream in = PoisonIT.class.getResourceAsStream("/models/addition/" + file)) {
                Files.copy(Objects.requireNonNull(in), model.resolve(file));
            }
        }
        Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
        return model;
    }
}
