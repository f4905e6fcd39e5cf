package io.sppostream.learn;

import io.sppostream.events.CalibrationBin;
import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import io.sppostream.learn.update.Calibration;
import io.sppostream.learn.update.CriticSample;
import io.sppostream.learn.update.CriticUpdate;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.PolicySample;
import io.sppostream.model.ConversationException;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.Tokenizer;
import io.sppostream.model.TrainingSettings;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The critic and its training. */
public final class TrainableCritic extends TrainableLanguageModel {
    private final CriticModel model;
    private final CriticUpdate update;
    private final ScoringCritic scoring;

    /**
     * @param model trained in place; closed by the caller, after this
     * @param tokenizer the critic's tokenizer
     */
    public TrainableCritic(
            CriticModel model,
            Tokenizer tokenizer,
            CriticUpdateSettings update,
            OptimizerSettings optimizer,
            TrainingSettings training) {
        this(model, messages -> PromptTokens.of(tokenizer, messages), update, optimizer, training);
    }

    /**
     * A critic whose training can be cancelled.
     *
     * @param cancelled ends a step by a {@link java.util.concurrent.CancellationException} when true; the model is then to
     *     be discarded
     */
    TrainableCritic(
            CriticModel model,
            Tokenizer tokenizer,
            CriticUpdateSettings update,
            OptimizerSettings optimizer,
            TrainingSettings training,
            BooleanSupplier cancelled) {
        this(
                model,
                messages -> PromptTokens.of(tokenizer, messages),
                new CriticTrainer(model, optimizer, training, cancelled),
                update);
    }

    /** @param encoder turns a prompt into the critic's token ids, shape [P] */
    TrainableCritic(
            CriticModel model,
            Function<List<Message>, int[]> encoder,
            CriticUpdateSettings update,
            OptimizerSettings optimizer,
            TrainingSettings training) {
        this(model, encoder, new CriticTrainer(model, optimizer, training), update);
    }

    private TrainableCritic(
            CriticModel model,
            Function<List<Message>, int[]> encoder,
            CriticTrainer trainer,
            CriticUpdateSettings update) {
        super(model, trainer, Precision.FLOAT32); // It scores with its own weights, so versions are exact.
        this.model = model;
        this.update = new CriticUpdate(trainer, update);
        this.scoring = new ScoringCritic(model, encoder, update.objective());
    }

    /** This critic as far as it scores, with the weights that it has at the moment. */
    ScoringCritic scoring() {
        return scoring;
    }

    @Override
    public ModelKind kind() {
        return ModelKind.CRITIC;
    }

    @Override
    public @Nullable String refusal(TrainingSample sample) {
        Value value = sample.getValue();
        if (value == null || !Double.isFinite(value.getProbability()) || !Double.isFinite(sample.getReward())) {
            return "a sample without a value or a reward";
        }
        if (scoring.ofTokens()) {
            return refusalOfTokens(sample, value);
        }
        try {
            tokens(sample);
            return null;
        } catch (ConversationException e) {
            return e.getMessage();
        }
    }

    private @Nullable String refusalOfTokens(TrainingSample sample, Value value) {
        String refusal = scoring.refusal(sample.getRollout());
        if (refusal == null) {
            refusal = SampleRules.advantageViolation(sample);
        }
        if (refusal == null) {
            refusal = SampleRules.valueViolation(sample.getRollout(), value);
        }
        return refusal;
    }

    /**
     * The tokens of a sample's prompt. A rollout from outside may have another conversation than its prompt, which the
     * critic cannot encode. It then reads the prompt tokens that the policy read, if they are in its vocabulary.
     */
    private int[] tokens(TrainingSample sample) {
        Rollout rollout = sample.getRollout();
        try {
            return scoring.tokens(rollout.getRequestId(), rollout.getMessages());
        } catch (ConversationException e) {
            List<Integer> read = rollout.getPromptTokens();
            int vocabulary = model.config().vocabularySize();
            if (!scoring.fits(read.size()) || read.stream().anyMatch(id -> id < 0 || id >= vocabulary)) {
                throw e;
            }
            return IntList.toArray(read);
        }
    }

    @Override
    public Map<String, Double> train(int step, String fromSha256, List<TrainingSample> order) {
        List<CriticSample> samples = order.stream().map(this::criticSample).toList();
        Map<String, Double> metrics = update.apply(step, samples);
        double[] values = samples.stream()
                .flatMapToDouble(sample -> Arrays.stream(sample.values()))
                .toArray();
        metrics.put("value_mean", Arrays.stream(values).average().orElse(0));
        metrics.put("value_std", Calibration.deviation(values));
        metrics.putAll(Calibration.metrics(promptValues(order), rewards(order)));
        return metrics;
    }

    @Override
    public List<CalibrationBin> calibration(List<TrainingSample> order) {
        return Calibration.bins(promptValues(order), rewards(order));
    }

    /** The recorded values of prompts; those of a critic of tokens are the values before the first response token. */
    private static double[] promptValues(List<TrainingSample> order) {
        return order.stream()
                .mapToDouble(sample -> value(sample).getProbability())
                .toArray();
    }

    private static double[] rewards(List<TrainingSample> order) {
        return order.stream().mapToDouble(TrainingSample::getReward).toArray();
    }

    private CriticSample criticSample(TrainingSample sample) {
        if (scoring.ofTokens()) {
            List<Float> values = Objects.requireNonNull(value(sample).getTokenValues(), "the critic's token values");
            PolicySample tokens = PolicySample.of(sample.getRollout(), sample.getSegments(), sample.getRejected());
            return CriticSample.ofTokens(tokens, FloatList.toDoubles(values));
        }
        int[] tokens = tokens(sample);
        scoring.forget(sample.getRollout().getRequestId());
        return CriticSample.ofPrompt(
                sample.getRollout().getRolloutId(),
                tokens,
                sample.getReward(),
                value(sample).getProbability());
    }

    @Override
    public int versionOf(TrainingSample sample) {
        return value(sample).getCriticVersion();
    }

    @Override
    public Instant usedAt(TrainingSample sample) {
        return value(sample).getScoredAt();
    }

    private static Value value(TrainingSample sample) {
        return Objects.requireNonNull(sample.getValue(), "a sample for the critic has the critic's value");
    }
}
