package io.sppostream.learn;

import static io.sppostream.learn.LedgerFault.ABORTED_SAMPLES;
import static io.sppostream.learn.LedgerFault.DUPLICATE;
import static io.sppostream.learn.LedgerFault.FORGOTTEN_OFFSETS;
import static io.sppostream.learn.LedgerFault.KILL;
import static io.sppostream.learn.LedgerFault.KILL_AFTER_COMMIT;
import static io.sppostream.learn.LedgerFault.KILL_BEFORE_COMMIT;
import static io.sppostream.learn.LedgerFault.LOST_REQUEST;
import static io.sppostream.learn.LedgerFault.OPEN_TRANSACTIONS;
import static io.sppostream.learn.LedgerFault.OTHER_PROCESSOR;
import static io.sppostream.learn.LedgerFault.PAUSE;
import static io.sppostream.learn.LedgerFault.STALE;
import static io.sppostream.learn.LedgerFault.TAKEOVER;
import static io.sppostream.learn.LedgerFault.UNREADABLE;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.learn.update.ClippedPolicyLoss;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.learn.update.LossMean;
import io.sppostream.learn.update.PolicyObjective;
import io.sppostream.learn.update.PolicyUpdateSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.log.weights.WeightsStorage;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.FileSystem;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * The learners' own loops under scenarios, each a set of {@link LedgerFault}s: whatever happens, every
 * {@link LedgerInvariant} holds of the log. {@code -Dsimulation.seeds=10000} tries more seeds per scenario than a build
 * has time for.
 */
class LedgerSimulationTest {
    static final PolicyUpdateSettings UPDATE = update(PolicyObjective.SPPO);

    private static final int SEEDS = 20;

    private final TestInfo scenario;

    LedgerSimulationTest(TestInfo scenario) {
        this.scenario = scenario;
    }

    @Test
    void shouldKeepTheLedgerWhenNothingGoesWrong() {
        simulate(SEEDS);
    }

    @Test
    void shouldContinueFromTheLastCommitWhenKilledAtAnyCall() {
        simulate(SEEDS, KILL);
    }

    @Test
    void shouldContinueFromTheLastCommitWhenKilledBetweenTheLastWriteAndTheCommit() {
        simulate(SEEDS, KILL_BEFORE_COMMIT);
    }

    @Test
    void shouldContinueFromTheLastCommitWhenKilledBetweenTheCommitAndItsAnswer() {
        simulate(SEEDS, KILL_AFTER_COMMIT);
    }

    @Test
    void shouldCommitNothingMoreWhenAnotherHasTakenOver() {
        simulate(SEEDS, TAKEOVER);
    }

    @Test
    void shouldContinueFromTheLastCommitWhenRequestsOrAnswersAreLost() {
        simulate(SEEDS, LOST_REQUEST);
    }

    @Test
    void shouldContinueFromTheLedgersOffsetsWhenTheBrokerHasForgottenTheGroups() {
        simulate(SEEDS, FORGOTTEN_OFFSETS);
    }

    @Test
    void shouldTrainOnlyCommittedSamplesWhenTheJoinAborts() {
        simulate(SEEDS, ABORTED_SAMPLES);
    }

    @Test
    void shouldReadItsOwnRecordsWhenOthersHaveTransactionsOpen() {
        simulate(SEEDS, OPEN_TRANSACTIONS, KILL);
    }

    @Test
    void shouldTrainWhatLiesAtEachOffsetWhenSamplesAreDuplicated() {
        simulate(SEEDS, DUPLICATE, KILL);
    }

    @Test
    void shouldSkipRecordsWhenTheyCannotBeRead() {
        simulate(SEEDS, UNREADABLE, KILL);
    }

    @Test
    void shouldExpireSamplesOnceWhenTheyAreStale() {
        simulate(SEEDS, STALE, KILL);
    }

    @Test
    void shouldCommitNoStepWhenACircuitBreakerHasPausedIt() {
        simulate(SEEDS, PAUSE, OPEN_TRANSACTIONS, KILL);
    }

    @Test
    void shouldRestoreTheWeightsOfTheLogWhenAnotherProcessorMakesOthers() {
        simulate(SEEDS, OTHER_PROCESSOR, KILL);
    }

    @Test
    void shouldKeepTheLedgerWhenEverythingHappensAtOnce() {
        simulate(150, EnumSet.allOf(LedgerFault.class));
    }

