package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.StreamsApp;
import io.sppostream.log.Topics;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Verifiers.Duty;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;

/**
 * The role that rewards: each record on {@code rollouts} is judged by the verifiers of its dataset and leads to exactly
 * one record on {@code verdicts} for each, whatever crashes in between. A verifier that throws yields INFRA_ERROR
 * without a reward: a fault of the machinery is not a wrong answer. Here judge those whose time is bounded by
 * construction; {@link SlowVerifier} is for the others.
 */
public final class RewardVerifier {
    /** The role's name in its namespace. */
    public static final String ROLE = "reward-verifier";

    private RewardVerifier() {}

    /** Starts the role. */
    public static StreamsApp start(
            KafkaSettings kafka,
            Topics topics,
            EventSerdes serdes,
            Verifiers verifiers,
            Path stateDirectory,
            int threads,
            Consumer<Throwable> onFailure) {
        return StreamsApp.start(
                topology(topics, serdes, verifiers, Clock.systemUTC()),
                kafka.streams(topics.application(ROLE), stateDirectory, threads),
                onFailure);
    }

    /** rollouts -> judge -> verdicts. */
    public static Topology topology(Topics topics, EventSerdes serdes, Verifiers verifiers, Clock clock) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(
                        topics.rollouts().name(),
                        Consumed.with(Serdes.String(), serdes.serde(topics.rollouts()))
                                .withName("rollouts"))
                .flatMap((key, rollout) -> verdicts(verifiers, rollout, clock), Named.as("judge"))
                .to(
                        topics.verdicts().name(),
                        Produced.with(Serdes.String(), serdes.serde(topics.verdicts()))
                                .withName("verdicts"));
        return builder.build();
    }

    private static List<KeyValue<String, Verdict>> verdicts(Verifiers verifiers, Rollout rollout, Clock clock) {
        List<KeyValue<String, Verdict>> verdicts = new ArrayList<>(1);
        for (Duty duty : verifiers.of(rollout.getDataset())) {
            if (duty.verifier().place() instanceof Place.OnStream on) {
                Judgement judgement = ConfiguredVerifier.judge(on.verifier(), rollout);
                Verdict verdict = duty.verifier().sign(rollout, judgement, duty.shadow(), clock.instant());
                verdicts.add(KeyValue.pair(verdict.getRequestId(), verdict));
            }
        }
        return verdicts;
    }
}
