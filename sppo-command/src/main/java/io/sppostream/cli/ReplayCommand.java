package io.sppostream.cli;

import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.replay.Plan;
import io.sppostream.history.replay.Range;
import io.sppostream.history.replay.ReplayRun;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.SettingsDefinition;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./sppo replay}: recorded samples through another verifier, critic or learner. */
@Command(
        name = "replay",
        description = "Replay the samples of a run with another verifier, critic or learner into a new namespace.",
        mixinStandardHelpOptions = true)
final class ReplayCommand implements Callable<Integer> {
    @Option(names = "--from", paramLabel = "RUN", required = true, description = "Name of the run to replay.")
    private String from = "";

    @Option(names = "--into", paramLabel = "NAME", required = true, description = "Name of the new namespace.")
    private String into = "";

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--set",
            paramLabel = "SETTING=VALUE",
            description = "What is to be otherwise than in the run: any setting.")
    private Map<String, String> changes = new HashMap<>();

    @Option(names = "--verifier", paramLabel = "NAME", description = "Judge again, by this verifier.")
    private @Nullable String verifier;

    @Option(
            names = "--judge-again",
            description =
                    "Judge again, also where no setting of the verifiers is changed, and also what the run has not"
                            + " trained on; else verdicts are as recorded.")
    private boolean judgeAgain;

    @Option(
            names = "--score-again",
            description = "Train a critic and score again, also where no critic setting is changed; else values are as"
                    + " recorded.")
    private boolean scoreAgain;

    @Option(names = "--only-advantages", description = "Train no policy: end with the advantages.")
    private boolean onlyAdvantages;

    @Option(names = "--from-offset", paramLabel = "N", description = "First offset, on each partition of advantages.")
    private @Nullable Long fromOffset;

    @Option(names = "--to-offset", paramLabel = "N", description = "The offset after the last.")
    private @Nullable Long toOffset;

    @Option(
            names = "--from-time",
            paramLabel = "TIME",
            description = "Samples of this time or later, as 2026-01-02T03:04:05Z.")
    private @Nullable Instant fromTime;

    @Option(names = "--to-time", paramLabel = "TIME", description = "Samples before this time.")
    private @Nullable Instant toTime;

    @Option(names = "--runs-dir", paramLabel = "DIR", description = "Where the report is written.")
    private @Nullable String runsDirectory;

    @Override
    public Integer call() throws InterruptedException {
        Range range = range();
        Configuration here = cluster.load(from);
        try (RecordedRun run = RecordedRun.open(here)) {
            Configuration configuration =
                    Configuration.recorded(run.lastTrained().getConfiguration(), changes(here), here.kafkaProperties());
            configuration.notes().forEach(note -> System.err.println("sppo: " + note));
            Plan plan = new Plan(
                    from,
                    configuration,
                    judgeAgain || changed("verifier"),
                    scoreAgain || changed("critic."),
                    !onlyAdvantages,
                    range);
            new ReplayRun(plan, run).run(System.out);
        }
        return 0;
    }

    private Range range() {
        try {
            return new Range(fromOffset, toOffset, fromTime, toTime);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    private boolean changed(String prefix) {
        return changes.keySet().stream().anyMatch(name -> name.startsWith(prefix));
    }

    /** What differs from the recorded configuration: what was asked for, and what is of this place and namespace. */
    private Map<String, String> changes(Configuration here) {
        if (verifier != null) {
            changes.put(SettingsDefinition.VERIFIER, verifier);
        }
        Map<String, String> all = new HashMap<>(changes);
        all.put(SettingsDefinition.RUN, into);
        // One partition: the order in which samples are written is the order in which they are trained.
        all.put(SettingsDefinition.PARTITIONS, "1");
        all.put(SettingsDefinition.DATA_DIR, here.settings().getString(SettingsDefinition.DATA_DIR));
        all.put(SettingsDefinition.BOOTSTRAP_SERVERS, here.settings().bootstrapServers());
        all.put(SettingsDefinition.SCHEMA_REGISTRY_URL, here.settings().schemaRegistryUrl());
        if (runsDirectory != null) {
            all.put(SettingsDefinition.RUNS_DIR, runsDirectory);
        }
        return all;
    }
}
