package io.sppostream.run;

import io.sppostream.events.LearnerState;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** Some roles of a run, at work until they are told to stop or one of them fails. */
public final class Service {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private final Configuration configuration;
    private final Set<Role> roles;
    private final Beginning beginning;
    private final PrintStream out;
    private final BooleanSupplier stopRequested;
    private final Clock clock = Clock.systemUTC();

    /** What is done before the roles start. */
    private interface Beginning {
        void of(Configuration configuration, RunLog runLog, Clock clock);
    }

    private Service(
            Configuration configuration,
            Set<Role> roles,
            Beginning beginning,
            PrintStream out,
            BooleanSupplier stopRequested) {
        this.configuration = configuration;
        this.roles = roles;
        this.beginning = beginning;
        this.out = out;
        this.stopRequested = stopRequested;
    }

    /**
     * Roles of a run that has its topics.
     *
     * @param stopRequested looked at now and then; where true, the roles stop
     */
    public static Service joining(
            Configuration configuration, Set<Role> roles, PrintStream out, BooleanSupplier stopRequested) {
        return new Service(configuration, roles, RunRecord::join, out, stopRequested);
    }

    /** Roles of a run that is begun with them, or gone on with. */
    public static Service beginning(
            Configuration configuration, Set<Role> roles, PrintStream out, BooleanSupplier stopRequested) {
        return new Service(configuration, roles, RunRecord::start, out, stopRequested);
    }

    /** Tells of pauses of the learner, wherever it runs, until the roles are told to stop. */
    private void watch(RunLog runLog, Failure failure) throws InterruptedException {
        RunSettings settings = configuration.settings();
        try (EventReader log = runLog.following(List.of(runLog.topics().learnerStates()))) {
            while (!stopRequested.getAsBoolean()) {
                failure.await(BETWEEN_LOOKS);
                for (EventRecord<?> received : log.poll(Duration.ZERO)) {
                    out.println(Pauses.line((LearnerState) received.event(), settings));
                }
            }
        }
    }

    /** Works until the roles are told to stop. */
    public void run() throws InterruptedException {
        Failure failure = new Failure();
        try (LocalRoles local = LocalRoles.open(configuration.settings(), roles);
                Cluster cluster = Cluster.start(configuration, died -> {
                    local.abandon();
                    failure.report(died);
                })) {
            local.load();
            run(local, cluster.kafka(), failure);
        }
    }

    private void run(LocalRoles local, KafkaSettings kafka, Failure failure) throws InterruptedException {
        try (EventSerdes serdes = new EventSerdes(kafka)) {
            RunLog runLog = new RunLog(kafka, serdes, configuration.settings().topics());
            beginning.of(configuration, runLog, clock);
            Roles cluster = new Roles(configuration, runLog, clock, failure::report);
            try {
                local.start(cluster);
                local.awaitStreams();
                out.println(roles.stream().map(Role::command).collect(Collectors.joining(", ")) + " of run "
                        + configuration.settings().run() + " running: bootstrap servers " + kafka.bootstrapServers()
                        + ", schema registry " + kafka.schemaRegistryUrl() + " (Ctrl-C stops)");
                watch(runLog, failure);
            } finally {
                local.stop();
            }
        }
    }
}
