package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.weights.Manifests;
import io.sppostream.log.weights.WeightsStorage;
import io.sppostream.model.ModelSettings.Precision;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A learner and everything around it, as decided by one seed. At any call of its clients samples may arrive, one by one or
 * after a long time; other roles begin, commit and abort transactions on the topics that it writes to; a reader fetches
 * its versions; and the {@link LedgerFault}s of the scenario may happen. Now and then the learner is stopped and started.
 */
final class LedgerWorld implements MemoryLog.World {

    /** A learner's loop, and what it trains. */
    interface Role {
        ModelKind kind();

        /**
         * Creates a model with the start weights.
         *
         * @param place tells models that live at the same time apart; less than {@link #PLACES}
         */
        TrainableModel start(int place);

        /** On the topic as a rule, in chunks of which the model's weights are several; or in a folder. */
        WeightsStorage storage();

        void learn(TrainableModel model, LedgerWorld world, BooleanSupplier running);
    }

    /** How many learners may live at the same time, all but one of them stalled. */
    static final int PLACES = 3;

    private static final class Killed extends Error {
        Killed() {
            super("killed");
        }
    }

    /** A record on its way to advantages. */
    private record Sent(TopicPartition partition, byte[] key, byte[] value) {}

    private final Random random;
    private final Set<LedgerFault> faults;
    private final Set<LedgerFault> happened = EnumSet.noneOf(LedgerFault.class);
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
    private MemoryLog.@Nullable Transaction otherLearner;
    private MemoryLog.@Nullable Transaction expiry;

    /** Number of kills, losses and takeovers that may still happen; at 0, the faults are over. */
    private int disturbances;

    private int losses;
    private int started;
    private int depth;

    /** Whether the world acts, so that a call is not the learner's. */
    private boolean acting;

    private boolean hurried;
    private long seen;
    private int quiet;

    /**
     * A world of its own.
     *
     * @param faults that may happen in it
     * @param roles creates the learner that the world is about
     */
    LedgerWorld(long seed, Set<LedgerFault> faults, Function<Random, Role> roles) {
        this.faults = faults;
        random = new Random(seed * 0x9E3779B97F4A7C15L);
        role = roles.apply(random);
        topics = new Topics("test", 1 + random.nextInt(3));
        int samples = role.kind() == ModelKind.POLICY && random.nextInt(3) == 0 ? 2 + random.nextInt(2) : 1;
        int groups = 1 + random.nextInt(4);
        boolean policy = role.kind() == ModelKind.POLICY;
        boolean expires = policy && faults.contains(LedgerFault.STALE) && random.nextBoolean();
        boolean pauses = policy && faults.contains(LedgerFault.PAUSE) && random.nextBoolean();
        CircuitBreakerSettings breakers = pauses
                ? new CircuitBreakerSettings(
                        random.nextInt(3) * 0.1, oneOf(0.5, 1), oneOf(0.5, 1), 1 + random.nextInt(6))
                : new CircuitBreakerSettings(0, 1, 1, 1);
        EdgeReplay replay = samples > 1 && random.nextBoolean()
                ? new EdgeReplay(1 + random.nextInt(2), 1 + random.nextInt(4))
                : EdgeReplay.NONE;
        settings = new PolicyLearnerSettings(
                new StepSettings(
                        seed,
                        groups * samples,
                        samples,
                        replay,
                        1 + random.nextInt(4),
                        role.storage(),
                        "configuration",
                        0),
                expires ? random.nextInt(4) : Integer.MAX_VALUE,
                breakers,
                LedgerSimulationTest.UPDATE,
                TestModels.ADAM,
                TestModels.TRAINING,
                Precision.FLOAT32);
        requests = groups * (3 + random.nextInt(6)) + random.nextInt(groups);
        // The join drops duplicates. Without it, a sample is whatever is at an offset: a duplicate is trained twice,
        // and
        // an audit reports it.
        repeats = policy
                && samples == 1
                && !expires
                && !pauses
                && faults.contains(LedgerFault.DUPLICATE)
                && random.nextInt(3) == 0;
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

    /** How many learners were started. */
    int lives() {
        return started;
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

    /** Runs with the faults that the seed decides, and then without faults until there is nothing more to do. */
    void run() {
        disturbances = random.nextInt(8);
        for (int lives = 1 + random.nextInt(10); lives > 0 && disturbances > 0; lives--) {
            live(() -> random.nextInt(40) > 0);
            if (role.kind() == ModelKind.POLICY
                    && faults.contains(LedgerFault.FORGOTTEN_OFFSETS)
                    && random.nextInt(6) == 0) {
                log.forgetOffsets();
                happened.add(LedgerFault.FORGOTTEN_OFFSETS);
            }
        }
        disturbances = 0;
        live(this::isBusy);
        // From here on, calls only inspect the log.
        acting = true;
        hurry();
    }

    /** Runs a learner from its start with the start weights to its end. */
    private void live(BooleanSupplier running) {
        int me = ++started;
        int lossesBefore = losses;
        try (TrainableModel model = role.start(depth)) {
            if (model instanceof HashModel hash
                    && disturbances > 0
                    && faults.contains(LedgerFault.OTHER_PROCESSOR)
                    && random.nextInt(3) == 0) {
                happened.add(LedgerFault.OTHER_PROCESSOR);
                hash.on(1 + random.nextInt(3));
            }
            role.learn(model, this, running);
        } catch (Killed e) {
            // The next one resumes.
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

    /** Ends open transactions and sends everything unsent; returns whether the learner may have more to do. */
    private boolean hurry() {
        long before = hurried ? log.changes() : -1;
        hurried = true;
        endJoin(true);
        do {
            arrive(Integer.MAX_VALUE);
            endJoin(true);
        } while (!onTheirWay.isEmpty());
        otherLearner = end(otherLearner);
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
        if (disturbances > 0 && random.nextInt(50) == 0) {
            boolean takesOver = faults.contains(LedgerFault.TAKEOVER) && depth < PLACES - 1;
            if (faults.contains(LedgerFault.KILL) && !(takesOver && random.nextBoolean())) {
                kill(LedgerFault.KILL);
            } else if (takesOver) {
                disturb(LedgerFault.TAKEOVER);
                // This one stalls. When it resumes, it is fenced.
                depth++;
                live(() -> random.nextInt(20) > 0);
                depth--;
            }
        }
    }

    private void kill(LedgerFault when) {
        disturb(when);
        throw new Killed();
    }

    private void disturb(LedgerFault how) {
        disturbances--;
        happened.add(how);
    }

    @Override
    public void beforeCommit() {
        killAtCommit(LedgerFault.KILL_BEFORE_COMMIT);
    }

    @Override
    public void afterCommit() {
        killAtCommit(LedgerFault.KILL_AFTER_COMMIT);
    }

    private void killAtCommit(LedgerFault when) {
        if (!acting && disturbances > 0 && faults.contains(when) && random.nextInt(4) == 0) {
            kill(when);
        }
    }

    @Override
    public boolean loses() {
        if (disturbances > 0 && faults.contains(LedgerFault.LOST_REQUEST) && random.nextInt(60) == 0) {
            disturb(LedgerFault.LOST_REQUEST);
            losses++;
            return true;
        }
        return false;
    }

    /** The faults that happened. */
    Set<LedgerFault> happened() {
        if (events(topics.expired()).stream().anyMatch(each -> each.getReason() == ExpiryReason.STALE)) {
            happened.add(LedgerFault.STALE);
        }
        if (events(topics.learnerStates()).stream().anyMatch(each -> each.getStatus() == LearnerStatus.PAUSED)) {
            happened.add(LedgerFault.PAUSE);
        }
        return happened;
    }

    /** The committed events on the first partition of a topic. */
    <V extends SpecificRecord> List<V> events(Topic<V> topic) {
        return log.committed(partition(topic, 0)).stream()
                .map(each -> TestEvents.event(topic, each.value()))
                .toList();
    }

    private void happen() {
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> arrive(random.nextInt(4));
            case 4 -> otherLearnerWrites();
            case 5 -> othersExpire();
            case 6 -> {
                if (random.nextInt(4) == 0) {
                    resume();
                }
            }
            default -> reader.act();
        }
    }

    /** The join writes samples in transactions. If one aborts, it writes its samples again. */
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
            boolean aborts = faults.contains(LedgerFault.ABORTED_SAMPLES) && random.nextInt(4) == 0;
            endJoin(!aborts);
        }
        if (disturbances > 0 && faults.contains(LedgerFault.UNREADABLE) && random.nextInt(40) == 0) {
            happened.add(LedgerFault.UNREADABLE);
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
                happened.add(LedgerFault.DUPLICATE);
            }
        } else {
            join.abort();
            happened.add(LedgerFault.ABORTED_SAMPLES);
            for (int i = uncommitted.size() - 1; i >= 0; i--) {
                onTheirWay.addFirst(uncommitted.get(i));
            }
        }
        uncommitted.clear();
        join = null;
    }

