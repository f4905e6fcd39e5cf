package io.sppostream.run;

import io.sppostream.embedded.RunningCluster;
import io.sppostream.events.Expired;
import io.sppostream.events.LearnerState;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.AccessDenied;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Redactor;
import io.sppostream.log.RunLog;
import io.sppostream.observe.Observability;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.report.LiveLine;
import io.sppostream.run.report.Screen;
import io.sppostream.run.report.TerminalText;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;

/**
 * Some roles of a run, at work until they are told to stop or one of them fails. A live line counts the records of the
 * run that the roles read and write, from the start of this process; they may be other processes' too.
 */
public final class Service {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    /** What the live line does not use of the records that it counts. Roles of their own process read them too. */
    private static final Set<String> UNUSED = Set.of(
            "Prompt.messages",
            "Prompt.reference",
            "Rollout.messages",
            "Rollout.reference",
            "Rollout.promptTokens",
            "Rollout.responseTokens",
            "Rollout.text",
            "Rollout.behaviourLogProbs",
            "Rollout.policySegments",
            "Verdict.settings",
            "TrainingSample.segments",
            "TrainingSample.furtherVerdicts",
            "TrainingSample.rejected",
            "TrainingStep.consumed",
            "TrainingStep.metrics");

    private final Configuration configuration;
    private final Set<Role> roles;
    private final Start start;
    private final Screen screen;
    private final BooleanSupplier stopRequested;
    private final Clock clock = Clock.systemUTC();

    /** Prepares the log of the run before the roles start. */
    private interface Start {
        void prepare(Configuration configuration, Map<String, String> placements, RunLog runLog, Clock clock);
    }

    private Service(
            Configuration configuration, Set<Role> roles, Start start, Screen screen, BooleanSupplier stopRequested) {
        this.configuration = configuration;
        this.roles = EnumSet.copyOf(roles);
        this.start = start;
        this.screen = screen;
        this.stopRequested = stopRequested;
    }

    /**
     * Roles of a run that has its topics.
     *
     * @param stopRequested polled several times a second; the roles stop once it is true
     */
    public static Service joining(
            Configuration configuration, Set<Role> roles, Screen screen, BooleanSupplier stopRequested) {
        return new Service(configuration, roles, RunRecord::join, screen, stopRequested);
    }

    /**
     * Roles of a run that begins, or resumes, with them.
     *
     * @param stopRequested polled several times a second; the roles stop once it is true
     */
    public static Service beginning(
            Configuration configuration, Set<Role> roles, Screen screen, BooleanSupplier stopRequested) {
        return new Service(configuration, roles, RunRecord::start, screen, stopRequested);
    }

    /** Works until the roles are told to stop. */
    public void run() throws InterruptedException {
        try {
            work();
        } catch (RuntimeException e) {
            throw AccessDenied.explained(
                    e,
                    configuration.kafka("", ""),
                    roles.stream().map(Role::access).toList());
        }
    }

    private void work() throws InterruptedException {
        Failure failure = new Failure();
        RunSettings settings = configuration.settings();
        try (Observability observability =
                        Observability.open(settings.metricsHost(), settings.metricsPort(), settings.run());
                LocalRoles local = LocalRoles.open(settings, roles);
                Cluster cluster = Cluster.start(configuration, died -> {
                    local.abandon();
                    failure.report(died);
                })) {
            local.load();
            try {
                run(local, observability, cluster.kafka(), failure);
            } finally {
                observability.leaveCluster();
            }
        }
    }

    private void run(LocalRoles local, Observability observability, KafkaSettings unobserved, Failure failure)
            throws InterruptedException {
        if (stopRequested.getAsBoolean()) {
            return;
        }
        KafkaSettings kafka = observability.observed(unobserved);
        try (EventSerdes serdes = new EventSerdes(kafka, observability.observer())) {
            observability.checkCluster(kafka, serdes);
            observability.checkRoles(local::readiness);
            RunLog runLog = new RunLog(kafka, serdes, configuration.settings().topics());
            start.prepare(configuration, local.placements(), runLog, clock);
            local.chosenPrecision().ifPresent(screen::println);
            Instant startedAt = clock.instant();
            try {
                local.start(new Roles(configuration, runLog, clock, failed -> {
                    observability.failed();
                    failure.report(failed);
                }));
                local.awaitStreams();
                screen.println(roles.stream().map(Role::command).collect(Collectors.joining(", ")) + " of run "
                        + configuration.settings().run() + " running: bootstrap servers " + kafka.bootstrapServers()
                        + ", schema registry " + Redactor.text(kafka.schemaRegistryUrl())
                        + credentials() + " (Ctrl-C stops)");
                watch(runLog, failure, startedAt);
            } finally {
                local.stop();
            }
        }
    }

    /** Where other programs of this user find the credentials of an embedded broker. */
    private String credentials() {
        return configuration.settings().bootstrapServers().isEmpty()
                ? ", client properties "
                        + RunningCluster.file(configuration.settings().dataDirectory())
                : "";
    }

    /** Shows the live line, and reports pauses of the learner to its feed too, until the roles are told to stop. */
    private void watch(RunLog runLog, Failure failure, Instant startedAt) throws InterruptedException {
        RunSettings settings = configuration.settings();
        Activity activity = new Activity(roles);
        List<Topic<? extends SpecificRecord>> counted = activity.topics(runLog.topics());
        // Pauses are read from the beginning: a learner that is paused already is reported too.
        try (EventReader states =
                        runLog.following(showsPauses() ? List.of(runLog.topics().learnerStates()) : List.of());
                EventReader log = runLog.without(UNUSED).following(counted);
                LiveLine line = new LiveLine(screen)) {
            counted.forEach(topic -> log.seek(topic, startedAt));
            while (!stopRequested.getAsBoolean()) {
                failure.await(BETWEEN_LOOKS);
                if (showsPauses()) {
                    for (EventRecord<?> record : states.poll(Duration.ZERO)) {
                        line.say(Pauses.message((LearnerState) record.event(), runLog, settings));
                    }
                }
                for (EventRecord<?> record : log.poll(Duration.ZERO)) {
                    if (record.event() instanceof Expired expired && !activity.hasSeen(expired.getReason())) {
                        line.say(message(expired));
                    }
                    activity.add(record.event());
                }
                line.show(activity.line(), clock.instant());
            }
            line.showLast(activity.line(), clock.instant());
        }
    }

    /** Whether the roles have to do with pauses; others may not read them on a secured cluster. */
    private boolean showsPauses() {
        return roles.contains(Role.LEARN) || roles.contains(Role.FEED);
    }

    /** The first expiry for a reason, in words. */
    private static String message(Expired expired) {
        String id = Objects.requireNonNullElse(expired.getRolloutId(), expired.getRequestId());
        return "first expiry for " + expired.getReason() + ": " + TerminalText.printable(id) + ", "
                + TerminalText.printable(expired.getDetail());
    }
}
