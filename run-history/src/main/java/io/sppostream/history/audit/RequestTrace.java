package io.sppostream.history.audit;

import io.sppostream.advantage.RewardOutcome.Rewarded;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.events.ReplayOf;
import io.sppostream.events.Rollout;
import io.sppostream.events.Run;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogScan;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** All records of one request with their positions on the log, from the prompt to the gradient steps. */
public final class RequestTrace {

    /**
     * A rollout in a training step of the policy or the critic.
     *
     * @param place of the sample in training order, from 0
     * @param sample the ledger's entry for it
     */
    record Trained(EventRecord<TrainingStep> step, int place, TrainedSample sample) {}

    final Topics topics;
    final String requestId;
    final List<EventRecord<Prompt>> prompts = new ArrayList<>();
    final List<EventRecord<Value>> values = new ArrayList<>();
    final List<EventRecord<Rollout>> rollouts = new ArrayList<>();
    final List<EventRecord<Verdict>> verdicts = new ArrayList<>();
    final List<EventRecord<TrainingSample>> samples = new ArrayList<>();
    final List<Trained> trained = new ArrayList<>();
    final List<EventRecord<Expired>> expired = new ArrayList<>();
    final List<Run> runs = new ArrayList<>();

    RequestTrace(Topics topics, String requestId) {
        this.topics = topics;
        this.requestId = requestId;
    }

