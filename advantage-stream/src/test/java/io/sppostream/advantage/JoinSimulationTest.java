package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The join in a world that one seed decides: events are lost, repeated, shuffled and late, the task commits now and then
 * and crashes in between. Whatever happens, each rollout settles exactly once; and where nothing expires before its
 * time, the samples are those of the events, whatever the order.
 *
 * <p>{@code -Dsimulation.seeds=10000} tries more seeds than a build has time for; {@code -Dsimulation.seed=N
 * -Dsimulation.seeds=1} is the one that a failure names.
 */
class JoinSimulationTest {
    private static final JoinSettings SETTINGS = new JoinSettings(
            new SppoEstimator(), JoinDriver.SETTINGS.rewards(), Duration.ofSeconds(60), Duration.ofDays(1));

    @TempDir
    Path stateDirectory;

    @Test
    void shouldSettleEachRolloutExactlyOnce() {
        long first = Long.getLong("simulation.seed", 1);
        LongStream.range(first, first + Long.getLong("simulation.seeds", 100)).forEach(seed -> {
            try {
                new World(seed, new SimulatedJoin(stateDirectory, SETTINGS)).run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dsimulation.seed=" + seed + " -Dsimulation.seeds=1: " + e.getMessage(), e);
            }
        });
    }

    /** What a seed decides. */
    private static final class World {
        private final Random random;
        private final SimulatedJoin join;
        private final Map<String, Sent> requests = new HashMap<>();

        /** Whether time passes while events are on their way, so that what waits may expire. */
        private final boolean impatient;

        World(long seed, SimulatedJoin join) {
            this.random = new Random(seed * 0x9E3779B97F4A7C15L);
            this.join = join;
            this.impatient = random.nextBoolean();
        }

        void run() {
            List<SpecificRecord> onTheirWay = events();
            double crashes = random.nextDouble() * 0.1;
            double commits = random.nextDouble() * 0.3;
            while (!onTheirWay.isEmpty() || !join.unread().isEmpty()) {
                List<Topic<?>> unread = join.unread();
                if (unread.isEmpty() || (!onTheirWay.isEmpty() && random.nextInt(3) == 0)) {
                    join.append(onTheirWay.remove(onTheirWay.size() - 1));
                } else {
                    join.process(unread.get(random.nextInt(unread.size())));
                }
                if (impatient && random.nextInt(5) == 0) {
                    join.advance(Duration.ofMillis(random.nextInt(20_000)));
                }
                if (random.nextDouble() < crashes) {
                    join.crash();
                } else if (random.nextDouble() < commits) {
                    join.commit();
                }
            }
            join.commit();
            join.crash();
            join.advance(SETTINGS.patience().plusSeconds(1));
            join.commit();
            check();
            join.advance(SETTINGS.remember().plusSeconds(1));
            assertThat(join.stored())
                    .as("entries of the stores when all is forgotten")
                    .isZero();
        }

        /** The events of some requests, in the order they reach the log; some never do, some several times. */
        private List<SpecificRecord> events() {
            double loss = random.nextDouble() * 0.3;
            double repetition = random.nextDouble() * 0.5;
            List<SpecificRecord> events = new ArrayList<>();
            int count = 1 + random.nextInt(12);
            for (int i = 0; i < count; i++) {
                Sent request = new Sent("r-" + i, 1 + random.nextInt(4) * random.nextInt(2), random);
                requests.put(request.id, request);
                for (SpecificRecord event : request.events) {
                    if (random.nextDouble() >= loss) {
                        request.arrived.add(event);
                        do {
                            events.add(event);
                        } while (random.nextDouble() < repetition);
                    }
                }
            }
            Collections.shuffle(events, random);
            return events;
        }

        private void check() {
            Map<String, TrainingSample> trained = new HashMap<>();
            for (TrainingSample sample : join.samples()) {
                String id = sample.getRollout().getRolloutId();
                assertThat(trained.put(id, sample))
                        .as("an earlier sample of %s", id)
                        .isNull();
            }
            Map<String, Expired> expired = new HashMap<>();
            for (Expired each : join.expired()) {
                String id = each.getRolloutId() == null ? each.getRequestId() : each.getRolloutId();
                assertThat(expired.put(id, each))
                        .as("an earlier expiry of %s", id)
                        .isNull();
            }
            requests.values().forEach(request -> check(request, trained, expired));
            assertThat(trained).as("samples that nothing led to").isEmpty();
            assertThat(expired).as("expiries that nothing led to").isEmpty();
        }

