package io.sppostream.sppo.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.learn.CriticSample;
import io.sppostream.learn.CriticUpdate;
import io.sppostream.learn.PromptTokens;
import io.sppostream.learn.TrainingOrder;
import io.sppostream.learn.ValueLoss;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import io.sppostream.log.WeightsPublisher;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.sppo.recorded.RecordedSamples;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Values of another critic, trained along. A prompt is scored when the critic has trained on as many of the recorded
 * critic's samples as that one had when it scored it: with unchanged settings, by the version of the same number, and
 * bit for bit the same. As recorded, no prompt is scored by weights that have seen its reward. For one thread.
 */
final class Rescoring {

    /** What is recorded of the critic. The cursors are the caller's to close. */
    record Recorded(
            Iterator<TrainingStep> ledger,
            RecordedSamples samples,
            ValuesByVersion values,
            LogCursor<Prompt> prompts) {}

    private final Recorded recorded;
    private final CriticModel model;
    private final CriticUpdate update;
    private final Tokenizer tokenizer;
    private final Judge judge;
    private final long seed;
    private final int batchSize;
    private final Consumer<Value> scoredNow;
    private final Clock clock;
    private final Map<String, Prompt> prompts = new HashMap<>();
    private final Map<String, Value> scored = new HashMap<>();
    private final List<TrainingSample> untrained = new ArrayList<>();
    private int recordedVersion;
    private int steps;
    private String sha256;
    private final List<String> hashes = new ArrayList<>();

    /**
     * @param model trained in place, by {@code update}
     * @param scoredNow takes each value as it is computed
     */
    Rescoring(
            Recorded recorded,
            CriticModel model,
            CriticUpdate update,
            Tokenizer tokenizer,
            Judge judge,
            long seed,
            int batchSize,
            Consumer<Value> scoredNow,
            Clock clock) {
        this.recorded = recorded;
        this.model = model;
        this.update = update;
        this.tokenizer = tokenizer;
        this.judge = judge;
        this.seed = seed;
        this.batchSize = batchSize;
        this.scoredNow = scoredNow;
        this.clock = clock;
        this.sha256 = WeightsPublisher.sha256(model::writeWeights);
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
                .map(value ->
                        PromptTokens.of(tokenizer, prompt(value.getRequestId()).getMessages()))
                .toList();
        float[] logits = model.logits(tokens);
        for (int i = 0; i < logits.length; i++) {
            String requestId = group.get(i).getRequestId();
            Value value = new Value(
                    requestId, steps, sha256, logits[i], ValueLoss.probability(logits[i]), null, clock.instant());
            scored.put(requestId, value);
            scoredNow.accept(value);
        }
    }

    private Prompt prompt(String requestId) {
        while (!prompts.containsKey(requestId)) {
            if (!recorded.prompts().hasNext()) {
                throw new LogException("request " + requestId + " has a value and no prompt");
            }
            Prompt prompt = recorded.prompts().next().event();
            prompts.put(prompt.getRequestId(), prompt);
        }
        return requireNonNull(prompts.remove(requestId));
    }

    /** Trains on what the recorded critic had trained on to reach a version; all of it has been scored by then. */
    private void trainUpTo(int version) {
        while (recordedVersion < version && recorded.ledger().hasNext()) {
            TrainingStep step = recorded.ledger().next();
            recordedVersion = step.getToVersion();
            List<TrainingSample> samples = step.getSamples().stream()
                    .filter(recorded.samples()::contains)
                    .sorted(Replay.ARRIVAL)
                    .map(recorded.samples()::take)
                    .toList();
            List<Judge.Ruling> rulings = judge.rulings(samples);
            for (int i = 0; i < samples.size(); i++) {
                if (rulings.get(i).reward() != null) {
                    TrainingSample sample = samples.get(i);
                    Value value = value(sample.getRollout().getRequestId());
                    untrained.add(Replay.sample(sample, rulings.get(i), value, sample.getSegments(), clock.instant()));
                }
            }
            while (untrained.size() >= batchSize) {
                step();
            }
        }
    }

    private void step() {
        List<TrainingSample> batch = untrained.subList(0, batchSize);
        steps++;
        update.apply(
                steps,
                TrainingOrder.of(batch, sample -> sample.getRollout().getRolloutId(), seed, steps).stream()
                        .map(this::criticSample)
                        .toList());
        sha256 = WeightsPublisher.sha256(model::writeWeights);
        hashes.add(sha256);
        batch.clear();
    }

    private CriticSample criticSample(TrainingSample sample) {
        return new CriticSample(
                sample.getRollout().getRolloutId(),
                PromptTokens.of(tokenizer, sample.getRollout().getMessages()),
                sample.getReward(),
                requireNonNull(sample.getValue()).getProbability());
    }

    /** Trains on the rest of what the recorded critic has trained on. */
    void finish() {
        trainUpTo(Integer.MAX_VALUE);
    }

    /** SHA-256 of the weights that each of its steps made. */
    List<String> hashes() {
        return hashes;
    }
}
