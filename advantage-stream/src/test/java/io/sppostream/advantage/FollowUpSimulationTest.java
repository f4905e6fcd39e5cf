package io.sppostream.advantage;

import static io.sppostream.advantage.FollowUpFault.CRASH;
import static io.sppostream.advantage.FollowUpFault.DUPLICATE;
import static io.sppostream.advantage.FollowUpFault.EARLY;
import static io.sppostream.advantage.FollowUpFault.LATENESS;
import static io.sppostream.advantage.FollowUpFault.LOSS;
import static io.sppostream.advantage.FollowUpFault.NOT_JUDGED;
import static io.sppostream.advantage.FollowUpFault.REFUSAL;
import static io.sppostream.advantage.FollowUpFault.REORDERING;
import static io.sppostream.advantage.FollowUpFault.RESTART;
import static io.sppostream.advantage.FollowUpFault.STRAY;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** The join with estimators that ask for follow-ups, under scenarios as in {@link JoinSimulationTest}. */
class FollowUpSimulationTest {
    private static final int SEEDS = 30;

    private final TestInfo scenario;

    @TempDir
    Path stateDirectory;

    FollowUpSimulationTest(TestInfo scenario) {
        this.scenario = scenario;
    }

    @Test
    void shouldCreditEachGroupWithAllOfItsFollowUpsWhenNothingGoesWrong() {
        simulate(SEEDS);
    }

    @Test
    void shouldPublishAndSettleOnceWhenRecordsAreDuplicatedAndReordered() {
        simulate(SEEDS, DUPLICATE, REORDERING);
    }

    @Test
    void shouldTakeUpRolloutsThatAreReadBeforeTheirParent() {
        simulate(SEEDS, EARLY, REORDERING, DUPLICATE);
    }

    @Test
    void shouldExpireRolloutsForWhichNobodyAsked() {
        simulate(SEEDS, STRAY, REORDERING);
    }

    @Test
    void shouldNotBeWedgedByMembersThatAreLostOrNotJudgedOrRefused() {
        simulate(SEEDS, LOSS, NOT_JUDGED, REFUSAL, REORDERING);
    }

    @Test
    void shouldAccountForEachMemberWhenRecordsAreLate() {
        simulate(SEEDS, LATENESS, REORDERING, DUPLICATE);
    }

    @Test
    void shouldPublishEachFollowUpOnceWhenItCrashesOrRestarts() {
        simulate(SEEDS, CRASH, RESTART, DUPLICATE);
    }

    @Test
    void shouldCreditTheSameWhenAllOrdersAreMixedAndItCrashes() {
        simulate(SEEDS, CRASH, RESTART, DUPLICATE, REORDERING, EARLY, STRAY);
    }

    @Test
    void shouldAccountForEachMemberWhenEverythingHappensAtOnce() {
        simulate(60, EnumSet.allOf(FollowUpFault.class));
    }

    private void simulate(int seeds, FollowUpFault... faults) {
        Set<FollowUpFault> all = EnumSet.noneOf(FollowUpFault.class);
        all.addAll(List.of(faults));
        simulate(seeds, all);
    }

    private void simulate(int seeds, Set<FollowUpFault> faults) {
        Simulation.run(scenario, seeds, faults, seed -> {
            FollowUpWorld world = new FollowUpWorld(seed, faults, stateDirectory);
            world.run();
            FollowUpInvariants.verifyAll(world);
            return world.happened();
        });
    }
}
