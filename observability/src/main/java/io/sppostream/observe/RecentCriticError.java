package io.sppostream.observe;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;

/**
 * How well the critic predicts rewards, over the last samples: |mean value - mean reward|, and the mean squared error,
 * which for rewards of 0 and 1 is the Brier score. NaN before the first sample, and if the critic scores tokens.
 * Thread-safe.
 */
final class RecentCriticError {
    private static final int SAMPLES = 1_024;

    private final double[] values = new double[SAMPLES];
    private final double[] rewards = new double[SAMPLES];
    private int next;
    private int count;

    void register(MeterRegistry registry) {
        Gauge.builder("sppo.critic.calibration.error", this, RecentCriticError::bias)
                .description("|mean value - mean reward| over the last " + SAMPLES + " samples of the join.")
                .strongReference(true)
                .register(registry);
        Gauge.builder("sppo.critic.squared.error", this, RecentCriticError::squaredError)
                .description("Mean of (value - reward)^2 over the last " + SAMPLES + " samples of the join.")
                .strongReference(true)
                .register(registry);
    }

    void add(TrainingSample sample) {
        Value value = sample.getValue();
        if (value != null && value.getTokenValues() == null) {
            add(value.getProbability(), sample.getReward());
        }
    }

    synchronized void add(double value, double reward) {
        values[next] = value;
        rewards[next] = reward;
        next = (next + 1) % SAMPLES;
        count = Math.min(count + 1, SAMPLES);
    }

    synchronized double bias() {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += values[i] - rewards[i];
        }
        return count == 0 ? Double.NaN : Math.abs(sum) / count;
    }

    synchronized double squaredError() {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (values[i] - rewards[i]) * (values[i] - rewards[i]);
        }
        return count == 0 ? Double.NaN : sum / count;
    }
}
