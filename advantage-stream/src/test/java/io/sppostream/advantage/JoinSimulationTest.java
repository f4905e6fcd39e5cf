package io.sppostream.advantage;

import static io.sppostream.advantage.JoinFault.CRASH;
import static io.sppostream.advantage.JoinFault.CRASH_BEFORE_COMMIT;
import static io.sppostream.advantage.JoinFault.DUPLICATE;
import static io.sppostream.advantage.JoinFault.EXPIRED_ELSEWHERE;
import static io.sppostream.advantage.JoinFault.LATENESS;
import static io.sppostream.advantage.JoinFault.LOSS;
import static io.sppostream.advantage.JoinFault.NOT_JUDGED;
import static io.sppostream.advantage.JoinFault.REFUSAL;
import static io.sppostream.advantage.JoinFault.REORDERING;
import static io.sppostream.advantage.JoinFault.REPEATED_WHEN_FORGOTTEN;
import static io.sppostream.advantage.JoinFault.RESTART;
import static io.sppostream.advantage.JoinFault.UPGRADE;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * The join under scenarios, each a set of {@link JoinFault}s: whatever happens, every {@link JoinInvariant} holds.
 * {@code -Dsimulation.seeds=10000} tries more seeds per scenario than a build has time for.
 */
class JoinSimulationTest {
    private static final int SEEDS = 30;

    private final TestInfo scenario;

    @TempDir
    Path stateDirectory;

    JoinSimulationTest(TestInfo scenario) {
        this.scenario = scenario;
    }

    @Test
    void shouldSettleEachRolloutWhenNothingGoesWrong() {
        simulate(SEEDS);
    }

    @Test
    void shouldSettleEachRolloutOnceWhenRecordsAreDuplicated() {
        simulate(SEEDS, DUPLICATE);
    }

    @Test
    void shouldSettleTheSameWhenRecordsAreReordered() {
        simulate(SEEDS, REORDERING);
    }

    @Test
    void shouldExpireWhatIsIncompleteWhenRecordsAreLost() {
        simulate(SEEDS, LOSS, REORDERING);
    }

    @Test
    void shouldSettleEachRolloutOnceWhenRecordsAreLate() {
        simulate(SEEDS, LATENESS, REORDERING, DUPLICATE);
    }

    @Test
    void shouldExpireWithTheReasonWhenVerifiersFail() {
        simulate(SEEDS, NOT_JUDGED, REORDERING);
    }

    @Test
    void shouldWaitForNoRolloutWhenTheProducerRefusesIt() {
        simulate(SEEDS, REFUSAL, REORDERING, DUPLICATE);
    }

    @Test
    void shouldTrainNoRolloutAndSettleItsSiblingsWhenAnotherRoleExpiresIt() {
        simulate(SEEDS, EXPIRED_ELSEWHERE, REORDERING, DUPLICATE);
    }

    @Test
    void shouldSettleNothingTwiceWhenVerdictsAndValuesArriveForForgottenRequests() {
        simulate(SEEDS, REPEATED_WHEN_FORGOTTEN, REORDERING, LOSS);
    }

    @Test
    void shouldContinueWithTheStoresOfAFormerVersionWhenItIsUpgraded() {
        simulate(SEEDS, UPGRADE, REORDERING, DUPLICATE);
    }

    @Test
    void shouldLoseAndRepeatNothingWhenItCrashesAtAnyMoment() {
        simulate(SEEDS, CRASH);
    }

    @Test
    void shouldLoseAndRepeatNothingWhenItCrashesBetweenSettlementAndCommit() {
        simulate(SEEDS, CRASH_BEFORE_COMMIT, REORDERING);
    }

    @Test
    void shouldContinueWithItsStoresWhenItRestartsAfterACommit() {
        simulate(SEEDS, RESTART, REORDERING, DUPLICATE);
    }

    @Test
    void shouldSettleEachRolloutOnceWhenEverythingButLatenessHappens() {
        Set<JoinFault> faults = EnumSet.allOf(JoinFault.class);
        faults.remove(LATENESS);
        simulate(50, faults);
    }

    @Test
    void shouldSettleEachRolloutOnceWhenEverythingHappensAtOnce() {
        simulate(100, EnumSet.allOf(JoinFault.class));
    }

    private void simulate(int seeds, JoinFault... faults) {
        Set<JoinFault> all = EnumSet.noneOf(JoinFault.class);
        all.addAll(List.of(faults));
        simulate(seeds, all);
    }

    private void simulate(int seeds, Set<JoinFault> faults) {
        Simulation.run(scenario, seeds, faults, seed -> {
            JoinWorld world = new JoinWorld(seed, faults, stateDirectory);
            world.run();
            JoinInvariant.verifyAll(world);
            return world.happened();
        });
    }
}
