package io.sppostream.learn;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.log.EventRecord;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A training sample and where it lies on the advantages topic.
 *
 * @param received the record
 * @param sample its event
 */
record ReceivedSample(EventRecord<?> received, TrainingSample sample) {

    /** A step's samples in training order. */
    static List<ReceivedSample> inTrainingOrder(List<EventRecord<?>> batch, long seed, int step) {
        return TrainingOrder.of(
                batch.stream()
                        .map(received -> new ReceivedSample(received, (TrainingSample) received.event()))
                        .toList(),
                arrival -> arrival.sample().getRollout().getRolloutId(),
                seed,
                step);
    }

    /** The ledger's lines for samples in training order. */
    static List<TrainedSample> ledger(List<ReceivedSample> order, ToDoubleFunction<ReceivedSample> lag) {
        return order.stream()
                .map(arrival -> new TrainedSample(
                        arrival.sample().getRollout().getRolloutId(),
                        arrival.received().partition(),
                        arrival.received().offset(),
                        (int) lag.applyAsDouble(arrival)))
                .toList();
    }

    /** Mean over the samples. */
    static double mean(List<ReceivedSample> order, ToDoubleFunction<ReceivedSample> value) {
        return order.stream().mapToDouble(value).average().orElse(0);
    }

    /** Maximum over the samples. */
    static double max(List<ReceivedSample> order, ToDoubleFunction<ReceivedSample> value) {
        return order.stream().mapToDouble(value).max().orElse(0);
    }
}
