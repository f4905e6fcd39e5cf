package io.sppostream.learn;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.log.EventRecord;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A training sample and the record of the advantages topic that carries it.
 *
 * @param record where the sample lies
 * @param sample the record's event
 */
record SampleRecord(EventRecord<?> record, TrainingSample sample) {

    private String rolloutId() {
        return sample.getRollout().getRolloutId();
    }

    /** The samples of a step in training order. */
    static List<SampleRecord> inTrainingOrder(List<EventRecord<?>> batch, long seed, int step) {
        List<SampleRecord> samples = batch.stream()
                .map(record -> new SampleRecord(record, (TrainingSample) record.event()))
                .toList();
        return TrainingOrder.of(samples, SampleRecord::rolloutId, seed, step);
    }

    /** The entries of the ledger for samples in training order, each with its lag in versions. */
    static List<TrainedSample> ledger(List<SampleRecord> order, ToDoubleFunction<SampleRecord> lag) {
        return order.stream()
                .map(each -> new TrainedSample(
                        each.rolloutId(),
                        each.record().partition(),
                        each.record().offset(),
                        (int) lag.applyAsDouble(each)))
                .toList();
    }

    /** Mean over the samples; 0 if there are none. */
    static double mean(List<SampleRecord> order, ToDoubleFunction<SampleRecord> value) {
        return order.stream().mapToDouble(value).average().orElse(0);
    }

    /** Maximum over the samples; 0 if there are none. */
    static double max(List<SampleRecord> order, ToDoubleFunction<SampleRecord> value) {
        return order.stream().mapToDouble(value).max().orElse(0);
    }
}