    @Test
    void shouldKeepTheLedgerWhenWeightsAreInAFolderAndEverythingHappensAtOnce() throws IOException {
        try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
            AtomicInteger runs = new AtomicInteger();
            simulate(100, 1, EnumSet.allOf(LedgerFault.class), random -> {
                int words = 1 + random.nextInt(24);
                String folder =
                        memory.getPath("/" + runs.incrementAndGet()).toUri().toString();
                WeightsStorage storage = new WeightsStorage(1, folder, -1, 1 + random.nextInt(3));
                return new Policy(storage, place -> new HashModel(words));
            });
        }
    }

    @Test
    void shouldKeepThePolicysWeightsToTheBitWhenEverythingHappensAtOnce() {
        simulatePolicy(PolicyObjective.SPPO);
    }

    /** The reference is the start policy, also for a learner that recovers a later version. */
    @Test
    void shouldKeepThePolicysWeightsToTheBitWhenTheLossHasAReference() {
        simulatePolicy(PolicyObjective.of(
                TrainingRecipe.policyGradient().whitened().withKl(TrainingRecipe.KlPenalty.Place.SEQUENCE_LOSS, 0.1),
                LossMean.SEQUENCE));
    }

    private void simulatePolicy(PolicyObjective objective) {
        List<PolicyModel> models = models(() -> PolicyModel.random(TestModels.CONFIG, 1, ModelSettings.cpu()));
        byte[] start = bytes(models.get(0)::writeWeights);
        simulate(
                1,
                100,
                EnumSet.complementOf(EnumSet.of(OTHER_PROCESSOR)),
                random -> new Policy(WeightsStorage.onTopic(5_000), place -> {
                    read(start, models.get(place)::readWeights);
                    return new TrainablePolicy(
                            models.get(place), update(objective), TestModels.ADAM, TestModels.TRAINING);
                }));
        models.forEach(PolicyModel::close);
    }

    @Test
    void shouldKeepTheCriticsWeightsToTheBitAndScoreEachPromptOnceWhenEverythingHappensAtOnce() {
        List<CriticModel> models = models(() -> CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu()));
        byte[] start = bytes(models.get(0)::writeWeights);
        Set<LedgerFault> faults = EnumSet.allOf(LedgerFault.class);
        // These are for policies only.
        faults.removeAll(EnumSet.of(FORGOTTEN_OFFSETS, DUPLICATE, STALE, PAUSE, OTHER_PROCESSOR));
        simulate(3, 50, faults, random -> new Scorer(models, start));
        models.forEach(CriticModel::close);
    }

    private static PolicyUpdateSettings update(PolicyObjective objective) {
        return new PolicyUpdateSettings(
                objective, new ClippedPolicyLoss(0.2, 3), false, new LearningRate(1e-2, 0), 2, 0, 1);
    }

    private static <M> List<M> models(Supplier<M> model) {
        return Stream.generate(model).limit(LedgerWorld.PLACES).toList();
    }

    private void simulate(int seeds, LedgerFault... faults) {
        Set<LedgerFault> all = EnumSet.noneOf(LedgerFault.class);
        all.addAll(List.of(faults));
        simulate(seeds, all);
    }

    private void simulate(int seeds, Set<LedgerFault> faults) {
        simulate(seeds, 1, faults, random -> {
            int words = 1 + random.nextInt(24);
            return new Policy(WeightsStorage.onTopic(16 + random.nextInt(48)), place -> new HashModel(words));
        });
    }

    private void simulate(int seeds, int share, Set<LedgerFault> faults, Function<Random, LedgerWorld.Role> roles) {
        Simulation.run(scenario, seeds, share, faults, seed -> {
            LedgerWorld world = new LedgerWorld(seed, faults, roles);
            world.run();
            LedgerInvariant.verifyAll(new LedgerTrace(world));
            return world.happened();
        });
    }

    private static byte[] bytes(WeightsPublisher.Source weights) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            weights.writeTo(Channels.newChannel(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void read(byte[] weights, WeightsFollower.Sink model) {
        try (ReadableByteChannel in = Channels.newChannel(new ByteArrayInputStream(weights))) {
            model.readFrom(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The policy's learner, with a model of any kind. */
    private record Policy(WeightsStorage storage, IntFunction<TrainableModel> models) implements LedgerWorld.Role {
        @Override
        public ModelKind kind() {
            return ModelKind.POLICY;
        }

        @Override
        public TrainableModel start(int place) {
            return models.apply(place);
        }

        @Override
        public void learn(TrainableModel model, LedgerWorld world, BooleanSupplier running) {
            PolicyLearner.learn(
                    new RunLog(world.kafka(), TestEvents.SERDES, world.topics()),
                    model,
                    world.settings(),
                    world.clock(),
                    new Stopping(running));
        }
    }

    /** The critic. */
    private record Scorer(List<CriticModel> models, byte[] weights) implements LedgerWorld.Role {
        @Override
        public ModelKind kind() {
            return ModelKind.CRITIC;
        }

        @Override
        public WeightsStorage storage() {
            return WeightsStorage.onTopic(5_000);
        }

        @Override
        public TrainableModel start(int place) {
            LedgerSimulationTest.read(weights, models.get(place)::readWeights);
            return new TrainableCritic(
                    models.get(place),
                    messages -> TestModels.sequences(
                                    1, Integer.parseInt(messages.get(0).getContent()))
                            .get(0)
                            .prompt(),
                    new CriticUpdateSettings(CriticObjective.SPPO, new LearningRate(1e-2, 0), 2),
                    TestModels.ADAM,
                    TestModels.TRAINING);
        }

        @Override
        public void learn(TrainableModel model, LedgerWorld world, BooleanSupplier running) {
            Critic.learn(
                    new RunLog(world.kafka(), TestEvents.SERDES, world.topics()),
                    (TrainableCritic) model,
                    world.settings().step(),
                    world.clock(),
                    new Stopping(running));
        }
    }
}
