package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.learn.PromptTokens;
import io.sppostream.learn.StepSettings;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.learn.update.ValueLoss;
import io.sppostream.log.LogException;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Scores prompts with another critic, which it trains meanwhile. A prompt is scored when the critic has trained on as many
 * of the recorded critic's samples as that one had when it scored the prompt. With unchanged settings this is the version
 * of the same number, bit for bit. As in the recording, no prompt is scored by weights that have seen its reward. Samples
 * that the recorded critic has not trained on, and that have a reward now, are trained on when the policy comes to them.
 * Not thread-safe.
 */
final class Rescoring {

    /**
     * The recorded events of the critic. The caller closes them.
     *
     * @param trained ids of the rollouts it has trained on, if others may return; else empty
     */
    record Inputs(
            Iterator<TrainingStep> ledger,
            RecordedSamples samples,
            ValuesByVersion values,
            RecordedPrompts prompts,
            Set<String> trained) {}

    private final Inputs recorded;
    private final CriticModel model;
    private final CriticSteps steps;
    private final Tokenizer tokenizer;
    private final ReplayJudge judge;
    private final StepSettings settings;
    private final Clock clock;
    private final Map<String, Value> scored = new HashMap<>();
    private final List<TrainingSample> untrained = new ArrayList<>();
    private int recordedVersion;

    /** Samples it has trained on that are not in the new namespace yet, by rollout. */
    private final Map<String, TrainingSample> unplaced = new LinkedHashMap<>();

    /** Positions of samples in the new namespace that it has not come to yet. */
    private final Map<String, Future<RecordMetadata>> placedEarly = new HashMap<>();

    /** @param steps train the model */
    Rescoring(
            Inputs recorded,
            CriticModel model,
            CriticSteps steps,
            Tokenizer tokenizer,
            ReplayJudge judge,
            StepSettings settings,
            Clock clock) {
        this.recorded = recorded;
        this.model = model;
        this.steps = steps;
        this.tokenizer = tokenizer;
        this.judge = judge;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * The new value of a request.
     *
     * @throws LogException if the recorded critic never scored it
     */
    Value value(String requestId) {
        while (!scored.containsKey(requestId)) {
            List<Value> group = recorded.values().next();
            if (group.isEmpty()) {
                throw new LogException("request " + requestId + " has no recorded value");
            }
            trainUpTo(group.get(0).getCriticVersion());
            score(group);
        }
        return requireNonNull(scored.get(requestId));
    }

    private void score(List<Value> group) {
        List<int[]> tokens = group.stream()
                .map(value -> PromptTokens.of(
                        tokenizer, recorded.prompts().take(value.getRequestId()).getMessages()))
                .toList();
        float[] logits = model.logits(tokens);
        WeightsManifest version = steps.current();
        for (int i = 0; i < logits.length; i++) {
            String requestId = group.get(i).getRequestId();
            scored.put(
                    requestId,
                    new Value(
                            requestId,
                            version.getVersion(),
                            version.getSha256(),
                            logits[i],
                            ValueLoss.probability(logits[i]),
                            null,
                            clock.instant(),
                            null,
                            null));
        }
    }

    /** Trains on the samples that the recorded critic had trained on to reach a version. All have been scored by then. */
    private void trainUpTo(int version) {
        while (recordedVersion < version && recorded.ledger().hasNext()) {
            TrainingStep step = recorded.ledger().next();
            recordedVersion = step.getToVersion();
            List<ReplayedRollout> rollouts = step.getSamples().stream()
                    .filter(recorded.samples()::contains)
                    .sorted(Replay.ARRIVAL)
                    .map(recorded.samples()::take)
                    .map(ReplayedRollout::of)
                    .toList();
            List<ReplayJudge.Ruling> rulings = judge.rulings(rollouts);
            for (int i = 0; i < rollouts.size(); i++) {
                if (rulings.get(i).reward() != null) {
                    ReplayedRollout rollout = rollouts.get(i);
                    add(Replay.sample(rollout, rulings.get(i), value(rollout.requestId()), clock));
                }
            }
            trainBatches();
        }
    }

    private void add(TrainingSample sample) {
        String id = sample.getRollout().getRolloutId();
        untrained.add(sample);
        Future<RecordMetadata> position = placedEarly.remove(id);
        if (position == null) {
            unplaced.put(id, sample);
        } else {
            steps.placed(id, position);
        }
    }

    private void trainBatches() {
        while (untrained.size() >= settings.batchSize()) {
            List<TrainingSample> batch = untrained.subList(0, settings.batchSize());
            steps.train(TrainingOrder.of(
                    batch,
                    sample -> sample.getRollout().getRolloutId(),
                    settings.seed(),
                    steps.current().getStep() + 1));
            batch.clear();
        }
    }

    /** Adds a sample of a rollout that the recorded policy had not trained on. */
    void addUntrained(TrainingSample sample) {
        if (!recorded.trained().contains(sample.getRollout().getRolloutId())) {
            add(sample);
            trainBatches();
        }
    }

    /** Notes the position of a sample, which is known when its transaction is committed. */
    void placed(String rolloutId, Future<RecordMetadata> position) {
        if (unplaced.remove(rolloutId) == null) {
            placedEarly.put(rolloutId, position);
        } else {
            steps.placed(rolloutId, position);
        }
    }

    /** Call after each commit. */
    void committed() {
        steps.committed();
    }

    /** Trains on the remaining samples of the recorded critic. */
    void finish() {
        trainUpTo(Integer.MAX_VALUE);
    }

    /** Samples it has trained on that are not in the new namespace, in training order. The policy has not trained on them. */
    List<TrainingSample> unplaced() {
        return List.copyOf(unplaced.values());
    }

    /** SHA-256 of the weights after each step. */
    List<String> hashes() {
        return steps.hashes();
    }
}