    /**
     * Follows a request through the log.
     *
     * @param id of the request, or of one of its rollouts
     * @throws UserException if the log has no record of it
     */
    public static RequestTrace of(RunLog runLog, String id) {
        RequestTrace trace = new RequestTrace(runLog.topics(), RolloutIds.requestId(id));
        Map<TopicPartition, Long> ends;
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, runLog.topics().all());
        }
        LogScan log = runLog.scan();
        // Other clients may publish prompts with another partitioner; all other topics are joined, by partition.
        trace.read(log, ends, runLog.topics().prompts(), trace.prompts::add);
        if (trace.prompts.isEmpty()) {
            log.read(runLog.topics().prompts(), ends, trace.requestId::equals, trace.prompts::add);
        }
        ParallelReads.run(List.of(
                () -> {
                    trace.read(log, ends, runLog.topics().values(), trace.values::add);
                    trace.read(log, ends, runLog.topics().verdicts(), trace.verdicts::add);
                },
                () -> {
                    trace.read(log, ends, runLog.topics().rollouts(), trace.rollouts::add);
                    trace.read(log, ends, runLog.topics().expired(), trace.expired::add);
                    log.read(runLog.topics().runs(), ends, run -> trace.runs.add(run.event()));
                },
                () -> trace.read(log, ends, runLog.topics().advantages(), trace.samples::add),
                () -> log.read(runLog.topics().trainingSteps(), ends, trace::take)));
        if (trace.prompts.isEmpty() && trace.values.isEmpty() && trace.rollouts.isEmpty() && trace.expired.isEmpty()) {
            throw new UserException("run '" + runLog.topics().namespace() + "' has no request '" + trace.requestId
                    + "': give the id of a prompt, or of a rollout such as " + trace.requestId + "/0");
        }
        return trace;
    }

    private <V extends SpecificRecord> void read(
            LogScan log, Map<TopicPartition, Long> ends, Topic<V> topic, Consumer<EventRecord<V>> reader) {
        log.read(topic, LogScan.partitionOf(requestId, topic, ends), requestId::equals, reader);
    }

    /** Adds the request's rollouts in a step. */
    void take(EventRecord<TrainingStep> step) {
        List<TrainedSample> those = step.event().getSamples();
        for (int place = 0; place < those.size(); place++) {
            if (RolloutIds.belongsTo(those.get(place).getRolloutId(), requestId)) {
                trained.add(new Trained(step, place, those.get(place)));
            }
        }
    }

    /** Mini-batches of a step, by the configuration of its run; 1 if that is unknown. */
    int miniBatches(TrainingStep step) {
        return runs.stream()
                .filter(run -> run.getConfigurationSha256().equals(step.getConfigurationSha256()))
                .map(run -> Configuration.recorded(run.getConfiguration(), Map.of(), Map.of())
                        .settings()
                        .miniBatches())
                .findFirst()
                .orElse(1);
    }

    /** The source if the run is a replay; else null. */
    @Nullable
    ReplayOf replayOf() {
        return runs.isEmpty() ? null : runs.get(0).getReplayOf();
    }

    /** The role that a rollout waits for, and what for; null if the rollout has settled. */
    @Nullable
    String waitsFor(String rolloutId) {
        if (isSettled(rolloutId)) {
            return null;
        }
        if (hasAdvantages(rolloutId)) {
            return "the policy learner to train on it";
        }
        if (rollouts.stream()
                .noneMatch(rollout -> rollout.event().getRolloutId().equals(rolloutId))) {
            return "a rollout producer to answer it";
        }
        if (!isJudged(rolloutId)) {
            return "a verifier to judge it";
        }
        if (values.isEmpty() && hasCritic()) {
            return "the critic to score it";
        }
        long open = members().filter(id -> !isJudged(id) && !isSettled(id)).count();
        return open == 0
                ? "the advantage stream to compute its advantages"
                : open + " other" + (open == 1 ? "" : "s") + " of its group to be sampled and judged";
    }

    private boolean isJudged(String rolloutId) {
        return verdicts.stream()
                .anyMatch(verdict -> verdict.event().getRolloutId().equals(rolloutId));
    }

    /** Whether the estimator of the run reads the values of a critic, by the last configuration; true if unknown. */
    private boolean hasCritic() {
        return runs.isEmpty() || lastSettings().hasCritic();
    }

    /** Ids of the rollouts that the prompt and its follow-ups ask for. */
    Stream<String> members() {
        return prompts.stream()
                .map(EventRecord::event)
                .flatMap(prompt -> {
                    FollowUpRequest followUp = prompt.getFollowUp();
                    String asked = followUp == null ? requestId : followUp.getId();
                    return IntStream.range(0, PromptRules.rollouts(prompt))
                            .mapToObj(sample -> RolloutIds.of(asked, sample));
                })
                .distinct();
    }

    /** A rollout settles when the policy has trained on it or it has expired; in a replay without training, earlier. */
    private boolean isSettled(String rolloutId) {
        boolean isTrained = trained.stream()
                .anyMatch(entry -> entry.sample().getRolloutId().equals(rolloutId)
                        && entry.step().event().getLine().equals(ModelKind.POLICY.id()));
        boolean isExpired = expired.stream()
                .anyMatch(record -> record.event().getRolloutId() == null
                        || rolloutId.equals(record.event().getRolloutId()));
        ReplayOf replayOf = replayOf();
        boolean endsWithAdvantages = replayOf != null && !replayOf.getTrained();
        return isTrained || isExpired || (endsWithAdvantages && hasAdvantages(rolloutId));
    }

    /** The rollouts that have expired as evidence, one for each id. */
    List<Rollout> evidence() {
        Set<String> ids = expired.stream()
                .filter(record -> record.event().getReason() == ExpiryReason.EVIDENCE)
                .map(record -> record.event().getRolloutId())
                .filter(Objects::nonNull)
                .collect(Collectors.toCollection(HashSet::new));
        return rollouts.stream()
                .map(EventRecord::event)
                .filter(rollout -> ids.remove(rollout.getRolloutId()))
                .toList();
    }

    /** The reward of a rollout by its verdicts; null if they come to none, or the run has no configuration. */
    @Nullable
    Double reward(Rollout rollout) {
        List<Verdict> opinions = verdicts.stream()
                .map(EventRecord::event)
                .filter(verdict ->
                        !verdict.getShadow() && verdict.getRolloutId().equals(rollout.getRolloutId()))
                .toList();
        return !runs.isEmpty()
                        && lastSettings()
                                        .join()
                                        .rewards()
                                        .of(rollout.getDataset())
                                        .outcome(opinions)
                                instanceof Rewarded rewarded
                ? rewarded.reward()
                : null;
    }

    private RunSettings lastSettings() {
        return Configuration.recorded(runs.get(runs.size() - 1).getConfiguration(), Map.of(), Map.of())
                .settings();
    }

    private boolean hasAdvantages(String rolloutId) {
        return samples.stream()
                .anyMatch(sample -> sample.event().getRollout().getRolloutId().equals(rolloutId));
    }

    /** Prints the trace, in the order in which the roles worked on it. */
    public void print(PrintStream out) {
        new RequestTracePrinter(this, out).print();
    }
}
