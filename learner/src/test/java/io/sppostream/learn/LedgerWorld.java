package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.weights.Manifests;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A learner and what is around it, as one seed decides. At any call of its clients samples come, one after the other or
 * after a long time, some twice, some that are none; others begin, commit and abort transactions on the topics that it
 * writes to as well; readers fetch its versions; an operator ends its pauses; requests and answers are lost; and it is
 * stopped, killed, or stands still while another takes over.
 */
final class LedgerWorld implements MemoryLog.World {

    /** A learner's loop, and what it trains. */
    interface Role {
        ModelKind kind();

        /**
         * A model with the start weights.
         *
         * @param place another one for each that lives at the same time, of {@link #PLACES}
         */
        TrainableModel start(int place);

        /** Of a size that cuts the model's weights in several, as a rule. */
        int chunkBytes();

        void learn(TrainableModel model, LedgerWorld world, BooleanSupplier running);
    }

    /** How many learners may live at the same time, all but one of them standing still. */
    static final int PLACES = 3;

    private static final class Killed extends Error {
        Killed() {
            super("killed");
        }
    }

    /** A record on its way to advantages. */
    private record Sent(TopicPartition partition, byte[] key, byte[] value) {}

    private final Random random;
    private final Role role;
    private final Topics topics;
    private final PolicyLearnerSettings settings;
    private final MemoryLog log;
    private final KafkaSettings kafka;
    private final LateReader reader;
    private final int requests;
    private final boolean repeats;

    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };

    private Instant now = Instant.EPOCH;

    private int asked;
    private int answered;
    private final Deque<Sent> onTheirWay = new ArrayDeque<>();
    private final List<Sent> uncommitted = new ArrayList<>();
    private MemoryLog.@Nullable Transaction join;
    private MemoryLog.@Nullable Transaction otherLine;
    private MemoryLog.@Nullable Transaction expiry;

    /** Kills, losses and take-overs that are still to come. */
    private int faults;

    private int losses;
    private int started;
    private int depth;

    /** While the world acts, a call is not the learner's. */
    private boolean acting;

    private boolean hurried;
    private long seen;
    private int quiet;

    /** @param roles makes the learner that the world is about */
    LedgerWorld(long seed, Function<Random, Role> roles) {
        random = new Random(seed * 0x9E3779B97F4A7C15L);
        role = roles.apply(random);
        topics = new Topics("test", 1 + random.nextInt(3));
        int batchSize = 1 + random.nextInt(4);
        boolean guarded = role.kind() == ModelKind.POLICY && random.nextBoolean();
        CircuitBreakerSettings breakers = guarded
                ? new CircuitBreakerSettings(
                        random.nextInt(3) * 0.1, oneOf(0.5, 1), oneOf(0.5, 1), 1 + random.nextInt(6))
                : new CircuitBreakerSettings(0, 1, 1, 1);
        settings = new PolicyLearnerSettings(
                new StepSettings(seed, batchSize, 1 + random.nextInt(4), role.chunkBytes(), "configuration"),
                guarded ? random.nextInt(4) : Integer.MAX_VALUE,
                breakers,
                LedgerSimulationTest.UPDATE,
                TestModels.ADAM,
                TestModels.TRAINING);
        requests = batchSize * (3 + random.nextInt(6)) + random.nextInt(batchSize);
        // The join drops repetitions. Where there is none, a sample is what lies at an offset: what is there twice is
        // trained twice, and audits say so.
        repeats = !guarded && role.kind() == ModelKind.POLICY && random.nextInt(3) == 0;
        log = new MemoryLog(random, clock, this);
        kafka = TestEvents.kafka(log);
        reader = new LateReader(kafka, topics, role.kind(), random, this::oldestKept);
    }

    private double oneOf(double a, double b) {
        return random.nextBoolean() ? a : b;
    }

    Role role() {
        return role;
    }

    Topics topics() {
        return topics;
    }

    PolicyLearnerSettings settings() {
        return settings;
    }

    MemoryLog log() {
        return log;
    }

    KafkaSettings kafka() {
        return kafka;
    }

    Clock clock() {
        return clock;
    }

    LateReader reader() {
        return reader;
    }

    /** Lives through what the seed has in store, and then in peace until there is nothing more to do. */
    void run() {
        faults = random.nextInt(8);
        for (int lives = 1 + random.nextInt(10); lives > 0 && faults > 0; lives--) {
            live(() -> random.nextInt(40) > 0);
            if (role.kind() == ModelKind.POLICY && random.nextInt(6) == 0) {
                // The critic's prompts have no other offsets: they would be scored again.
                log.forgetOffsets();
            }
        }
        faults = 0;
        live(this::isBusy);
        // From here on nothing happens but what is looked at.
        acting = true;
        hurry();
    }

    /** A learner from its start to its end, from the start weights on. */
    private void live(BooleanSupplier running) {
        int me = ++started;
        int lossesBefore = losses;
        try (TrainableModel model = role.start(depth)) {
            role.learn(model, this, running);
        } catch (Killed e) {
            // The next one goes on.
        } catch (LogException e) {
            if (started == me || !LogException.reason(e).contains("has started")) {
                throw e;
            }
        } catch (KafkaException e) {
            if (losses == lossesBefore) {
                throw e;
            }
        }
    }

    private boolean isBusy() {
        if (log.changes() != seen) {
            seen = log.changes();
            quiet = 0;
        } else if (++quiet >= 3) {
            quiet = 0;
            return hurry() || resume();
        }
        return true;
    }

    /** Ends what is open and sends what is still to come; returns whether the learner may have more to do then. */
    private boolean hurry() {
        long before = hurried ? log.changes() : -1;
        hurried = true;
        endJoin(true);
        do {
            arrive(Integer.MAX_VALUE);
            endJoin(true);
        } while (!onTheirWay.isEmpty());
        otherLine = end(otherLine);
        expiry = end(expiry);
        log.hurry();
        return log.changes() != before;
    }

    @Override
    public void atCall() {
        if (acting) {
            return;
        }
        now = now.plusMillis(random.nextInt(4));
        if (random.nextInt(4) == 0) {
            acting = true;
            happen();
            acting = false;
        }
        if (faults > 0 && random.nextInt(50) == 0) {
            faults--;
            if (depth == PLACES - 1 || random.nextBoolean()) {
                throw new Killed();
            }
            // This one stands still; when it goes on, it can commit nothing more.
            depth++;
            live(() -> random.nextInt(20) > 0);
            depth--;
        }
    }

    @Override
    public boolean loses() {
        if (faults > 0 && random.nextInt(60) == 0) {
            faults--;
            losses++;
            return true;
        }
        return false;
    }

    private void happen() {
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> arrive(random.nextInt(4));
            case 4 -> otherLineWrites();
            case 5 -> othersExpire();
            case 6 -> {
                if (random.nextInt(4) == 0) {
                    resume();
                }
            }
            default -> reader.act();
        }
    }

    /** The join writes samples, within transactions; of one that aborts they are written again. */
    private void arrive(int most) {
        ask(most);
        for (int some = most; some > 0; some--) {
            Sent sent = next();
            if (sent == null) {
                break;
            }
            join = join == null ? log.begin() : join;
            join.append(sent.partition(), sent.key(), sent.value());
            uncommitted.add(sent);
        }
        if (random.nextInt(3) == 0) {
            endJoin(random.nextInt(4) > 0);
        }
        if (faults > 0 && random.nextInt(40) == 0) {
            log.append(partition(topics.advantages(), random.nextInt(topics.partitions())), new byte[1], new byte[] {
                1, 2, 3
            });
        }
    }

    private void endJoin(boolean commit) {
        if (join == null) {
            return;
        }
        if (commit) {
            join.commit();
            Sent last = uncommitted.get(uncommitted.size() - 1);
            if (repeats && random.nextInt(4) == 0) {
                log.append(last.partition(), last.key(), last.value());
            }
        } else {
            join.abort();
            onTheirWay.addAll(uncommitted);
        }
        uncommitted.clear();
        join = null;
    }

    /** The critic has to score prompts before there can be samples. */
    private void ask(int most) {
        if (role.kind() == ModelKind.CRITIC) {
            for (int some = most; some > 0 && asked < requests; some--, asked++) {
                log.append(
                        partition(topics.prompts(), asked % topics.partitions()),
                        key(asked),
                        TestEvents.bytes(topics.prompts(), TestEvents.prompt(asked)));
            }
        } else {
            asked = requests;
        }
    }

    private @Nullable Sent next() {
        if (!onTheirWay.isEmpty()) {
            return onTheirWay.remove();
        }
        if (answered == asked) {
            return null;
        }
        int index = answered;
        Value value = TestEvents.value(index, 0);
        if (role.kind() == ModelKind.CRITIC) {
            List<MemoryLog.Committed> values = log.committed(partition(topics.values(), 0));
            if (answered == values.size()) {
                return null;
            }
            value = TestEvents.event(topics.values(), values.get(answered).value());
            index = Integer.parseInt(value.getRequestId().substring(2));
        }
        answered++;
        int versions =
                log.committed(partition(topics.versions(ModelKind.POLICY), 0)).size();
        int policyVersion = Math.max(0, versions - 1 - random.nextInt(4));
        TrainingSample sample = TestEvents.sample(index, policyVersion, value, now);
        return new Sent(
                partition(topics.advantages(), index % topics.partitions()),
                key(index),
                TestEvents.bytes(topics.advantages(), sample));
    }

    private void otherLineWrites() {
        if (otherLine == null) {
            ModelKind kind = role.kind() == ModelKind.POLICY ? ModelKind.CRITIC : ModelKind.POLICY;
            otherLine = write(topics.trainingSteps(), TestEvents.step(kind, 1));
        } else {
            otherLine = end(otherLine);
        }
    }

    private void othersExpire() {
        if (expiry == null) {
            expiry = write(topics.expired(), TestEvents.infraError(1_000_000));
        } else {
            expiry = end(expiry);
        }
    }

    private <V extends SpecificRecord> MemoryLog.Transaction write(Topic<V> topic, V event) {
        MemoryLog.Transaction open = log.begin();
        open.append(partition(topic, 0), "other".getBytes(UTF_8), TestEvents.bytes(topic, event));
        return open;
    }

    private MemoryLog.@Nullable Transaction end(MemoryLog.@Nullable Transaction open) {
        if (open != null && random.nextBoolean()) {
            open.commit();
        } else if (open != null) {
            open.abort();
        }
        return null;
    }

    /** The operator lets a learner go on that has paused; returns whether one had. */
    private boolean resume() {
        TopicPartition states = partition(topics.learnerStates(), 0);
        List<MemoryLog.Committed> said = log.committed(states);
        if (said.isEmpty()) {
            return false;
        }
        LearnerState last = TestEvents.event(
                topics.learnerStates(), said.get(said.size() - 1).value());
        if (last.getStatus() == LearnerStatus.RUNNING) {
            return false;
        }
        log.append(
                states,
                role.kind().id().getBytes(UTF_8),
                TestEvents.bytes(topics.learnerStates(), TestEvents.running()));
        return true;
    }

    /** The last snapshot but one. */
    private int oldestKept() {
        Topic<WeightsManifest> versions = topics.versions(role.kind());
        List<Integer> snapshots = log.committed(partition(versions, 0)).stream()
                .map(each -> TestEvents.event(versions, each.value()))
                .filter(Manifests::isSnapshot)
                .map(WeightsManifest::getVersion)
                .toList();
        return snapshots.size() < 2 ? 0 : snapshots.get(snapshots.size() - 2);
    }

    static TopicPartition partition(Topic<?> topic, int partition) {
        return new TopicPartition(topic.name(), partition);
    }

    private static byte[] key(int index) {
        return TestEvents.requestId(index).getBytes(UTF_8);
    }
}
