package io.sppostream.observe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.LogObserver;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/**
 * The meters of a run: counts what the roles of this process write, so that the sum over all processes of a role is that of
 * the run. {@code docs/observability.md} lists them. Thread-safe.
 */
final class RunMeters implements LogObserver {
    private static final String PREFIX = "sppo.";
    private static final String MODEL = "model";
    private static final String PHASE = "seconds_";
    private static final String LAG = "_lag_";

    private static final Duration[] LATENCIES = {
        Duration.ofMillis(10),
        Duration.ofMillis(30),
        Duration.ofMillis(100),
        Duration.ofMillis(300),
        Duration.ofSeconds(1),
        Duration.ofSeconds(3),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        Duration.ofMinutes(10),
        Duration.ofHours(1)
    };

    private final MeterRegistry registry;
    private final ScheduledExecutorService refresh;
    private final Counter prompts;
    private final Counter rollouts;
    private final Counter promptTokens;
    private final Counter responseTokens;
    private final Counter trainedTokens;
    private final Counter values;
    private final Counter advantages;
    private final Counter deadLetters;
    private final Map<ExpiryReason, Counter> expired = new EnumMap<>(ExpiryReason.class);
    private final Map<String, VerifierMeters> verifiers = new ConcurrentHashMap<>();
    private final Map<String, AtomicReference<Double>> gauges = new ConcurrentHashMap<>();
    private final DistributionSummary policyLag;
    private final RecentCriticError criticError = new RecentCriticError();
    private final JoinGauges join = new JoinGauges();

    /** The meters of a verifier. */
    private final class VerifierMeters {
        private final Timer latency;
        private final Map<VerdictStatus, Counter> verdicts = new EnumMap<>(VerdictStatus.class);

        VerifierMeters(String verifier) {
            latency = Timer.builder(PREFIX + "verdict.latency")
                    .description("From the end of sampling to the verdict.")
                    .tag("verifier", verifier)
                    .serviceLevelObjectives(LATENCIES)
                    .register(registry);
            for (VerdictStatus status : VerdictStatus.values()) {
                verdicts.put(
                        status,
                        Counter.builder(PREFIX + "verdicts")
                                .description("Verdicts written.")
                                .tags("verifier", verifier, "status", status.name())
                                .register(registry));
            }
        }
    }

    /** @param refresh looks for metrics that Kafka Streams adds later, such as those of a task */
    RunMeters(MeterRegistry registry, ScheduledExecutorService refresh) {
        this.registry = registry;
        this.refresh = refresh;
        prompts = counter("prompts", "Prompts written, follow-ups included.");
        rollouts = counter("rollouts", "Rollouts sampled.");
        promptTokens = tokens("prompt");
        responseTokens = tokens("response");
        trainedTokens = tokens("trained");
        values = counter("values", "Values of prompts, or of the tokens of rollouts, written by the critic.");
        advantages = counter("advantages", "Training samples written by the advantage stream.");
        deadLetters = counter("dead.letters", "Records sent to the DLQ of their topic.");
        for (ExpiryReason reason : ExpiryReason.values()) {
            expired.put(
                    reason,
                    Counter.builder(PREFIX + "expired")
                            .description("Requests and rollouts that expired, evidence included.")
                            .tag("reason", reason.name())
                            .register(registry));
        }
        policyLag = DistributionSummary.builder(PREFIX + "policy.lag")
                .baseUnit("versions")
                .description("Policy versions from the one that sampled a rollout to the one trained from.")
                .serviceLevelObjectives(0.5, 1.5, 2.5, 4.5, 8.5, 16.5, 32.5)
                .register(registry);
        criticError.register(registry);
        join.register(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(PREFIX + name).description(description).register(registry);
    }

    private Counter tokens(String kind) {
        return Counter.builder(PREFIX + "tokens")
                .description("Tokens of prompts and responses of sampled rollouts, and tokens the policy trained on.")
                .tag("kind", kind)
                .register(registry);
    }

    @Override
    public void written(SpecificRecord event) {
        if (event instanceof Rollout rollout) {
            rollouts.increment();
            promptTokens.increment(rollout.getPromptTokens().size());
            responseTokens.increment(rollout.getResponseTokens().size());
        } else if (event instanceof Value) {
            values.increment();
        } else if (event instanceof TrainingSample sample) {
            advantages.increment();
            criticError.add(sample);
        } else if (event instanceof Prompt) {
            prompts.increment();
        } else if (event instanceof Expired gone) {
            Counter counter = expired.get(gone.getReason());
            if (counter != null) {
                counter.increment();
            }
        } else if (event instanceof TrainingStep step) {
            trained(step);
        } else if (event instanceof LearnerState state) {
            gauge("learner.paused", state.getLine(), state.getStatus() == LearnerStatus.PAUSED ? 1 : 0);
        }
    }

    @Override
    public void judged(Rollout rollout, Verdict verdict) {
        VerifierMeters meters = verifiers.computeIfAbsent(verdict.getVerifier(), VerifierMeters::new);
        meters.latency.record(Duration.between(rollout.getSampledAt(), verdict.getJudgedAt()));
        Objects.requireNonNull(meters.verdicts.get(verdict.getStatus())).increment();
    }

    @Override
    public void deadLetter() {
        deadLetters.increment();
    }

    @Override
    public void joinWaits(int partition, long waiting, Duration oldest) {
        join.set(partition, waiting, oldest);
    }

    @Override
    public void created(KafkaStreams streams) {
        new KafkaStreamsMetrics(streams, Tags.empty(), refresh).bindTo(registry);
    }

    private void trained(TrainingStep step) {
        String model = step.getLine();
        Tags tags = Tags.of(MODEL, model);
        registry.counter(PREFIX + "steps", tags).increment();
        registry.counter(PREFIX + "samples.trained", tags)
                .increment(step.getSamples().size());
        gauge("model.version", model, step.getToVersion());
        if (model.equals(ModelKind.POLICY.id())) {
            trainedTokens.increment(finite(step.getMetrics().get("trained_tokens")));
            for (TrainedSample sample : step.getSamples()) {
                policyLag.record(sample.getPolicyLag());
            }
        }
        step.getMetrics().forEach((name, value) -> {
            if (name.startsWith(PHASE)) {
                Timer.builder(PREFIX + "step")
                        .description("Seconds of a step, by phase.")
                        .tags(MODEL, model, "phase", name.substring(PHASE.length()))
                        .register(registry)
                        .record((long) (finite(value) * 1e9), TimeUnit.NANOSECONDS);
            } else if (!name.contains(LAG)) {
                gauge(name.replace('_', '.').replace('/', '.'), model, value);
            }
        });
    }

    private static double finite(@Nullable Double value) {
        return value == null || !Double.isFinite(value) ? 0 : value;
    }

    /** Sets a number of a model's last step. */
    private void gauge(String name, String model, double value) {
        gauges.computeIfAbsent(name + " " + model, key -> {
                    AtomicReference<Double> held = new AtomicReference<>(value);
                    Gauge.builder(PREFIX + name, held, AtomicReference::get)
                            .description("Of the last step of this process.")
                            .tag(MODEL, model)
                            .strongReference(true)
                            .register(registry);
                    return held;
                })
                .set(value);
    }
}
