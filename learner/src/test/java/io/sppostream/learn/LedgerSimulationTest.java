package io.sppostream.learn;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.learn.update.ClippedPolicyLoss;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.learn.update.PolicyUpdateSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The learners' own loops in worlds that one seed each decides ({@link LedgerWorld}): whatever happens, what is on the
 * log is what a learner leaves there that nothing happens to ({@link LedgerCheck}).
 *
 * <p>{@code -Dsimulation.seeds=10000} tries more seeds than a build has time for; {@code -Dsimulation.seed=N
 * -Dsimulation.seeds=1} is the one that a failure names.
 */
class LedgerSimulationTest {
    static final PolicyUpdateSettings UPDATE =
            new PolicyUpdateSettings(new ClippedPolicyLoss(0.2, 3), false, new LearningRate(1e-2, 0), 2, 1);

    @Test
    void shouldKeepTheLedgerOfALearnerThatNothingHappensTo() {
        simulate(1, random -> {
            int words = 1 + random.nextInt(24);
            return new Policy(16 + random.nextInt(48), place -> new HashModel(words));
        });
    }

    @Test
    void shouldKeepThePolicysWeightsToTheBit() {
        List<PolicyModel> models = models(() -> PolicyModel.random(TestModels.CONFIG, 1, ModelSettings.cpu()));
        byte[] start = bytes(models.get(0)::writeWeights);
        simulate(
                100,
                random -> new Policy(5_000, place -> {
                    read(start, models.get(place)::readWeights);
                    return new TrainablePolicy(models.get(place), UPDATE, TestModels.ADAM, TestModels.TRAINING);
                }));
        models.forEach(PolicyModel::close);
    }

    @Test
    void shouldKeepTheCriticsWeightsToTheBitAndScoreEachPromptOnce() {
        List<CriticModel> models = models(() -> CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu()));
        byte[] start = bytes(models.get(0)::writeWeights);
        simulate(50, random -> new Scorer(models, start));
        models.forEach(CriticModel::close);
    }

    private static <M> List<M> models(Supplier<M> model) {
        return Stream.generate(model).limit(LedgerWorld.PLACES).toList();
    }

    /** @param share a seed in so many is tried */
    private static void simulate(int share, Function<Random, LedgerWorld.Role> roles) {
        long first = Long.getLong("simulation.seed", 1);
        long count = Long.getLong("simulation.seeds", 150);
        LongStream.range(first, first + Math.max(1, count / share)).forEach(seed -> {
            try {
                LedgerWorld world = new LedgerWorld(seed, roles);
                world.run();
                new LedgerCheck(world).check();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dsimulation.seed=" + seed + " -Dsimulation.seeds=1: " + e.getMessage(), e);
            }
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

    /** The policy's learner, with one model or another. */
    private record Policy(int chunkBytes, IntFunction<TrainableModel> models) implements LedgerWorld.Role {
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
                    running);
        }
    }

    /** The critic. */
    private record Scorer(List<CriticModel> models, byte[] weights) implements LedgerWorld.Role {
        @Override
        public ModelKind kind() {
            return ModelKind.CRITIC;
        }

        @Override
        public int chunkBytes() {
            return 5_000;
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
                    new CriticUpdateSettings(new LearningRate(1e-2, 0), 2),
                    TestModels.ADAM,
                    TestModels.TRAINING);
        }

        @Override
        public void learn(TrainableModel kind, LedgerWorld world, BooleanSupplier running) {
            Critic.learn(
                    new RunLog(world.kafka(), TestEvents.SERDES, world.topics()),
                    (TrainableCritic) kind,
                    world.settings().step(),
                    world.clock(),
                    running);
        }
    }
}