    /** Writes prompts, which the critic has to score before there are samples. */
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
        List<MemoryLog.Committed> versions = log.committed(partition(topics.versions(ModelKind.POLICY), 0));
        int newest = versions.isEmpty()
                ? 0
                : TestEvents.event(
                                topics.versions(ModelKind.POLICY),
                                versions.get(versions.size() - 1).value())
                        .getVersion();
        // The samples of a group may be of different versions. Some of them may have got no credit.
        int samples = settings.step().samples();
        int credited = samples == 1 ? 1 : 1 + random.nextInt(samples);
        for (int i = 0; i < credited; i++) {
            int policyVersion = Math.max(0, newest - random.nextInt(4));
            onTheirWay.add(new Sent(
                    partition(topics.advantages(), index % topics.partitions()),
                    key(index),
                    TestEvents.bytes(
                            topics.advantages(),
                            TestEvents.ofGroup(
                                    TestEvents.sample(index, policyVersion, value, now), i, samples, credited))));
        }
        return onTheirWay.remove();
    }

    private void otherLearnerWrites() {
        if (otherLearner == null) {
            if (!faults.contains(LedgerFault.OPEN_TRANSACTIONS)) {
                return;
            }
            happened.add(LedgerFault.OPEN_TRANSACTIONS);
            ModelKind kind = role.kind() == ModelKind.POLICY ? ModelKind.CRITIC : ModelKind.POLICY;
            otherLearner = write(topics.trainingSteps(), TestEvents.step(kind, 1));
        } else {
            otherLearner = end(otherLearner);
        }
    }

    private void othersExpire() {
        if (expiry == null) {
            if (!faults.contains(LedgerFault.OPEN_TRANSACTIONS)) {
                return;
            }
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

    /** The operator resumes a paused learner; returns whether it was paused. */
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

    /** The version of the last snapshot but one. In a folder, any version but the last may be gone. */
    private int oldestKept() {
        if (role.storage().usesFolder(0)) {
            return events(topics.versions(role.kind())).size() - 1;
        }
        List<Integer> snapshots = events(topics.versions(role.kind())).stream()
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