        private void check(Sent request, Map<String, TrainingSample> trained, Map<String, Expired> expired) {
            Expired whole = expired.remove(request.id);
            for (int sample = 0; sample < request.samples; sample++) {
                String id = RolloutIds.of(request.id, sample);
                TrainingSample training = trained.remove(id);
                Expired expiry = expired.remove(id);
                int outcomes = (training == null ? 0 : 1) + (expiry == null ? 0 : 1) + (whole == null ? 0 : 1);
                assertThat(outcomes).as("outcomes of %s", id).isEqualTo(request.isKnown() ? 1 : 0);
                if (!impatient && !request.arrived.isEmpty()) {
                    assertThat(training != null).as("%s is trained", id).isEqualTo(request.isComplete(sample));
                }
                if (training != null) {
                    checkSample(request, sample, training);
                }
                if (expiry != null) {
                    checkReason(request, sample, expiry);
                }
            }
        }

        private static void checkSample(Sent request, int sample, TrainingSample training) {
            assertThat(training.getRollout()).isEqualTo(request.rollouts.get(sample));
            assertThat(training.getValue()).isEqualTo(request.value);
            assertThat(request.verdicts.get(sample))
                    .contains(training.getVerdict())
                    .containsAll(training.getFurtherVerdicts());
            assertThat(request.outcome(sample))
                    .isInstanceOfSatisfying(
                            RewardOutcome.Rewarded.class,
                            rewarded -> assertThat(training.getReward()).isEqualTo(rewarded.reward()));
            assertThat(training.getSegments())
                    .isEqualTo(new SppoEstimator()
                            .estimate(
                                    training.getReward(),
                                    request.value.getProbability(),
                                    training.getRollout().getResponseTokens().size()));
        }

        private static void checkReason(Sent request, int sample, Expired expiry) {
            if (EnumSet.of(ExpiryReason.NOT_JUDGED, ExpiryReason.INFRA_ERROR).contains(expiry.getReason())) {
                assertThat(request.outcome(sample)).isInstanceOf(RewardOutcome.NotJudged.class);
            } else {
                assertThat(expiry.getReason())
                        .isIn(
                                ExpiryReason.NO_ROLLOUT_IN_TIME,
                                ExpiryReason.NO_VERDICT_IN_TIME,
                                ExpiryReason.NO_VALUE_IN_TIME);
            }
        }
    }

    /** A request, all events that a log without losses would hold of it, and those that this log does. */
    private static final class Sent {
        private final String id;
        private final int samples;
        private final Value value;
        private final Combination combination;
        private final List<Rollout> rollouts = new ArrayList<>();
        private final List<List<Verdict>> verdicts = new ArrayList<>();
        private final List<SpecificRecord> events = new ArrayList<>();
        private final Set<SpecificRecord> arrived = new HashSet<>();

        private Sent(String id, int samples, Random random) {
            this.id = id;
            this.samples = samples;
            this.value = Events.value(id, (1 + random.nextInt(9)) / 10.0);
            String dataset = random.nextBoolean() ? "essays" : "addition";
            this.combination = SETTINGS.rewards().of(dataset);
            events.add(value);
            for (int sample = 0; sample < samples; sample++) {
                rollouts.add(Rollout.newBuilder(Events.rollout(id, sample, samples))
                        .setDataset(dataset)
                        .build());
                verdicts.add(verdicts(sample, random));
                events.addAll(verdicts.get(sample));
            }
            events.addAll(rollouts);
        }

        private List<Verdict> verdicts(int sample, Random random) {
            List<Verdict> ofSample = new ArrayList<>();
            for (String verifier : combination.verifiers()) {
                boolean judged = random.nextInt(8) > 0;
                ofSample.add(Events.verdict(
                        verifier,
                        id,
                        sample,
                        judged ? VerdictStatus.INCORRECT : VerdictStatus.INFRA_ERROR,
                        judged ? Double.valueOf(random.nextInt(3) / 2.0) : null));
            }
            return ofSample;
        }

        /** Whether more of it arrives than verdicts: of those alone nothing follows. */
        private boolean isKnown() {
            return arrived.stream().anyMatch(event -> !(event instanceof Verdict));
        }

        /** What the verdicts that arrive come to; null where that stays open. */
        private @Nullable RewardOutcome outcome(int sample) {
            return combination.outcome(
                    verdicts.get(sample).stream().filter(arrived::contains).toList());
        }

        /** Whether all is there that a sample needs. */
        private boolean isComplete(int sample) {
            return arrived.contains(value)
                    && arrived.contains(rollouts.get(sample))
                    && outcome(sample) instanceof RewardOutcome.Rewarded;
        }
    }
}
