package io.sppostream.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.feed.Pacing.Counts;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PacingTest {

    @ParameterizedTest
    @CsvSource({
        // lag, released, trained, expired, allowance; of batches of 4 and 12 samples in all
        "0, 0, 0, 0, 4",
        "0, 3, 0, 0, 1",
        "0, 4, 0, 0, 0",
        "0, 4, 4, 0, 4",
        "0, 8, 8, 0, 4",
        "0, 12, 8, 0, 0",
        "0, 12, 12, 0, 0",
        "1, 0, 0, 0, 8",
        "1, 8, 0, 0, 0",
        "1, 8, 4, 0, 4",
        "1, 12, 4, 0, 0",
        "1, 12, 8, 0, 0",
        // an expired sample makes room, and another beyond the total replaces it
        "0, 4, 0, 1, 1",
        "0, 4, 0, 4, 4",
        "0, 12, 8, 1, 1",
        "1, 12, 8, 3, 3",
        "0, 13, 12, 1, 0",
        // prompts that someone else released are never taken back
        "0, 20, 0, 0, 0"
    })
    void shouldAdmitWhenComputedByHand(int lag, long released, long trained, long expired, long allowance) {
        assertThat(new Pacing(lag, 4, 12).allowance(released, new Counts(trained, trained, 0, expired)))
                .isEqualTo(allowance);
    }

    @ParameterizedTest
    @CsvSource({
        // lag, released, policy trained, critic trained, stale, lost, allowance; of batches of 4 and 12 samples in all
        "0, 4, 4, 0, 0, 0, 0",
        "0, 4, 0, 4, 0, 0, 0",
        // the policy has dropped three, which the critic has yet to train
        "0, 4, 0, 0, 3, 0, 0",
        "0, 4, 0, 4, 3, 0, 3",
        "1, 8, 4, 4, 3, 0, 4",
        "1, 8, 4, 8, 3, 0, 7",
        // one more is lost to both
        "1, 8, 4, 8, 3, 1, 8",
        "0, 15, 12, 12, 3, 0, 0",
        "0, 12, 8, 12, 3, 0, 3",
    })
    void shouldCountWhatTheCriticTrainsAndThePolicyDrops(
            int lag, long released, long policy, long critic, long stale, long lost, long allowance) {
        assertThat(new Pacing(lag, 4, 12).allowance(released, new Counts(policy, critic, stale, lost)))
                .isEqualTo(allowance);
    }

    /** Some samples are stale for the policy: policy and critic drift apart, but neither waits forever. */
    @ParameterizedTest
    @CsvSource({"0, 1, 1", "0, 8, 2", "1, 8, 3", "2, 8, 4", "4, 5, 5"})
    void shouldTrainEverySampleWhenPolicyAndCriticSettleDifferently(int lag, int batchSize, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long samples = 25L * batchSize;
        Pacing pacing = new Pacing(lag, batchSize, samples);
        long released = 0;
        long policy = 0;
        long critic = 0;
        long stale = 0;
        for (int tick = 0; policy < samples; tick++) {
            assertThat(tick).as("ticks").isLessThan(20_000);
            released += pacing.allowance(released, new Counts(policy, critic, stale, 0));
            assertThat(released - policy - stale).isLessThanOrEqualTo((lag + 1L) * batchSize);
            assertThat(released - critic).isLessThanOrEqualTo((lag + 1L) * batchSize);
            if (released - policy - stale > 0 && random.nextInt(10) == 0) {
                stale++;
            }
            if (released - policy - stale >= batchSize && random.nextBoolean()) {
                policy += batchSize;
            }
            if (released - critic >= batchSize && random.nextBoolean()) {
                critic += batchSize;
            }
        }
        assertThat(released).isEqualTo(samples + stale);
        assertThat(stale).isPositive();
    }

    /** Samples settle in any order, some by expiring: there are never too many in flight, and none is missing. */
    @ParameterizedTest
    @CsvSource({"0, 1, 1", "0, 8, 2", "1, 8, 3", "1, 1, 4", "1, 32, 5", "2, 8, 6", "3, 5, 7"})
    void shouldTrainEverySampleWithinTheBound(int lag, int batchSize, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long samples = 25L * batchSize;
        Pacing pacing = new Pacing(lag, batchSize, samples);
        long released = 0;
        long trained = 0;
        long expired = 0;
        long ready = 0;
        for (int tick = 0; trained < samples; tick++) {
            assertThat(tick).as("ticks").isLessThan(20_000);
            released += pacing.allowance(released, new Counts(trained, trained, 0, expired));
            assertThat(released - trained - expired).isLessThanOrEqualTo((lag + 1L) * batchSize);
            assertThat(released).isLessThanOrEqualTo(samples + expired);
            if (released - trained - expired - ready > 0) {
                if (random.nextInt(10) == 0) {
                    expired++;
                } else {
                    ready++;
                }
            }
            if (ready >= batchSize && random.nextBoolean()) {
                trained += batchSize;
                ready -= batchSize;
            }
        }
        assertThat(released).isEqualTo(samples + expired);
        assertThat(expired).isPositive();
    }
}
