package io.sppostream.run;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import io.sppostream.events.ReplayOf;
import io.sppostream.events.Run;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.common.utils.AppInfoParser;
import org.jspecify.annotations.Nullable;

/** The start of a run, and each resumption: topics, schemas, and a record of the configuration. */
public final class RunRecord {
    private RunRecord() {}

    /**
     * Begins a run, or resumes the one of that name: creates the topics that are missing, registers their schemas and
     * records the start.
     *
     * @param placements precision and device of each model of this process, in words, by the role
     * @return all starts of the run so far, this one included, oldest first
     * @throws UserException if the run was begun with settings under which it trains differently
     */
    public static List<Run> start(
            Configuration configuration, Map<String, String> placements, RunLog runLog, Clock clock) {
        RunSettings settings = configuration.settings();
        List<Run> starts = new ArrayList<>();
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            if (admin.exists(settings.topics())) {
                starts.addAll(all(runLog));
                requireSameTraining(configuration, starts);
            }
            create(admin, settings, runLog.serdes());
        }
        starts.add(record(configuration, placements, null, runLog, clock));
        return starts;
    }

    /**
     * Begins a replay.
     *
     * @throws UserException if there is a run of that name
     */
    public static void begin(Configuration configuration, ReplayOf replayOf, RunLog runLog, Clock clock) {
        RunSettings settings = configuration.settings();
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            if (admin.exists(settings.topics())) {
                throw new UserException(
                        "there is a run '" + settings.run() + "' on this cluster already: choose another name");
            }
            create(admin, settings, runLog.serdes());
        }
        record(configuration, Map.of(), replayOf, runLog, clock);
    }

    /**
     * Joins a run with one of its roles. Records the configuration unless it is recorded already.
     *
     * @throws UserException if there is no such run, or it was begun with settings under which it trains differently
     */
    static void join(Configuration configuration, Map<String, String> placements, RunLog runLog, Clock clock) {
        RunSettings settings = configuration.settings();
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            if (!admin.exists(settings.topics())) {
                throw new UserException("run '" + settings.run() + "' has no topics at "
                        + runLog.kafka().bootstrapServers() + admin.visibility()
                        + ": make them with ./sppo topics --create");
            }
        }
        List<Run> starts = all(runLog);
        requireSameTraining(configuration, starts);
        if (starts.stream()
                .noneMatch(run -> run.getConfigurationSha256().equals(configuration.sha256())
                        && run.getEngines()
                                .entrySet()
                                .containsAll(named(placements).entrySet()))) {
            record(configuration, placements, null, runLog, clock);
        }
    }

    /** Why the cluster could lose a committed step; empty if it can't, or is the embedded one on this machine's disk. */
    public static Optional<String> risk(Configuration configuration, RunLog runLog) {
        if (configuration.settings().bootstrapServers().isEmpty()) {
            return Optional.empty();
        }
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            return admin.risk(runLog.topics());
        } catch (LogException e) {
            return Optional.of("whether the loss of a broker can lose a committed step is unknown: " + e.getMessage());
        }
    }

    /** All starts of a run, oldest first. */
    public static List<Run> all(RunLog runLog) {
        Topic<Run> topic = runLog.topics().runs();
        try (EventReader log = runLog.reader(List.of(topic))) {
            return log.last(topic, 0, log.end(topic, 0), runs -> false).stream()
                    .map(record -> (Run) record.event())
                    .toList();
        }
    }

    private static void requireSameTraining(Configuration configuration, List<Run> starts) {
        if (starts.stream().anyMatch(start -> start.getReplayOf() != null)) {
            throw new UserException("'" + configuration.settings().run()
                    + "' is a replay, which cannot be resumed: choose another name with --run");
        }
        if (!starts.isEmpty()) {
            List<String> differences =
                    configuration.differencesInTraining(starts.get(0).getConfiguration());
            if (!differences.isEmpty()) {
                throw new UserException(
                        "there is a run '" + configuration.settings().run()
                                + "' already, and it was begun with other settings (" + String.join(", ", differences)
                                + "): give the same to resume it, or choose another name with --run");
            }
        }
    }

    /** Registers the schemas first: if the registry refuses one, no topic is created. */
    private static void create(TopicAdmin admin, RunSettings settings, EventSerdes serdes) {
        serdes.register(settings.topics());
        admin.create(settings.topics(), settings.replicationFactor());
    }

    /** Placements by the names that a record of a start gives them. */
    private static Map<String, String> named(Map<String, String> placements) {
        return placements.entrySet().stream()
                .collect(Collectors.toMap(model -> "model of " + model.getKey(), Map.Entry::getValue));
    }

    private static Run record(
            Configuration configuration,
            Map<String, String> placements,
            @Nullable ReplayOf replayOf,
            RunLog runLog,
            Clock clock) {
        RunSettings settings = configuration.settings();
        Map<String, String> engines = new HashMap<>(named(placements));
        engines.put("java", System.getProperty("java.vm.version"));
        engines.put("kafka", AppInfoParser.getVersion());
        engines.put("pytorch", pytorch());
        engines.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        Run run = new Run(
                settings.run(),
                configuration.toYaml(),
                configuration.sha256(),
                codeVersion(),
                settings.seed(),
                engines,
                clock.instant(),
                replayOf);
        try (EventWriter writer = runLog.writer()) {
            writer.send(settings.topics().runs(), settings.run(), run);
            writer.flush();
        }
        return run;
    }

    /** The version of PyTorch; none if its library is not installed, as in the image for roles without a model. */
    private static String pytorch() {
        try {
            return Engine.getInstance().getVersion();
        } catch (EngineException e) {
            return "none";
        }
    }

    private static String codeVersion() {
        String version = RunRecord.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
