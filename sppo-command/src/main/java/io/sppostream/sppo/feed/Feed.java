package io.sppostream.sppo.feed;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingStep;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.RoleThread;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.sppo.data.Dataset;
import io.sppostream.sppo.data.EpochOrder;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * dataset -> prompts. Releases the dataset's problems, epoch after epoch in the seed's order, as {@link Pacing} admits
 * them. Each prompt carries the policy version that was current at its release as the oldest that may answer it; so a
 * sample that is trained in the order of release lags by K versions at most. While the learner pauses none is released:
 * where samples expire for want of a verifier, each would make room for another. Counters live on the log: a feed that is
 * started again goes on where the last one ended.
 */
public final class Feed implements AutoCloseable {
    /** The role's name. */
    public static final String ROLE = "feed";

    /** A topic from which nothing comes for so long is read to its end. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
    private final String dataset;
    private final EpochOrder order;
    private final Pacing pacing;
    private final Clock clock;
    private final Map<WeightLine, TrainingStep> lastSteps = new EnumMap<>(WeightLine.class);
    private long stale;
    private long lost;
    private boolean paused;
    private final RoleThread thread;

    /**
     * Starts the role.
     *
     * @param seed orders the problems
     * @param onFailure told what stopped the role, if anything did
     */
    public Feed(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            Dataset dataset,
            long seed,
            Pacing pacing,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.kafka = kafka;
        this.serdes = serdes;
        this.topics = topics;
        this.dataset = dataset.name();
        this.order = new EpochOrder(dataset, seed);
        this.pacing = pacing;
        this.clock = clock;
        this.thread = new RoleThread(ROLE, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        Serializer<Prompt> serializer = serdes.serializer(topics.prompts());
        try (EventReader log = new EventReader(
                        kafka, serdes, List.of(topics.trainingSteps(), topics.expired(), topics.learnerStates()));
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            long released = catchUp(log);
            while (running.getAsBoolean()) {
                long until = released + (paused ? 0 : pacing.allowance(released, counts()));
                for (; released < until; released++) {
                    Prompt prompt = prompt(released);
                    producer.send(new ProducerRecord<>(
                            topics.prompts().name(),
                            prompt.getRequestId().getBytes(UTF_8),
                            serializer.serialize(topics.prompts().name(), prompt)));
                }
                producer.flush();
                log.poll(Duration.ofMillis(200)).forEach(this::count);
            }
        }
    }

    /** Reads what the log has of an earlier feed; returns the prompts it released, which are those that can be read. */
    private long catchUp(EventReader log) {
        long released = 0;
        try (EventReader prompts = new EventReader(kafka, serdes, List.of(topics.prompts()))) {
            if (prompts.end(topics.prompts()) > 0) {
                for (List<Received<?>> some = prompts.poll(QUIET); !some.isEmpty(); some = prompts.poll(QUIET)) {
                    released += some.size();
                }
                for (List<Received<?>> some = log.poll(QUIET); !some.isEmpty(); some = log.poll(QUIET)) {
                    some.forEach(this::count);
                }
            }
        }
        return released;
    }

    private void count(Received<?> received) {
        if (received.event() instanceof TrainingStep step) {
            lastSteps.put(WeightLine.valueOf(step.getLine().toUpperCase(Locale.ROOT)), step);
        } else if (received.event() instanceof Expired expired) {
            if (expired.getReason() == ExpiryReason.STALE) {
                stale++;
            } else {
                lost++;
            }
        } else if (received.event() instanceof LearnerState state) {
            paused = state.getStatus() == LearnerStatus.PAUSED;
        }
    }

    private Pacing.Counts counts() {
        return new Pacing.Counts(trained(WeightLine.POLICY), trained(WeightLine.CRITIC), stale, lost);
    }

    private long trained(WeightLine line) {
        TrainingStep last = lastSteps.get(line);
        return last == null ? 0 : last.getSamplesTrained();
    }

    private Prompt prompt(long index) {
        TrainingStep lastStep = lastSteps.get(WeightLine.POLICY);
        int minPolicyVersion = lastStep == null ? 0 : lastStep.getToVersion();
        return order.at(index).toPrompt(requestId(index), dataset, minPolicyVersion, clock.instant());
    }

    /** The id of the index-th request of a feed, counting from 0: ids sort in the order of release. */
    public static String requestId(long index) {
        String digits = Long.toString(index);
        return "0".repeat(Math.max(0, 10 - digits.length())) + digits;
    }

    @Override
    public void close() {
        thread.close();
    }
}
