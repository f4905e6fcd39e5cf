package io.sppostream.verify;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.log.LogObserver;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.CommitAfterPoll;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Verifiers.Assignment;
import java.nio.file.Path;
import java.time.Clock;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * The role that judges with inline verifiers, those whose time is bounded by construction: each rollout leads to exactly
 * one record on {@code verdicts} for each inline verifier of its dataset, across crashes. Invalid rollouts ({@link
 * RolloutRules}) lead to none, because the advantage stream expires them. A
 * verifier that throws yields INFRA_ERROR without a reward, because a fault of the machinery is not a wrong answer.
 * {@link AsyncVerifier} runs the other verifiers.
 */
public final class RewardVerifier {
    private RewardVerifier() {}

    /**
     * Starts the role.
     *
     * @param stateDirectory where Kafka Streams keeps its state
     * @param threads number of stream threads
     * @param onFailure receives the error that stopped the role, if one did
     */
    public static StreamsApp start(
            RunLog runLog, Verifiers verifiers, Path stateDirectory, int threads, Consumer<Throwable> onFailure) {
        return StreamsApp.start(
                topology(runLog, verifiers, Clock.systemUTC()),
                runLog,
                RoleName.REWARD_VERIFIER,
                stateDirectory,
                threads,
                onFailure);
    }

    /** rollouts -> judge -> verdicts. */
    public static Topology topology(RunLog runLog, Verifiers verifiers, Clock clock) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(
                        runLog.topics().rollouts().name(),
                        Consumed.with(
                                        Serdes.String(),
                                        runLog.serdes().serde(runLog.topics().rollouts()))
                                .withName("rollouts"))
                .process(
                        () -> new JudgeProcessor(
                                verifiers, clock, runLog.serdes().observer()),
                        Named.as("judge"))
                .to(
                        runLog.topics().verdicts().name(),
                        Produced.with(
                                        Serdes.String(),
                                        runLog.serdes().serde(runLog.topics().verdicts()))
                                .withName("verdicts"));
        return builder.build();
    }

    private static final class JudgeProcessor extends ContextualProcessor<String, Rollout, String, Verdict> {
        private final Verifiers verifiers;
        private final Clock clock;
        private final LogObserver observer;
        private @Nullable CommitAfterPoll commits;

        private JudgeProcessor(Verifiers verifiers, Clock clock, LogObserver observer) {
            this.verifiers = verifiers;
            this.clock = clock;
            this.observer = observer;
        }

        @Override
        public void init(ProcessorContext<String, Verdict> context) {
            super.init(context);
            commits = new CommitAfterPoll(context);
        }

        @Override
        public void process(Record<String, Rollout> record) {
            if (RolloutRules.violation(record.value()) == null) {
                judge(record);
            }
            requireNonNull(commits).processed();
        }

        private void judge(Record<String, Rollout> record) {
            Rollout rollout = record.value();
            for (Assignment assignment : verifiers.of(rollout.getDataset())) {
                if (assignment.verifier().place() instanceof Place.Inline inline) {
                    Judgement judgement = ConfiguredVerifier.judge(inline.verifier(), rollout);
                    Verdict verdict =
                            assignment.verifier().sign(rollout, judgement, assignment.shadow(), clock.instant());
                    context().forward(record.withKey(verdict.getRequestId()).withValue(verdict));
                    requireNonNull(commits).forwarded();
                    observer.judged(rollout, verdict);
                }
            }
        }
    }
}
