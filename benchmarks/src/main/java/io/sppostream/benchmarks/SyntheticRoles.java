package io.sppostream.benchmarks;

import io.sppostream.advantage.AdvantageStream;
import io.sppostream.advantage.Combination;
import io.sppostream.advantage.JoinSettings;
import io.sppostream.advantage.RewardRules;
import io.sppostream.estimator.builtin.SppoEstimator;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.verify.RewardVerifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** The roles that take {@link SyntheticRollouts}, with a thread for each partition. A role that fails ends the process. */
final class SyntheticRoles {
    private SyntheticRoles() {}

    /** The verifier that compares whole responses. */
    static StreamsApp verifier(RunLog log, Path state) {
        String run = log.topics().namespace();
        return RewardVerifier.start(
                log,
                RewardFactory.verifiers(
                        Configuration.load(null, Map.of(), Map.of("run", run)).settings()),
                state,
                log.topics().rollouts().partitions(),
                SyntheticRoles::fail);
    }

    /**
     * The join, with SPPO.
     *
     * @param timeout how long it waits for an input, and remembers what has settled
     */
    static StreamsApp join(RunLog log, Path state, Duration timeout) {
        JoinSettings settings = new JoinSettings(
                new SppoEstimator(1), true, new RewardRules(Combination.of("exact"), Map.of()), timeout, timeout);
        return AdvantageStream.start(
                log, settings, state, log.topics().rollouts().partitions(), SyntheticRoles::fail);
    }

    private static void fail(Throwable failure) {
        failure.printStackTrace();
        Runtime.getRuntime().halt(1);
    }
}
