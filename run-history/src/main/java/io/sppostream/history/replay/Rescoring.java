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
 * Values of another critic, trained along. A prompt is scored when the critic has trained on as many of the recorded
 * critic's samples as that one had when it scored it: with unchanged settings, by the version of the same number, and
 * bit for bit the same. As recorded, no prompt is scored by weights that have seen its reward. What the recorded critic
 * has not trained on and a verifier rewards now, it trains on when the policy's turn comes. For one thread.
 */
final class Rescoring {

    /**
     * What is recorded of the critic. The cursors are the caller's to close.
     *
     * @param trained the rollouts it has trained on, where others may come back besides
     */
    record Recorded(
            Iterator<TrainingStep> ledger,
            RecordedSamples samples,
            ValuesByVersion values,
            RecordedPrompts prompts,
            Set<String> trained) {}

    private final Recorded recorded;
    private final CriticModel model;
    private final CriticSteps steps;
    private final Tokenizer tokenizer;
    private final ReplayJudge judge;
    private final StepSettings settings;
    private final Clock clock;
    private final Map<String, Value> scored = new HashMap<>();
    private final List<TrainingSample> untrained = new ArrayList<>();
    private int recordedVersion;

    /** What it trains on that does not lie in the new namespace yet, by rollout. */
    private final Map<String, TrainingSample> unplaced = new LinkedHashMap<>();

    /** What lies there and it has not come to yet. */
    private final Map<String, Future<RecordMetadata>> placedEarly = new HashMap<>();

    /** @param steps train the model */
    Rescoring(
            Recorded recorded,
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
     * @throws LogException where the recorded critic never scored it
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
                            clock.instant()));
        }
    }

    /** Trains on what the recorded critic had trained on to reach a version; all of it has been scored by then. */
    private void trainUpTo(int version) {
        while (recordedVersion < version && recorded.ledger().hasNext()) {
            TrainingStep step = recorded.ledger().next();
            recordedVersion = step.getToVersion();
            List<Subject> subjects = step.getSamples().stream()
                    .filter(recorded.samples()::contains)
                    .sorted(Replay.ARRIVAL)
                    .map(recorded.samples()::take)
                    .map(Subject::of)
                    .toList();
            List<ReplayJudge.Ruling> rulings = judge.rulings(subjects);
            for (int i = 0; i < subjects.size(); i++) {
                if (rulings.get(i).reward() != null) {
                    Subject subject = subjects.get(i);
                    add(Replay.sample(subject, rulings.get(i), value(subject.requestId()), clock));
                }
            }
            trainBatches();
        }
    }

    private void add(TrainingSample sample) {
        String id = sample.getRollout().getRolloutId();
        untrained.add(sample);
        Future<RecordMetadata> place = placedEarly.remove(id);
        if (place == null) {
            unplaced.put(id, sample);
        } else {
            steps.placed(id, place);
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

    /** Takes a sample of a rollout that the policy's source had not trained on. */
    void comesBack(TrainingSample sample) {
        if (!recorded.trained().contains(sample.getRollout().getRolloutId())) {
            add(sample);
            trainBatches();
        }
    }

    /** Takes note of where a sample lies, or will when it is committed. */
    void placed(String rolloutId, Future<RecordMetadata> place) {
        if (unplaced.remove(rolloutId) == null) {
            placedEarly.put(rolloutId, place);
        } else {
            steps.placed(rolloutId, place);
        }
    }

    /** After each commit. */
    void committed() {
        steps.committed();
    }

    /** Trains on the rest of what the recorded critic has trained on. */
    void finish() {
        trainUpTo(Integer.MAX_VALUE);
    }

    /** What it trains on and was given no place, in its order: the policy has not trained on it. */
    List<TrainingSample> unplaced() {
        return List.copyOf(unplaced.values());
    }

    /** SHA-256 of the weights that each of its steps made. */
    List<String> hashes() {
        return steps.hashes();
    }
}
