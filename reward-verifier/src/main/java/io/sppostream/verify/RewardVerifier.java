package io.sppostream.verify;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.CommitOnIdle;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Verifiers.Duty;
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
 * The role that rewards: each record on {@code rollouts} is judged by the verifiers of its dataset and leads to exactly
 * one record on {@code verdicts} for each, whatever crashes in between. A verifier that throws yields INFRA_ERROR
 * without a reward: a fault of the machinery is not a wrong answer. Here judge those whose time is bounded by
 * construction; {@link AsyncVerifier} is for the others.
 */
public final class RewardVerifier {
    private RewardVerifier() {}

    /** Starts the role. */
    public static StreamsApp start(
            RunLog runLog, Verifiers verifiers, Path stateDirectory, int threads, Consumer<Throwable> onFailure) {
        return StreamsApp.start(
                topology(runLog.topics(), runLog.serdes(), verifiers, Clock.systemUTC()),
                runLog,
                RoleName.REWARD_VERIFIER,
                stateDirectory,
                threads,
                onFailure);
    }

    /** rollouts -> judge -> verdicts. */
    public static Topology topology(Topics topics, EventSerdes serdes, Verifiers verifiers, Clock clock) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(
                        topics.rollouts().name(),
                        Consumed.with(Serdes.String(), serdes.serde(topics.rollouts()))
                                .withName("rollouts"))
                .process(() -> new Judging(verifiers, clock), Named.as("judge"))
                .to(
                        topics.verdicts().name(),
                        Produced.with(Serdes.String(), serdes.serde(topics.verdicts()))
                                .withName("verdicts"));
        return builder.build();
    }

    private static final class Judging extends ContextualProcessor<String, Rollout, String, Verdict> {
        private final Verifiers verifiers;
        private final Clock clock;
        private @Nullable CommitOnIdle wave;

        private Judging(Verifiers verifiers, Clock clock) {
            this.verifiers = verifiers;
            this.clock = clock;
        }

        @Override
        public void init(ProcessorContext<String, Verdict> context) {
            super.init(context);
            wave = new CommitOnIdle(context);
        }

        @Override
        public void process(Record<String, Rollout> record) {
            Rollout rollout = record.value();
            for (Duty duty : verifiers.of(rollout.getDataset())) {
                if (duty.verifier().place() instanceof Place.OnStream on) {
                    Judgement judgement = ConfiguredVerifier.judge(on.verifier(), rollout);
                    Verdict verdict = duty.verifier().sign(rollout, judgement, duty.shadow(), clock.instant());
                    context().forward(record.withKey(verdict.getRequestId()).withValue(verdict));
                    requireNonNull(wave).forwarded();
                }
            }
        }
    }
}
