package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.log.WeightLine;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TrainingSettings;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The policy and its training. */
public final class PolicyLine implements LineModel {
    private final PolicyModel model;
    private final PolicyTrainer trainer;
    private final PolicyUpdate update;

    /** @param model trained in place; stays the caller's to close, after this */
    public PolicyLine(
            PolicyModel model, PolicyUpdate.Settings update, OptimizerSettings optimizer, TrainingSettings training) {
        this.model = model;
        this.trainer = new PolicyTrainer(model, optimizer, training);
        this.update = new PolicyUpdate(trainer, update);
    }

    @Override
    public WeightLine line() {
        return WeightLine.POLICY;
    }

    @Override
    public String config() {
        return model.configJson();
    }

    @Override
    public Map<String, Double> train(int step, List<TrainingSample> order) {
        Map<String, Double> metrics = update.apply(
                step,
                order.stream()
                        .map(sample -> PolicySample.of(sample.getRollout(), sample.getSegments()))
                        .toList());
        metrics.put(
                "reward_mean",
                order.stream().mapToDouble(TrainingSample::getReward).average().orElse(0));
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
    public long parameters() {
        return model.parameters();
    }

    @Override
    public void writeWeights(WritableByteChannel out) throws IOException {
        model.writeWeights(out);
    }

    @Override
    public void readWeights(ReadableByteChannel in) throws IOException {
        model.readWeights(in);
    }

    @Override
    public void writeOptimizer(WritableByteChannel out) throws IOException {
        trainer.writeOptimizerState(out);
    }

    @Override
    public void readOptimizer(ReadableByteChannel in) throws IOException {
        trainer.readOptimizerState(in);
    }

    @Override
    public void close() {
        trainer.close();
    }
}
