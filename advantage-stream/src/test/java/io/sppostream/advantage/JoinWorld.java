package io.sppostream.advantage;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.builtin.GrpoEstimator;
import io.sppostream.estimator.builtin.PpoEstimator;
import io.sppostream.estimator.builtin.RestEmEstimator;
import io.sppostream.estimator.builtin.SppoEstimator;
import io.sppostream.events.Expired;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/** A join and everything around it, as decided by one seed: what is sent, what goes wrong and when. */
final class JoinWorld {
    private final Random random;
    private final Set<JoinFault> faults;
    private final JoinSettings settings;
    private final SimulatedJoin join;
    private final Map<String, SentRequest> requests = new LinkedHashMap<>();
    private final Set<JoinFault> happened = EnumSet.noneOf(JoinFault.class);

    JoinWorld(long seed, Set<JoinFault> faults, Path stateDirectory) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.faults = faults;
        this.settings = new JoinSettings(
                estimator(random),
                random.nextInt(4) > 0,
                JoinDriver.SETTINGS.rewards(),
                Duration.ofSeconds(60),
                Duration.ofDays(1));
        this.join = new SimulatedJoin(stateDirectory, settings);
    }

    private static AdvantageEstimator estimator(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> new GrpoEstimator(2 + random.nextInt(4), random.nextBoolean(), random.nextBoolean(), 0.85);
            case 1 -> new RestEmEstimator(1 + random.nextInt(4), 1 + random.nextInt(2), 0.5);
            case 2 -> new PpoEstimator(1 + random.nextInt(3), 1, 0.9, PpoEstimator.ValueLoss.MSE, 0.5, 0);
            default -> new SppoEstimator(1);
        };
    }

    JoinSettings settings() {
        return settings;
    }

    boolean readsTokenValues() {
        return settings.estimator().needs().critic() == CriticKind.TOKEN;
    }

    /** Whether the estimator reads the value of the prompt. */
    boolean readsValues() {
        return settings.estimator().needs().critic() == CriticKind.PROMPT;
    }

    /** The number of rollouts that a request asks for: mostly what the estimator does. */
    private int wanted() {
        int samples = settings.estimator().needs().samples();
        return samples > 1 && random.nextInt(5) > 0 ? samples : 1 + random.nextInt(4) * random.nextInt(2);
    }

    /** Runs until all records are read, all that waits has expired, and all that has settled is forgotten. */
    void run() {
        List<SpecificRecord> unsent = events();
        double crashes = rate(JoinFault.CRASH, 0.1);
        // More of them could keep the join from ever getting ahead.
        int crashesBeforeCommit = faults.contains(JoinFault.CRASH_BEFORE_COMMIT) ? 1 + random.nextInt(8) : 0;
        double restarts = rate(JoinFault.RESTART, 0.5);
        double upgrades = rate(JoinFault.UPGRADE, 0.5);
        double commits = random.nextDouble() * 0.3;
        while (!unsent.isEmpty() || !join.unread().isEmpty()) {
            List<Topic<?>> unread = join.unread();
            if (unread.isEmpty() || (!unsent.isEmpty() && random.nextInt(3) == 0)) {
                join.append(unsent.remove(unsent.size() - 1));
            } else {
                join.process(unread.get(random.nextInt(unread.size())));
            }
            if (faults.contains(JoinFault.LATENESS) && random.nextInt(5) == 0) {
                join.advance(Duration.ofMillis(random.nextInt(20_000)));
                happened.add(JoinFault.LATENESS);
            }
            if (random.nextDouble() < crashes) {
                crash(JoinFault.CRASH);
            } else if (crashesBeforeCommit > 0 && join.hasUncommittedOutput() && random.nextBoolean()) {
                crashesBeforeCommit--;
                crash(JoinFault.CRASH_BEFORE_COMMIT);
            } else if (random.nextDouble() < commits) {
                join.commit();
                if (random.nextDouble() < restarts) {
                    crash(JoinFault.RESTART);
                } else if (random.nextDouble() < upgrades) {
                    join.downgrade();
                    crash(JoinFault.UPGRADE);
                }
            }
        }
        join.commit();
        join.crash();
        join.advance(settings.patience().plusSeconds(1));
        join.advance(settings.remember().plusSeconds(1));
        if (faults.contains(JoinFault.REPEATED_WHEN_FORGOTTEN)) {
            repeatVerdictsAndValues();
        }
        join.commit();
    }

    private void repeatVerdictsAndValues() {
        for (SentRequest request : requests.values()) {
            for (SpecificRecord event : request.events()) {
                if (request.hasArrived(event) && (event instanceof Verdict || event instanceof Value)) {
                    join.append(event);
                    happened.add(JoinFault.REPEATED_WHEN_FORGOTTEN);
                }
            }
        }
        for (List<Topic<?>> unread = join.unread(); !unread.isEmpty(); unread = join.unread()) {
            join.process(unread.get(random.nextInt(unread.size())));
        }
        join.advance(settings.patience().plusSeconds(1));
    }

    /** A rate between 0 and {@code most}, or 0 if the fault does not happen in this world. */
    private double rate(JoinFault fault, double most) {
        return faults.contains(fault) ? random.nextDouble() * most : 0;
    }

    private void crash(JoinFault how) {
        join.crash();
        happened.add(how);
    }

    /** The events of some requests, last one first, as often as they reach the log. */
    private List<SpecificRecord> events() {
        double loss = rate(JoinFault.LOSS, 0.3);
        double repetition = rate(JoinFault.DUPLICATE, 0.5);
        List<SpecificRecord> events = new ArrayList<>();
        int count = 1 + random.nextInt(12);
        for (int i = 0; i < count; i++) {
            SentRequest request = new SentRequest(
                    "r-" + i,
                    wanted(),
                    readsTokenValues(),
                    happens(JoinFault.REFUSAL, faults.contains(JoinFault.REFUSAL) && random.nextInt(5) == 0),
                    faults.contains(JoinFault.NOT_JUDGED),
                    faults.contains(JoinFault.EXPIRED_ELSEWHERE) && random.nextInt(3) == 0,
                    random);
            happens(JoinFault.EXPIRED_ELSEWHERE, request.expiredElsewhere >= 0);
            requests.put(request.id, request);
            for (SpecificRecord event : request.events()) {
                if (!happens(JoinFault.LOSS, random.nextDouble() < loss)) {
                    request.arrive(event);
                    do {
                        events.add(event);
                    } while (happens(JoinFault.DUPLICATE, random.nextDouble() < repetition));
                }
            }
        }
        if (faults.contains(JoinFault.REORDERING)) {
            Collections.shuffle(events, random);
            happened.add(JoinFault.REORDERING);
        } else {
            Collections.reverse(events);
        }
        return events;
    }

    private boolean happens(JoinFault fault, boolean happens) {
        if (happens) {
            happened.add(fault);
        }
        return happens;
    }

    /** The faults that happened. */
    Set<JoinFault> happened() {
        if (requests.values().stream().anyMatch(JoinWorld::isAnyNotJudged)) {
            happened.add(JoinFault.NOT_JUDGED);
        }
        return happened;
    }

    private static boolean isAnyNotJudged(SentRequest request) {
        for (int sample = 0; sample < request.samples; sample++) {
            if (request.outcome(sample) instanceof RewardOutcome.NotJudged) {
                return true;
            }
        }
        return false;
    }

    /** Whether nothing expires before all its records have been read. */
    boolean isPatient() {
        return !faults.contains(JoinFault.LATENESS);
    }

    /** All requests. */
    Collection<SentRequest> requests() {
        return requests.values();
    }

    /** The training samples that were committed, in order. */
    List<TrainingSample> samples() {
        return join.committed(TrainingSample.class);
    }

    /** The expiries that were committed, in order. */
    List<Expired> expired() {
        return join.committed(Expired.class);
    }

    /** The rollouts that were committed to the DLQ, in order. */
    List<Rollout> deadLetters() {
        return join.committed(byte[].class).stream().map(SimulatedJoin::rollout).toList();
    }

    /** Number of entries in the stores. */
    int stored() {
        return join.stored();
    }
}
