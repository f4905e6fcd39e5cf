package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.learn.update.PolicySample;
import io.sppostream.learn.update.PolicyUpdate;
import io.sppostream.learn.update.PolicyUpdateSettings;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TrainingSettings;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The policy and its training. */
public final class TrainablePolicy extends TrainableLanguageModel {
    private final PolicyUpdate update;
    private final ModelConfig shape;

    /**
     * @param model has the start weights of the run, which are the reference of a KL penalty; trained in place; closed by
     *     the caller, after this
     */
    public TrainablePolicy(
            PolicyModel model, PolicyUpdateSettings update, OptimizerSettings optimizer, TrainingSettings training) {
        this(model, update, optimizer, training, Precision.FLOAT32);
    }

    /**
     * A policy whose published versions may be rounded.
     *
     * @param published precision of the published weights; those in training are in 32 bits
     */
    public TrainablePolicy(
            PolicyModel model,
            PolicyUpdateSettings update,
            OptimizerSettings optimizer,
            TrainingSettings training,
            Precision published) {
        this(model, update, optimizer, training, published, () -> false);
    }

    /**
     * A policy whose training can be cancelled.
     *
     * @param cancelled ends a step by a {@link java.util.concurrent.CancellationException} when true; the model is then to
     *     be discarded
     */
    TrainablePolicy(
            PolicyModel model,
            PolicyUpdateSettings update,
            OptimizerSettings optimizer,
            TrainingSettings training,
            Precision published,
            BooleanSupplier cancelled) {
        this(model, new PolicyTrainer(model, optimizer, training, cancelled), published, update);
    }

    private TrainablePolicy(
            PolicyModel model, PolicyTrainer trainer, Precision published, PolicyUpdateSettings update) {
        super(model, trainer, published);
        this.update = new PolicyUpdate(trainer, update);
        this.shape = model.config();
    }

    @Override
    public ModelKind kind() {
        return ModelKind.POLICY;
    }

    @Override
    public @Nullable String refusal(TrainingSample sample) {
        return SampleRules.violation(sample, shape.vocabularySize(), shape.maxPositions());
    }

    @Override
    public Map<String, Double> train(int step, String fromSha256, List<TrainingSample> order) {
        Map<String, Double> metrics = update.apply(
                step,
                order.stream()
                        .map(sample -> PolicySample.of(sample, fromSha256))
                        .toList());
        metrics.putAll(SampleMetrics.of(order));
        return metrics;
    }

    @Override
    public int versionOf(TrainingSample sample) {
        return sample.getRollout().getPolicySegments().get(0).getPolicyVersion();
    }

    @Override
    public Instant usedAt(TrainingSample sample) {
        return sample.getRollout().getSampledAt();
    }

    @Override
    public void close() {
        update.close();
        super.close();
    }
}
